//! `Cos`: <https://onnx.ai/onnx/operators/onnx__Cos.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::float(setup, f64::cos)
}
