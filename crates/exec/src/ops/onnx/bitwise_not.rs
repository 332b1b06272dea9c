//! `BitwiseNot`: <https://onnx.ai/onnx/operators/onnx__BitwiseNot.html>.

use crate::ops::prelude::*;

struct BitwiseNot;

impl Single for BitwiseNot {
    fn of<T: Number>(x: T) -> T {
        T::of_int(!x.int())
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let kernel = elementwise::single::<BitwiseNot>(setup)?;
    Ok(Box::new(move |args: Args<'_>| {
        if let value @ (TensorValue::F16(_)
        | TensorValue::BF16(_)
        | TensorValue::F32(_)
        | TensorValue::F64(_)) = args.get(0)?
        {
            return Err(unfit(value));
        }
        kernel(args)
    }))
}
