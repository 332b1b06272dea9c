//! `Unsqueeze`: <https://onnx.ai/onnx/operators/onnx__Unsqueeze.html>. The axes are an input since
//! version 13.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, args::axis, one},
    value::{Element, each},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fixed = setup.ints("axes")?;
    one(move |args: Args<'_>| {
        let axes = if fixed.is_some() { fixed.clone() } else { args.ints(1)? };
        each!(args.get(0)?, array => unsqueeze(array, &axes.unwrap_or_default()))
    })
}

fn unsqueeze<T: Element>(array: &Array<T>, axes: &[i64]) -> Result<TensorValue, Failure> {
    let rank = array.shape().len() + axes.len();
    let axes = axes.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>, _>>()?;
    let mut own = array.shape().iter().copied();
    let shape: Vec<usize> =
        (0..rank).map(|i| if axes.contains(&i) { 1 } else { own.next().unwrap_or(1) }).collect();
    Ok(T::wrap(Array::new(&shape, array.data().to_vec())?))
}
