//! `SequenceEmpty`: <https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html>.

use std::sync::Arc;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["dtype"]);
    one(|_| Ok(TensorValue::Sequence(Arc::new(Vec::new()))))
}
