//! `Slice`: <https://onnx.ai/onnx/operators/onnx__Slice.html>. Ranges are inputs since version 10.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let old = setup.opset() < 10;
    let fixed = if old {
        (setup.ints("starts")?, setup.ints("ends")?, setup.ints("axes")?)
    } else {
        (None, None, None)
    };
    one(move |args: Args<'_>| {
        let (starts, ends, axes, steps) = if old {
            (fixed.0.clone(), fixed.1.clone(), fixed.2.clone(), None)
        } else {
            (args.ints(1)?, args.ints(2)?, args.ints(3)?, args.ints(4)?)
        };
        let (starts, ends) = (starts.unwrap_or_default(), ends.unwrap_or_default());
        let value = args.get(0)?;
        let mut picks = moves::whole(value.shape());
        for (i, (&start, &end)) in starts.iter().zip(&ends).enumerate() {
            let named = match &axes {
                Some(axes) => axes.get(i).copied(),
                None => Some(signed(i)),
            };
            let along = axis(named.unwrap_or(i64::MAX), picks.len())?;
            let step = steps.as_ref().and_then(|s| s.get(i)).copied().unwrap_or(1);
            if step == 0 {
                return Err(misfit("a step of 0 goes nowhere"));
            }
            let extent = at(value.shape(), along);
            if let Some(pick) = picks.get_mut(along) {
                *pick = range(extent, start, end, step);
            }
        }
        moves::take(args.cx, value, &picks)
    })
}

/// Positions from `start` to before `end`; both count from the end when negative, and end at the bounds.
fn range(extent: usize, start: i64, end: i64, step: i64) -> Vec<usize> {
    let extent = signed(extent);
    let place = |at: i64| if at < 0 { at.saturating_add(extent) } else { at };
    let (low, high) = if step > 0 { (0, extent) } else { (-1, extent - 1) };
    let (mut i, end) =
        (place(start).clamp(low.max(0).min(high), high), place(end).clamp(low, high));
    if step < 0 {
        i = place(start).clamp(-1, high);
    }
    let mut out = Vec::new();
    while (step > 0 && i < end) || (step < 0 && i > end) {
        out.extend(usize::try_from(i));
        i = i.saturating_add(step);
    }
    out
}
