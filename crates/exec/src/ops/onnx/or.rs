//! `Or`: <https://onnx.ai/onnx/operators/onnx__Or.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::logic(|a, b| a || b)
}
