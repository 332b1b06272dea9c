//! `Min`: <https://onnx.ai/onnx/operators/onnx__Min.html>. A NaN among the values is the answer.

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic::Binary};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    Binary {
        f32: |a, b| if a < b || a.is_nan() { a } else { b },
        f64: |a, b| if a < b || a.is_nan() { a } else { b },
        i64: |a, b| a.min(b),
        i32: |a, b| a.min(b),
    }
    .fold()
}
