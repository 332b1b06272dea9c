//! `Xor`: <https://onnx.ai/onnx/operators/onnx__Xor.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::logic(setup, |a, b| a != b)
}
