//! `Pow`: <https://onnx.ai/onnx/operators/onnx__Pow.html>. The result has the type of the base.

use holdall_diag::Failure;

use crate::{
    TensorValue,
    ops::{Args, Kernel, Setup, args::unfit, arithmetic::zip, one},
};

#[expect(clippy::cast_precision_loss, reason = "an exponent is used as a float")]
#[expect(clippy::cast_possible_truncation, reason = "integers are cut, as by a cast")]
pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    use TensorValue as V;
    one(|args: Args<'_>| {
        let base = args.get(0)?;
        // The result has the type of the base, whatever that of the exponent.
        let exponent = match args.get(1)? {
            V::F32(b) => b.map(|&x| f64::from(x)),
            V::F64(b) => b.clone(),
            V::I64(b) => b.map(|&x| x as f64),
            V::I32(b) => b.map(|&x| f64::from(x)),
            other @ (V::Bool(_) | V::Text(_) | V::Maps { .. }) => return Err(unfit(other)),
        };
        Ok(match base {
            V::F32(a) => V::F32(zip(a, &exponent, |x, y| x.powf(*y as f32))?),
            V::F64(a) => V::F64(zip(a, &exponent, |x, y| x.powf(*y))?),
            V::I64(a) => V::I64(zip(a, &exponent, |x, y| (*x as f64).powf(*y) as i64)?),
            V::I32(a) => V::I32(zip(a, &exponent, |x, y| f64::from(*x).powf(*y) as i32)?),
            V::Bool(_) | V::Text(_) | V::Maps { .. } => return Err(unfit(base)),
        })
    })
}
