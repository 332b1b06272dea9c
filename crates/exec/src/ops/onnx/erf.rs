//! `Erf`: <https://onnx.ai/onnx/operators/onnx__Erf.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::any(setup, libm::erf)
}
