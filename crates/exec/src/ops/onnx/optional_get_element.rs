//! `OptionalGetElement`: <https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| match args.get(0)? {
        TensorValue::Nothing => Err(Failure::malformed(codes::INPUT, "the optional holds nothing")),
        value => Ok(value.clone()),
    })
}
