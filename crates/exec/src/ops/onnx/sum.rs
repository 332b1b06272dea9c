//! `Sum`: <https://onnx.ai/onnx/operators/onnx__Sum.html>.

use crate::ops::prelude::*;

pub(super) struct Sum;

impl Pair for Sum {
    fn of<T: Number>(a: T, b: T) -> T {
        a.add(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::fold::<Sum>(setup)
}
