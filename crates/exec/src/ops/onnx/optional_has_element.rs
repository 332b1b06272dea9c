//! `OptionalHasElement`: <https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let has = args.optional(0).is_some_and(|value| !matches!(value, TensorValue::Nothing));
        Ok(TensorValue::Bool(Array::scalar(has)))
    })
}
