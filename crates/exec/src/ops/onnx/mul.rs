//! `Mul`: <https://onnx.ai/onnx/operators/onnx__Mul.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic::Binary};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    Binary { f32: |a, b| a * b, f64: |a, b| a * b, i64: i64::wrapping_mul, i32: i32::wrapping_mul }
        .kernel()
}
