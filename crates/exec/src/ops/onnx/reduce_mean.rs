//! `ReduceMean`: <https://onnx.ai/onnx/operators/onnx__ReduceMean.html>.

use crate::ops::prelude::*;

struct ReduceMean;

impl Reduction for ReduceMean {
    fn of<T: Number>(lane: &[T]) -> T {
        if T::FLOAT {
            return T::of(lane.iter().fold(0.0, |sum, x| sum + x.wide()) / real(lane.len()));
        }
        lanes::sum(lane.iter().copied()).div(T::of(real(lane.len())))
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceMean>(setup, 18)
}
