//! `CumSum`: <https://onnx.ai/onnx/operators/onnx__CumSum.html>. Running sums along one axis, one
//! addition after the other; the first sum is the first element itself.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    running::<super::sum::Sum>(setup, 0.0)
}

/// Running results along one axis, one element after the other.
pub(super) fn running<P: Pair>(setup: &Setup<'_>, start: f64) -> Result<Kernel, Failure> {
    let exclusive = setup.flag("exclusive", false)?;
    let reverse = setup.flag("reverse", false)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(args.int(1)?.unwrap_or(0), value.shape().len())?;
        let lanes = Lanes::new(args.cx, value.shape(), &[along], true)?;
        numbers!(value, array => Ok(Element::wrap(lanes.change(array, |lane| {
            if reverse {
                lane.reverse();
            }
            run::<P, _>(lane, exclusive, start);
            if reverse {
                lane.reverse();
            }
        })?)))
    })
}

/// The first result is the first element itself.
fn run<P: Pair, T: Number>(lane: &mut [T], exclusive: bool, start: f64) {
    let mut sum: Option<T> = None;
    for element in lane {
        let next = sum.map_or(*element, |sum| P::of(sum, *element));
        *element = if exclusive { sum.unwrap_or(T::of(start)) } else { next };
        sum = Some(next);
    }
}
