//! `GatherElements`: <https://onnx.ai/onnx/operators/onnx__GatherElements.html>.

use super::gather::index;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let plan = positions(args.cx, value.shape(), args.get(1)?, along)?;
        value.pick(args.get(1)?.shape(), &plan)
    })
}

/// For every index where in a tensor its element lies: at the place of the index, but along the axis.
pub(super) fn positions(
    cx: &Context,
    shape: &[usize],
    indices: &TensorValue,
    along: i64,
) -> Result<Vec<usize>, Failure> {
    let along = axis(along, shape.len())?;
    let inside = indices.shape().len() == shape.len()
        && indices.shape().iter().zip(shape).enumerate().all(|(i, (a, b))| i == along || a <= b);
    if !inside {
        return Err(misfit(format!("indices of {:?} do not fit {shape:?}", indices.shape())));
    }
    let mut steps = strides(shape);
    let step = at(&steps, along);
    if let Some(slot) = steps.get_mut(along) {
        *slot = 0;
    }
    let mut bases = Vec::with_capacity(cx.room(indices.shape(), size_of::<usize>())?);
    walk(indices.shape(), &steps, |offset| bases.push(offset));
    let extent = at(shape, along);
    bases
        .into_iter()
        .zip(ints(indices)?)
        .map(|(base, i)| Ok(base + index(i, extent)? * step))
        .collect()
}
