//! `BitwiseXor`: <https://onnx.ai/onnx/operators/onnx__BitwiseXor.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::bits(|a, b| a ^ b)
}
