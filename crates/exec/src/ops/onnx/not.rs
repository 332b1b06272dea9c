//! `Not`: <https://onnx.ai/onnx/operators/onnx__Not.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| Ok(TensorValue::Bool(args.of::<bool>(0)?.map(|x| !x))))
}
