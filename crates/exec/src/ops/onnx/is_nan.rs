//! `IsNaN`: <https://onnx.ai/onnx/operators/onnx__IsNaN.html>

use holdall_diag::Failure;

use crate::{
    TensorValue,
    ops::{Args, Kernel, Setup, args::unfit, one},
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| match args.get(0)? {
        TensorValue::F32(a) => Ok(TensorValue::Bool(a.map(|x| x.is_nan()))),
        TensorValue::F64(a) => Ok(TensorValue::Bool(a.map(|x| x.is_nan()))),
        other @ (TensorValue::I64(_)
        | TensorValue::I32(_)
        | TensorValue::Bool(_)
        | TensorValue::Text(_)
        | TensorValue::Maps { .. }) => Err(unfit(other)),
    })
}
