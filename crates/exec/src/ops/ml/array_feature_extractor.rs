//! `ArrayFeatureExtractor`: <https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{axis, misfit},
        one,
    },
    value::{Element, each},
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let picked = args.ints(1)?.unwrap_or_default();
        each!(args.get(0)?, array => extract(array, &picked))
    })
}

fn extract<T: Element>(array: &Array<T>, picked: &[i64]) -> Result<TensorValue, Failure> {
    let last = array.shape().len().checked_sub(1);
    let last = last.ok_or_else(|| misfit("a scalar has no columns to pick"))?;
    let width = array.shape().get(last).copied().unwrap_or(0);
    let picked = picked
        .iter()
        .map(|&i| axis(i, width).ok().filter(|_| i >= 0))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| misfit(format!("an index is not below {width}")))?;
    let result = Array::of(array.view().select(ndarray::Axis(last), &picked));
    // A vector becomes one row.
    if last == 0 {
        return Ok(T::wrap(Array::new(&[1, picked.len()], result.data().to_vec())?));
    }
    Ok(T::wrap(result))
}
