//! `Sigmoid`: <https://onnx.ai/onnx/operators/onnx__Sigmoid.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic, post_transform::logistic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::floats(logistic, logistic)
}
