//! `Mul`: <https://onnx.ai/onnx/operators/onnx__Mul.html>.

use crate::ops::prelude::*;

pub(super) struct Mul;

impl Pair for Mul {
    fn of<T: Number>(a: T, b: T) -> T {
        a.mul(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::pair::<Mul>(setup)
}
