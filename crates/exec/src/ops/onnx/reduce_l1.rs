//! `ReduceL1`: <https://onnx.ai/onnx/operators/onnx__ReduceL1.html>.

use crate::ops::prelude::*;

struct ReduceL1;

impl Reduction for ReduceL1 {
    fn of<T: Number>(lane: &[T]) -> T {
        lanes::sum(lane.iter().map(|x| if *x < T::default() { T::default().sub(*x) } else { *x }))
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceL1>(setup, 18)
}
