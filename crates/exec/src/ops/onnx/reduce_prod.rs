//! `ReduceProd`: <https://onnx.ai/onnx/operators/onnx__ReduceProd.html>.

use crate::ops::prelude::*;

struct ReduceProd;

impl Reduction for ReduceProd {
    fn of<T: Number>(lane: &[T]) -> T {
        lane.iter().fold(T::one(), |all, x| all.mul(*x))
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    lanes::reduction::<ReduceProd>(setup, 18)
}
