//! `Scatter`: <https://onnx.ai/onnx/operators/onnx__Scatter.html>. The former name of
//! `ScatterElements`.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    super::scatter_elements::compile(setup)
}
