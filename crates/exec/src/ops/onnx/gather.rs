//! `Gather`: <https://onnx.ai/onnx/operators/onnx__Gather.html>

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

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    one(move |args: Args<'_>| {
        let shape = args.get(1)?.shape().to_vec();
        let indices = args.ints(1)?.unwrap_or_default();
        each!(args.get(0)?, array => gather(array, &shape, &indices, along))
    })
}

fn gather<T: Element>(
    array: &Array<T>,
    shape: &[usize],
    indices: &[i64],
    along: i64,
) -> Result<TensorValue, Failure> {
    let position = axis(along, array.shape().len())?;
    let extent = array.shape().get(position).copied().unwrap_or(0);
    let picked = indices
        .iter()
        .map(|&i| {
            axis(i, extent).map_err(|error| {
                misfit(format!("there is no index {i} among {extent}")).caused_by(error)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = Array::of(array.view().select(ndarray::Axis(position), &picked));
    let mut result: Vec<usize> = array.shape().iter().take(position).copied().collect();
    result.extend(shape);
    result.extend(array.shape().iter().skip(position + 1));
    Ok(T::wrap(Array::new(&result, chosen.data().to_vec())?))
}
