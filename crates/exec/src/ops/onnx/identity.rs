//! `Identity`: <https://onnx.ai/onnx/operators/onnx__Identity.html>. Sequences and optionals as
//! well.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    one(|args: Args<'_>| Ok(args.get(0)?.clone()))
}
