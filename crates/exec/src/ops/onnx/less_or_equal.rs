//! `LessOrEqual`: <https://onnx.ai/onnx/operators/onnx__LessOrEqual.html>

use std::cmp::Ordering;

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::compare(|order| matches!(order, Some(Ordering::Less | Ordering::Equal)), false)
}
