//! `Size`: <https://onnx.ai/onnx/operators/onnx__Size.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| Ok(TensorValue::I64(Array::scalar(signed(args.get(0)?.len())))))
}
