//! `ArgMin`: <https://onnx.ai/onnx/operators/onnx__ArgMin.html>. The first of equals, or the last
//! where `select_last_index` says so. NaN is passed over, but for a NaN in front.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::best(setup, |order| order == std::cmp::Ordering::Less)
}
