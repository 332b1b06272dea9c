//! `BitwiseAnd`: <https://onnx.ai/onnx/operators/onnx__BitwiseAnd.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::bits(|a, b| a & b)
}
