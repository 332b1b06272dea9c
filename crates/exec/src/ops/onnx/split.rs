//! `Split`: <https://onnx.ai/onnx/operators/onnx__Split.html>. Sizes are an input since version 13.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    let fixed = if setup.opset() < 13 { setup.sizes("split")? } else { None };
    let parts = usize::try_from(setup.int("num_outputs", 0)?)
        .map_err(|error| setup.refuse("there is no such number of outputs").caused_by(error))?;
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(along, value.shape().len())?;
        let extent = at(value.shape(), along);
        let sizes = match (&fixed, args.ints(1)?) {
            (Some(sizes), _) => sizes.clone(),
            (None, Some(sizes)) => extents(&sizes)?,
            (None, None) if parts > 0 && parts != args.outputs => {
                return Err(misfit(format!("{parts} parts for {} outputs", args.outputs)));
            }
            (None, None) => even(extent, args.outputs),
        };
        if sizes.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n)) != Some(extent) {
            return Err(misfit(format!("parts of {sizes:?} do not make {extent}")));
        }
        let mut start = 0;
        let mut made = Vec::with_capacity(sizes.len());
        for size in sizes {
            made.push(moves::part(args.cx, value, along, start..start + size)?);
            start += size;
        }
        Ok(made)
    }))
}

/// Parts of equal size; the last is smaller where they do not fit.
fn even(extent: usize, parts: usize) -> Vec<usize> {
    let size = extent.div_ceil(parts.max(1));
    (0..parts).map(|i| extent.saturating_sub(i * size).min(size)).collect()
}
