//! `SequenceLength`: <https://onnx.ai/onnx/operators/onnx__SequenceLength.html>.

use super::sequence_construct::items;
use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| Ok(TensorValue::I64(Array::scalar(signed(items(args.get(0)?)?.len())))))
}
