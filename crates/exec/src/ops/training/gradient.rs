//! `Gradient`: <https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Gradient.html>. Refused.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    let message =
        "`Gradient` asks for the derivative of the graph around it, which is not derived here";
    Err(Failure::unsupported(codes::OPERATOR, message))
}
