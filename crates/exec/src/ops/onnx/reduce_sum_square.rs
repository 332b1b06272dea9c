//! `ReduceSumSquare`: <https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html>.

use crate::ops::prelude::*;

struct ReduceSumSquare;

impl Reduction for ReduceSumSquare {
    fn of<T: Number>(lane: &[T]) -> T {
        lanes::sum(lane.iter().map(|x| x.mul(*x)))
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceSumSquare>(setup, 18)
}
