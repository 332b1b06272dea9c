//! `Neg`: <https://onnx.ai/onnx/operators/onnx__Neg.html>

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::numbers(|x| -x, |x| -x, i64::wrapping_neg, i32::wrapping_neg)
}
