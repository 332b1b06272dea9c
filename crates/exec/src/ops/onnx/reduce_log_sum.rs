//! `ReduceLogSum`: <https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html>.

use crate::ops::prelude::*;

struct ReduceLogSum;

impl Reduction for ReduceLogSum {
    fn of<T: Number>(lane: &[T]) -> T {
        T::of(lane.iter().fold(0.0, |sum, x| sum + x.wide()).ln())
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceLogSum>(setup, 18)
}
