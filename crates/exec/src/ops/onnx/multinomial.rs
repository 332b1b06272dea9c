//! `Multinomial`: <https://onnx.ai/onnx/operators/onnx__Multinomial.html>. Refused.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    let message = "`Multinomial` draws random numbers, and no two runs would agree";
    Err(Failure::unsupported(codes::OPERATOR, message))
}
