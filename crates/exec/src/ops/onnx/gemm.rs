//! `Gemm`: <https://onnx.ai/onnx/operators/onnx__Gemm.html>.

use crate::ops::{prelude::*, product::multiply_matrices};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["broadcast"]);
    let form = Form {
        alpha: setup.float("alpha", 1.0)?.into(),
        beta: setup.float("beta", 1.0)?.into(),
        turn_a: setup.flag("transA", false)?,
        turn_b: setup.flag("transB", false)?,
    };
    one(move |args: Args<'_>| numbers!(args.get(0)?, array => form.run(args, array)))
}

#[derive(Clone, Copy)]
struct Form {
    alpha: f64,
    beta: f64,
    turn_a: bool,
    turn_b: bool,
}

impl Form {
    fn run<T: Number>(self, args: Args<'_>, _: &Array<T>) -> Result<TensorValue, Failure> {
        let (a, b) = (args.get(0)?, args.of::<T>(1)?);
        let a = match a.shape() {
            [_, _] if self.turn_a => &moves::transpose(args.cx, a, &[1, 0])?,
            _ => a,
        };
        let product = multiply_matrices(args.cx, T::want(a)?, b, self.turn_b)?;
        let (alpha, beta) = (T::of(self.alpha), T::of(self.beta));
        let Some(c) = args.optional(2) else {
            return Ok(T::wrap(product.map(|x| alpha.mul(*x))));
        };
        let c = elementwise::expand(args.cx, c, product.shape())?;
        let sum = zip(args.cx, &product, T::want(&c)?, |x, y| alpha.mul(*x).add(beta.mul(*y)))?;
        Ok(T::wrap(sum))
    }
}
