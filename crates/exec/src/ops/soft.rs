//! Operators over all elements of an axis that give as many: softmax and its relatives.

use super::prelude::*;

/// What such an operator does with a lane, in binary64.
pub(super) type Change = fn(&mut [f64]);

/// Up to version 12 all axes from `axis` on are one lane; then only that axis is.
pub(super) fn kernel(setup: &Setup<'_>, change: Change) -> Result<Kernel, Failure> {
    let flatten = setup.opset() < 13;
    let along = setup.int("axis", if flatten { 1 } else { -1 })?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let start = if rank == 0 { 0 } else { axis(along, rank)? };
        let axes: Vec<usize> =
            if flatten { (start..rank).collect() } else { (start..rank.min(start + 1)).collect() };
        let lanes = Lanes::new(args.cx, value.shape(), &axes, true)?;
        args.cx.work(value.len() as u64 * 4)?;
        floats!(value, array => run(&lanes, array, change))
    })
}

fn run<T: Float>(lanes: &Lanes, array: &Array<T>, change: Change) -> Result<TensorValue, Failure> {
    let mut wide = Vec::new();
    Ok(T::wrap(lanes.change(array, |lane| {
        wide.clear();
        wide.extend(lane.iter().map(|x| x.wide()));
        change(&mut wide);
        for (slot, x) in lane.iter_mut().zip(&wide) {
            *slot = T::of(*x);
        }
    })?))
}

/// Exponentials relative to the largest, and their sum.
pub(super) fn exponentials(lane: &mut [f64]) -> (f64, f64) {
    let top = lane.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in lane.iter_mut() {
        *x = (*x - top).exp();
        sum += *x;
    }
    (top, sum)
}
