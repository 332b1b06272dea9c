//! `Tile`: <https://onnx.ai/onnx/operators/onnx__Tile.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::misfit, one},
    value::{Element, each},
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let times = args.ints(1)?.unwrap_or_default();
        each!(args.get(0)?, array => tile(array, &times))
    })
}

fn tile<T: Element>(array: &Array<T>, times: &[i64]) -> Result<TensorValue, Failure> {
    if times.len() != array.shape().len() {
        return Err(misfit(format!(
            "expected {} numbers of repeats, found {}",
            array.shape().len(),
            times.len()
        )));
    }
    let mut result = array.view().to_owned();
    for (i, &count) in times.iter().enumerate() {
        let count = usize::try_from(count)
            .map_err(|error| misfit("a number of repeats is negative").caused_by(error))?;
        let axis = ndarray::Axis(i);
        let views = vec![result.view(); count];
        result = if views.is_empty() {
            result.slice_axis(axis, (0..0).into()).to_owned()
        } else {
            ndarray::concatenate(axis, &views)
                .map_err(|error| misfit("the repeats do not fit").caused_by(error))?
        };
    }
    Ok(T::wrap(Array::of(result)))
}
