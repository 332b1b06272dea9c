//! `HardSwish`: <https://onnx.ai/onnx/operators/onnx__HardSwish.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0))
}
