//! `CDist`. Distances of all rows of one matrix to all of another. A contributed operator of
//! onnxruntime.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Float>(args: Args<'_>, a: &Array<T>, root: bool) -> Result<TensorValue, Failure> {
        let b = args.of::<T>(1)?;
        let ((rows, width), (others, own)) = (matrix(a.shape())?, matrix(b.shape())?);
        if width != own {
            return Err(misfit(format!("rows of {width} and of {own}")));
        }
        args.cx.product([rows, others, width.max(1)])?;
        let mut out = Vec::with_capacity(args.cx.room(&[rows, others], size_of::<T>())?);
        for i in 0..rows {
            for j in 0..others {
                let gap = |k: usize| {
                    at(a.data(), i * width + k).wide() - at(b.data(), j * width + k).wide()
                };
                let square: f64 = (0..width).map(|k| gap(k) * gap(k)).sum();
                out.push(T::of(if root { square.sqrt() } else { square }));
            }
        }
        Ok(T::wrap(Array::new(&[rows, others], out)?))
    }
    let root = setup.word("metric", &[("sqeuclidean", false), ("euclidean", true)])?;
    one(move |args: Args<'_>| floats!(args.get(0)?, array => run(args, array, root)))
}
