//! `Identity`: <https://onnx.ai/onnx/operators/onnx__Identity.html>

use holdall_diag::Failure;

use crate::ops::{Args, Kernel, Setup, one};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| Ok(args.get(0)?.clone()))
}
