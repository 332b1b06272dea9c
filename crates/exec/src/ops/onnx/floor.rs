//! `Floor`: <https://onnx.ai/onnx/operators/onnx__Floor.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::floats(f32::floor, f64::floor)
}
