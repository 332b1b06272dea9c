//! `Less`: <https://onnx.ai/onnx/operators/onnx__Less.html>

use std::cmp::Ordering;

use holdall_diag::Failure;

use crate::ops::{Kernel, Setup, arithmetic};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    arithmetic::compare(|order| order == Some(Ordering::Less), false)
}
