//! `Sqrt`: <https://onnx.ai/onnx/operators/onnx__Sqrt.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::floats(f32::sqrt, f64::sqrt)
}
