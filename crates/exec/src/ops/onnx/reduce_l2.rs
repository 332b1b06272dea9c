//! `ReduceL2`: <https://onnx.ai/onnx/operators/onnx__ReduceL2.html>.

use crate::ops::prelude::*;

struct ReduceL2;

impl Reduction for ReduceL2 {
    fn of<T: Number>(lane: &[T]) -> T {
        T::of(lane.iter().fold(0.0, |sum, x| sum + x.wide() * x.wide()).sqrt())
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceL2>(setup, 18)
}
