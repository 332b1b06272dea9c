//! `Expand`: <https://onnx.ai/onnx/operators/onnx__Expand.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::misfit, arithmetic::broadcast, one},
    value::{Element, each},
};

pub(super) fn compile(_: &Setup<'_>) -> Result<Kernel, Failure> {
    one(|args: Args<'_>| {
        let wanted = args.ints(1)?.unwrap_or_default();
        let wanted: Vec<usize> = wanted
            .iter()
            .map(|&extent| usize::try_from(extent))
            .collect::<Result<_, _>>()
            .map_err(|error| misfit("an extent is negative").caused_by(error))?;
        each!(args.get(0)?, array => expand(array, &wanted))
    })
}

fn expand<T: Element>(array: &Array<T>, wanted: &[usize]) -> Result<TensorValue, Failure> {
    let shape = broadcast(array.shape(), wanted)?;
    let view = array.view();
    let view = view
        .broadcast(ndarray::IxDyn(&shape))
        .ok_or_else(|| misfit("the shapes do not broadcast"))?;
    Ok(T::wrap(Array::of(view.as_standard_layout().into_owned())))
}
