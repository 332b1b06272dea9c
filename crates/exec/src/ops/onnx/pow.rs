//! `Pow`: <https://onnx.ai/onnx/operators/onnx__Pow.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(
        cx: &Context,
        base: &Array<T>,
        exponent: &TensorValue,
    ) -> Result<TensorValue, Failure> {
        // Powers of integers by integers are exact, and wrap.
        if !T::FLOAT
            && let Ok(whole) = ints(exponent)
        {
            let whole = Array::new(exponent.shape(), whole)?;
            return Ok(T::wrap(zip(cx, base, &whole, |x, n| power(*x, *n))?));
        }
        let wide = wide(exponent)?;
        Ok(T::wrap(zip(cx, base, &wide, |x, y| x.via(|x| x.powf(*y)))?))
    }
    let way = elementwise::legacy(setup)?;
    one(move |args: Args<'_>| {
        let base = args.get(0)?;
        let exponent = elementwise::aligned(base, args.get(1)?, way)?;
        // The result has the type of the base, whatever that of the exponent.
        numbers!(base, array => run(args.cx, array, &exponent))
    })
}

fn power<T: Number>(base: T, exponent: i64) -> T {
    let Ok(mut left) = u64::try_from(exponent) else {
        return base.via(|x| x.powf(real_of(exponent)));
    };
    let (mut result, mut square) = (T::one(), base);
    while left > 0 {
        if left & 1 == 1 {
            result = result.mul(square);
        }
        square = square.mul(square);
        left >>= 1;
    }
    result
}
