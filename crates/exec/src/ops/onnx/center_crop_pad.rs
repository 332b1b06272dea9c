//! `CenterCropPad`: <https://onnx.ai/onnx/operators/onnx__CenterCropPad.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.ints("axes")?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let wanted = extents(&args.ints(1)?.unwrap_or_default())?;
        let along = match &along {
            None => (0..rank).collect(),
            Some(given) => given.iter().map(|&i| axis(i, rank)).collect::<Result<Vec<_>, _>>()?,
        };
        if along.len() != wanted.len() {
            return Err(misfit(format!("{} extents for {} axes", wanted.len(), along.len())));
        }
        args.cx.room(&wanted, size_of::<usize>())?;
        let mut picks = moves::whole(value.shape());
        for (&i, &wanted) in along.iter().zip(&wanted) {
            let own = at(value.shape(), i);
            if let Some(pick) = picks.get_mut(i) {
                *pick = if own >= wanted {
                    let start = (own - wanted) / 2;
                    (start..start + wanted).collect()
                } else {
                    let start = (wanted - own) / 2;
                    let inside = start..start + own;
                    (0..wanted)
                        .map(|k| if inside.contains(&k) { k - start } else { FILL })
                        .collect()
                };
            }
        }
        let (shape, mut plan) = moves::cartesian(args.cx, value.shape(), &picks)?;
        let zero = TensorValue::zero(value.element_type().ok_or_else(|| unfit(value))?);
        plan.iter_mut().filter(|slot| **slot == FILL).for_each(|slot| *slot = value.len());
        TensorValue::merge(&[value, &zero], &shape, &plan)
    })
}
