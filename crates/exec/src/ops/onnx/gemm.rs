//! `Gemm`: <https://onnx.ai/onnx/operators/onnx__Gemm.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{misfit, unfit},
        arithmetic::zip,
        one,
        post_transform::Real,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    use TensorValue as V;
    let form = Form {
        alpha: setup.float("alpha", 1.0)?,
        beta: setup.float("beta", 1.0)?,
        turn_a: setup.flag("transA", false)?,
        turn_b: setup.flag("transB", false)?,
    };
    one(move |args: Args<'_>| match (args.get(0)?, args.get(1)?, args.optional(2)) {
        (V::F32(a), V::F32(b), None) => Ok(V::F32(form.apply(a, b, None)?)),
        (V::F32(a), V::F32(b), Some(V::F32(c))) => Ok(V::F32(form.apply(a, b, Some(c))?)),
        (V::F64(a), V::F64(b), None) => Ok(V::F64(form.apply(a, b, None)?)),
        (V::F64(a), V::F64(b), Some(V::F64(c))) => Ok(V::F64(form.apply(a, b, Some(c))?)),
        (_, other, _) => Err(unfit(other)),
    })
}

#[derive(Clone, Copy)]
struct Form {
    alpha: f32,
    beta: f32,
    turn_a: bool,
    turn_b: bool,
}

impl Form {
    fn apply<T: Real>(
        self,
        a: &Array<T>,
        b: &Array<T>,
        c: Option<&Array<T>>,
    ) -> Result<Array<T>, Failure> {
        let turn = |array: &Array<T>, turned: bool| {
            let view = array.view();
            Array::of(if turned { view.reversed_axes() } else { view }.to_owned())
        };
        let (a, b) = (turn(a, self.turn_a), turn(b, self.turn_b));
        let ([rows, inner], [other, columns]) = (a.shape(), b.shape()) else {
            return Err(misfit("expected two matrices"));
        };
        if inner != other {
            return Err(misfit(format!("inner extents {inner} and {other} differ")));
        }
        let zero = T::of(0.0);
        let sum = |s: T, x: T, y: T| s + x * y;
        let data = super::mat_mul::multiply(a.data(), b.data(), *inner, *columns, zero, sum);
        let data = if *inner == 0 { vec![zero; rows * columns] } else { data };
        let product = Array::new(&[*rows, *columns], data)?;
        let (alpha, beta) = (T::of(self.alpha.into()), T::of(self.beta.into()));
        match c {
            None => Ok(product.map(|&x| alpha * x)),
            Some(c) => zip(&product, c, |&x, &y| alpha * x + beta * y),
        }
    }
}
