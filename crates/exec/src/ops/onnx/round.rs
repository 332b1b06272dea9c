//! `Round`: <https://onnx.ai/onnx/operators/onnx__Round.html>. Halves go to the even neighbour.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, f64::round_ties_even)
}
