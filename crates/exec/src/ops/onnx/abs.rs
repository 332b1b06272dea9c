//! `Abs`: <https://onnx.ai/onnx/operators/onnx__Abs.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::numbers(f32::abs, f64::abs, i64::wrapping_abs, i32::wrapping_abs)
}
