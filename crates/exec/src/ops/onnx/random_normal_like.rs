//! `RandomNormalLike`: <https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html>. Refused.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    let message = "`RandomNormalLike` draws random numbers, and no two runs would agree";
    Err(Failure::unsupported(codes::OPERATOR, message))
}
