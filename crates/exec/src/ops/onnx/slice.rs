//! `Slice`: <https://onnx.ai/onnx/operators/onnx__Slice.html>. Ranges are inputs since version 10.

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
    let fixed = (setup.ints("starts")?, setup.ints("ends")?, setup.ints("axes")?);
    let old = setup.opset() < 10;
    one(move |args: Args<'_>| {
        let (starts, ends, axes, steps) = if old {
            (fixed.0.clone(), fixed.1.clone(), fixed.2.clone(), None)
        } else {
            (args.ints(1)?, args.ints(2)?, args.ints(3)?, args.ints(4)?)
        };
        let ranges = Ranges {
            starts: starts.unwrap_or_default(),
            ends: ends.unwrap_or_default(),
            axes,
            steps,
        };
        each!(args.get(0)?, array => slice(array, &ranges))
    })
}

struct Ranges {
    starts: Vec<i64>,
    ends: Vec<i64>,
    axes: Option<Vec<i64>>,
    steps: Option<Vec<i64>>,
}

fn slice<T: Element>(array: &Array<T>, ranges: &Ranges) -> Result<TensorValue, Failure> {
    let mut result = array.view().to_owned();
    for (i, (&start, &end)) in ranges.starts.iter().zip(&ranges.ends).enumerate() {
        let named = match &ranges.axes {
            Some(axes) => axes.get(i).copied(),
            None => i64::try_from(i).ok(),
        };
        let along = axis(named.unwrap_or(i64::MAX), array.shape().len())?;
        let step = ranges.steps.as_ref().map_or(Some(1), |s| s.get(i).copied()).unwrap_or(1);
        let extent = array.shape().get(along).copied().unwrap_or(0);
        let picked = positions(start, end, step, extent)?;
        result = result.select(ndarray::Axis(along), &picked);
    }
    Ok(T::wrap(Array::of(result)))
}

/// Which elements a range names; bounds count from the end when negative and are cut to what exists.
fn positions(start: i64, end: i64, step: i64, extent: usize) -> Result<Vec<usize>, Failure> {
    let extent = i64::try_from(extent).unwrap_or(i64::MAX);
    let bound = |at: i64, least: i64, most: i64| {
        (if at < 0 { at.saturating_add(extent) } else { at }).clamp(least, most)
    };
    let mut picked = Vec::new();
    let (mut at, end) = match step {
        0 => return Err(misfit("a step of zero never ends")),
        1.. => (bound(start, 0, extent), bound(end, 0, extent)),
        _ => (bound(start, 0, extent - 1), bound(end, -1, extent - 1)),
    };
    while if step > 0 { at < end } else { at > end } {
        picked.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(picked)
}
