//! `QLinearMatMul`: <https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html>.

use super::{cast::cast, quantize_linear::saturated};
use crate::ops::{prelude::*, product::matmul};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let part = |i: usize, by_row: bool| -> Result<Array<f64>, Failure> {
            let column = |k: usize| -> Result<Array<f64>, Failure> {
                let list = wide(&cast(args.cx, args.get(k)?, ElementType::F64)?)?;
                let rows = by_row && list.shape().len() == 1 && list.len() > 1;
                if list.len() == 1 {
                    list.shaped(&[])
                } else if rows {
                    list.shaped(&[list.len(), 1])
                } else {
                    Ok(list)
                }
            };
            let (values, scale, zero) = (column(i)?, column(i + 1)?, column(i + 2)?);
            let values = values.shaped(args.get(i)?.shape())?;
            let centred = zip(args.cx, &values, &zero, |x, z| x - z)?;
            zip(args.cx, &centred, &scale, |x, s| x * s)
        };
        let product = matmul(args.cx, &part(0, true)?, &part(3, false)?)?;
        let scale = at(args.wide(6)?.data(), 0);
        let zero = args.get(7)?;
        let kind = zero.element_type().ok_or_else(|| unfit(zero))?;
        let shift = at(wide(&cast(args.cx, zero, ElementType::F64)?)?.data(), 0);
        saturated(args.cx, &product.map(|x| (x / scale).round_ties_even() + shift), kind)
    })
}
