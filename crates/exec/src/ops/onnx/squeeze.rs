//! `Squeeze`: <https://onnx.ai/onnx/operators/onnx__Squeeze.html>. The axes are an input since
//! version 13.

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
    let fixed = setup.ints("axes")?;
    one(move |args: Args<'_>| {
        let axes = if fixed.is_some() { fixed.clone() } else { args.ints(1)? };
        each!(args.get(0)?, array => squeeze(array, axes.as_deref()))
    })
}

fn squeeze<T: Element>(array: &Array<T>, axes: Option<&[i64]>) -> Result<TensorValue, Failure> {
    let rank = array.shape().len();
    let axes = axes
        .map(|axes| axes.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>, _>>())
        .transpose()?;
    let mut shape = Vec::with_capacity(rank);
    for (i, &extent) in array.shape().iter().enumerate() {
        let drop = axes.as_ref().map_or(extent == 1, |axes| axes.contains(&i));
        if drop && extent != 1 {
            return Err(misfit(format!("axis {i} has {extent} elements and cannot be dropped")));
        }
        if !drop {
            shape.push(extent);
        }
    }
    Ok(T::wrap(Array::new(&shape, array.data().to_vec())?))
}
