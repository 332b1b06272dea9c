//! `ReduceMin`: <https://onnx.ai/onnx/operators/onnx__ReduceMin.html>. NaN wins. Booleans since
//! version 20.

use crate::ops::prelude::*;

struct ReduceMin;

impl Reduction for ReduceMin {
    fn of<T: Number>(lane: &[T]) -> T {
        lane.iter().fold(T::most(), |best, &x| if x < best || x.is_nan() { x } else { best })
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let kernel = lanes::reduction::<ReduceMin>(setup, 18)?;
    Ok(lanes::of_booleans(kernel))
}
