//! `Min`: <https://onnx.ai/onnx/operators/onnx__Min.html>. NaN wins.

use crate::ops::prelude::*;

pub(super) struct Min;

impl Pair for Min {
    fn of<T: Number>(a: T, b: T) -> T {
        if a < b || a.is_nan() { a } else { b }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::fold::<Min>(setup)
}
