//! `MatMulInteger`: <https://onnx.ai/onnx/operators/onnx__MatMulInteger.html>.

use crate::ops::{prelude::*, product::matmul};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let a = shifted(args.cx, args.get(0)?, args.optional(2), true)?;
        let b = shifted(args.cx, args.get(1)?, args.optional(3), false)?;
        Ok(TensorValue::I32(matmul(args.cx, &a, &b)?))
    })
}

/// Integers less their zero point, which is one for all, or one for each row or column.
pub(super) fn shifted(
    cx: &Context,
    value: &TensorValue,
    zero: Option<&TensorValue>,
    by_row: bool,
) -> Result<Array<i32>, Failure> {
    let narrow = |value: &TensorValue| -> Result<Array<i32>, Failure> {
        let list = ints(value)?.iter().map(|&v| i32::of_int(v.into())).collect();
        Array::new(value.shape(), list)
    };
    let own = narrow(value)?;
    let Some(zero) = zero else { return Ok(own) };
    let mut zero = narrow(zero)?;
    if by_row && zero.shape().len() == 1 && zero.len() > 1 {
        zero = zero.shaped(&[zero.len(), 1])?;
    }
    if zero.len() == 1 {
        zero = zero.shaped(&[])?;
    }
    zip(cx, &own, &zero, |x, z| x.wrapping_sub(*z))
}
