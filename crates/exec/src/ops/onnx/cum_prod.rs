//! `CumProd`: <https://onnx.ai/onnx/operators/onnx__CumProd.html>.

use super::{cum_sum::running, mul::Mul};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    running::<Mul>(setup, 1.0)
}
