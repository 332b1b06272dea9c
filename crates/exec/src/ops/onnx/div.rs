//! `Div`: <https://onnx.ai/onnx/operators/onnx__Div.html>. Integers are cut towards zero; what
//! a division by zero gives is left open, and is zero here.

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic::Binary};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    Binary {
        f32: |a, b| a / b,
        f64: |a, b| a / b,
        i64: |a, b| a.checked_div(b).unwrap_or(0),
        i32: |a, b| a.checked_div(b).unwrap_or(0),
    }
    .kernel()
}
