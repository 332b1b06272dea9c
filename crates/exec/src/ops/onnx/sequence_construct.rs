//! `SequenceConstruct`: <https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html>.

use std::sync::Arc;

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let items = (0..args.len()).map(|i| args.get(i).cloned()).collect::<Result<_, _>>()?;
        Ok(TensorValue::Sequence(Arc::new(items)))
    })
}

/// The values of a sequence.
pub(super) fn items(value: &TensorValue) -> Result<&[TensorValue], Failure> {
    if let TensorValue::Sequence(items) = value { Ok(items) } else { Err(unfit(value)) }
}
