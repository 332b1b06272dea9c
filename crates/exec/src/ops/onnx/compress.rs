//! `Compress`: <https://onnx.ai/onnx/operators/onnx__Compress.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = if setup.has("axis") { Some(setup.int("axis", 0)?) } else { None };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let keep = args.of::<bool>(1)?;
        let chosen = |extent: usize| -> Vec<usize> {
            keep.data()
                .iter()
                .take(extent)
                .enumerate()
                .filter(|(_, k)| **k)
                .map(|(i, _)| i)
                .collect()
        };
        let Some(along) = along else {
            let plan = chosen(value.len());
            return value.pick(&[plan.len()], &plan);
        };
        let along = axis(along, value.shape().len())?;
        let mut picks = moves::whole(value.shape());
        if let Some(pick) = picks.get_mut(along) {
            *pick = chosen(at(value.shape(), along));
        }
        moves::take(args.cx, value, &picks)
    })
}
