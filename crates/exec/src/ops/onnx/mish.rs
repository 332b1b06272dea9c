//! `Mish`: <https://onnx.ai/onnx/operators/onnx__Mish.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, |x| x * (x.max(0.0) + (-x.abs()).exp().ln_1p()).tanh())
}
