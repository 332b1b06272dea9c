//! `Sigmoid`: <https://onnx.ai/onnx/operators/onnx__Sigmoid.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, logistic)
}
