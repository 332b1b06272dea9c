//! `Det`: <https://onnx.ai/onnx/operators/onnx__Det.html>.

use crate::ops::prelude::*;

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Float>(cx: &Context, array: &Array<T>) -> Result<TensorValue, Failure> {
        let [ref stack @ .., rows, columns] = *array.shape() else {
            return Err(misfit("expected a matrix"));
        };
        if rows != columns {
            return Err(misfit(format!("a matrix of {rows} by {columns} has no determinant")));
        }
        cx.product([array.len(), rows, 1])?;
        let data = if rows == 0 {
            vec![T::one(); stack.iter().product()]
        } else {
            let blocks = array.data().chunks(rows * rows);
            blocks.map(|m| T::of(determinant(m.iter().map(|x| x.wide()).collect(), rows))).collect()
        };
        Ok(T::wrap(Array::new(stack, data)?))
    }
    one(|args: Args<'_>| floats!(args.get(0)?, array => run(args.cx, array)))
}

/// Gauss elimination with the largest element of each column as pivot.
fn determinant(mut m: Vec<f64>, n: usize) -> f64 {
    let mut result = 1.0;
    for k in 0..n {
        let size = |i: &usize| at(&m, i * n + k).abs();
        let pivot = (k..n).max_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or(k);
        if pivot != k {
            (0..n).for_each(|j| m.swap(k * n + j, pivot * n + j));
            result = -result;
        }
        let top = at(&m, k * n + k);
        result *= top;
        if top.abs() <= 0.0 {
            return result;
        }
        for i in k + 1..n {
            let factor = at(&m, i * n + k) / top;
            for j in k..n {
                let take = factor * at(&m, k * n + j);
                if let Some(slot) = m.get_mut(i * n + j) {
                    *slot -= take;
                }
            }
        }
    }
    result
}
