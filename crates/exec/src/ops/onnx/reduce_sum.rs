//! `ReduceSum`: <https://onnx.ai/onnx/operators/onnx__ReduceSum.html>.

use crate::ops::prelude::*;

struct ReduceSum;

impl Reduction for ReduceSum {
    fn of<T: Number>(lane: &[T]) -> T {
        lanes::sum(lane.iter().copied())
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceSum>(setup, 13)
}
