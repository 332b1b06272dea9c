//! `ImageDecoder`: <https://onnx.ai/onnx/operators/onnx__ImageDecoder.html>. Refused.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    let message = "`ImageDecoder` leaves to the decoder which bits a lossy picture has";
    Err(Failure::unsupported(codes::OPERATOR, message)
        .with_help("decode pictures before the model, and hand it their pixels"))
}
