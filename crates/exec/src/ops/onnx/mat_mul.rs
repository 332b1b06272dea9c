//! `MatMul`: <https://onnx.ai/onnx/operators/onnx__MatMul.html>.

use crate::ops::{prelude::*, product::matmul};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(args: Args<'_>, a: &Array<T>) -> Result<TensorValue, Failure> {
        Ok(T::wrap(matmul(args.cx, a, args.of::<T>(1)?)?))
    }
    one(|args: Args<'_>| numbers!(args.get(0)?, array => run(args, array)))
}
