//! `LessOrEqual`: <https://onnx.ai/onnx/operators/onnx__LessOrEqual.html>. NaN compares to nothing.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::compare(setup, |order| order.is_some_and(std::cmp::Ordering::is_le), false)
}
