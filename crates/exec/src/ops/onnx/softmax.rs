//! `Softmax`: <https://onnx.ai/onnx/operators/onnx__Softmax.html>. Up to version 12 all axes from
//! `axis` on are one lane; then only that axis is.

use crate::{ops::prelude::*, value::exp::exponentials};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let flatten = setup.opset() < 13;
    let along = setup.int("axis", if flatten { 1 } else { -1 })?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let rank = value.shape().len();
        let start = if rank == 0 { 0 } else { axis(along, rank)? };
        let end = if flatten { rank } else { rank.min(start + 1) };
        let axes: Vec<usize> = (start..end).collect();
        let lanes = Lanes::new(args.cx, value.shape(), &axes, true)?;
        args.cx.work(value.len() as u64 * 4)?;
        floats!(value, array => Ok(Element::wrap(lanes.change(array, softmax)?)))
    })
}

/// Every step is rounded to the type, as the function that defines the operator has it.
pub(in crate::ops) fn softmax<T: Float>(lane: &mut [T]) {
    let top = lane.iter().fold(T::least(), |top, &x| if x > top || x.is_nan() { x } else { top });
    for x in lane.iter_mut() {
        *x = x.sub(top);
    }
    exponentials(lane);
    let sum = lanes::sum(lane.iter().copied());
    for x in lane.iter_mut() {
        *x = x.div(sum);
    }
}
