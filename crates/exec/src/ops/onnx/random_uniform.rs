//! `RandomUniform`: <https://onnx.ai/onnx/operators/onnx__RandomUniform.html>. Refused.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    let message = "`RandomUniform` draws random numbers, and no two runs would agree";
    Err(Failure::unsupported(codes::OPERATOR, message))
}
