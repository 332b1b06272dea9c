//! `Concat`: <https://onnx.ai/onnx/operators/onnx__Concat.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{axis, misfit, unfit},
        one,
    },
    value::{Element, each},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 1)?;
    one(move |args: Args<'_>| each!(args.get(0)?, first => join(first, args, along)))
}

fn join<T: Element>(first: &Array<T>, args: Args<'_>, along: i64) -> Result<TensorValue, Failure> {
    let axis = ndarray::Axis(axis(along, first.shape().len())?);
    let mut views = Vec::with_capacity(args.0.len());
    for i in 0..args.0.len() {
        let value = args.get(i)?;
        views.push(T::take(value).ok_or_else(|| unfit(value))?.view());
    }
    ndarray::concatenate(axis, &views)
        .map(|array| T::wrap(Array::of(array)))
        .map_err(|error| misfit("the inputs differ in more than the joined axis").caused_by(error))
}
