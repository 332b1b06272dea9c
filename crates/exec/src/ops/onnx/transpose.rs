//! `Transpose`: <https://onnx.ai/onnx/operators/onnx__Transpose.html>

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
    let order = setup.ints("perm")?;
    one(move |args: Args<'_>| each!(args.get(0)?, array => transpose(array, order.as_deref())))
}

fn transpose<T: Element>(array: &Array<T>, order: Option<&[i64]>) -> Result<TensorValue, Failure> {
    let rank = array.shape().len();
    let order = match order {
        None => (0..rank).rev().collect(),
        Some(order) => order.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>, _>>()?,
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(misfit("`perm` does not name every axis once"));
    }
    let view = array.view().permuted_axes(ndarray::IxDyn(&order));
    Ok(T::wrap(Array::of(view.as_standard_layout().into_owned())))
}
