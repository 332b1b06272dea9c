//! `Gather`: <https://onnx.ai/onnx/operators/onnx__Gather.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", 0)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(along, value.shape().len())?;
        let extent = at(value.shape(), along);
        let picked = args
            .ints(1)?
            .unwrap_or_default()
            .iter()
            .map(|&i| index(i, extent))
            .collect::<Result<Vec<_>, _>>()?;
        let mut picks = moves::whole(value.shape());
        if let Some(pick) = picks.get_mut(along) {
            *pick = picked;
        }
        let mut shape: Vec<usize> = value.shape().iter().take(along).copied().collect();
        shape.extend(args.get(1)?.shape());
        shape.extend(value.shape().iter().skip(along + 1));
        moves::take(args.cx, value, &picks)?.shaped(&shape)
    })
}

/// A position that may count from the end.
pub(super) fn index(i: i64, extent: usize) -> Result<usize, Failure> {
    axis(i, extent)
        .map_err(|error| misfit(format!("there is no index {i} among {extent}")).caused_by(error))
}
