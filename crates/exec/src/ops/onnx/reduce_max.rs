//! `ReduceMax`: <https://onnx.ai/onnx/operators/onnx__ReduceMax.html>. NaN wins. Booleans since
//! version 20.

use crate::ops::prelude::*;

struct ReduceMax;

impl Reduction for ReduceMax {
    fn of<T: Number>(lane: &[T]) -> T {
        lane.iter().fold(T::least(), |best, &x| if x > best || x.is_nan() { x } else { best })
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let kernel = lanes::reduction::<ReduceMax>(setup, 18)?;
    Ok(lanes::of_booleans(kernel))
}
