//! `Softplus`: <https://onnx.ai/onnx/operators/onnx__Softplus.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, |x| x.max(0.0) + (-x.abs()).exp().ln_1p())
}
