//! `Max`: <https://onnx.ai/onnx/operators/onnx__Max.html>. NaN wins.

use crate::ops::prelude::*;

pub(super) struct Max;

impl Pair for Max {
    fn of<T: Number>(a: T, b: T) -> T {
        if a > b || a.is_nan() { a } else { b }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::fold::<Max>(setup)
}
