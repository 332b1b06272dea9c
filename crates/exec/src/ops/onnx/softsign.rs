//! `Softsign`: <https://onnx.ai/onnx/operators/onnx__Softsign.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, |x| x / (1.0 + x.abs()))
}
