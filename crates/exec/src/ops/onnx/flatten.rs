//! `Flatten`: <https://onnx.ai/onnx/operators/onnx__Flatten.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::axis, one},
    value::{Element, each},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 1)?;
    one(move |args: Args<'_>| each!(args.get(0)?, array => flatten(array, along)))
}

fn flatten<T: Element>(array: &Array<T>, along: i64) -> Result<TensorValue, Failure> {
    // The axis may also be the rank: everything before it.
    let at = axis(along, array.shape().len() + usize::from(along >= 0))?;
    let rows: usize = array.shape().iter().take(at).product();
    let columns: usize = array.shape().iter().skip(at).product();
    Ok(T::wrap(Array::new(&[rows, columns], array.data().to_vec())?))
}
