//! `Optional`: <https://onnx.ai/onnx/operators/onnx__Optional.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["type"]);
    one(|args: Args<'_>| Ok(args.optional(0).cloned().unwrap_or(TensorValue::Nothing)))
}
