//! `Sub`: <https://onnx.ai/onnx/operators/onnx__Sub.html>.

use crate::ops::prelude::*;

struct Sub;

impl Pair for Sub {
    fn of<T: Number>(a: T, b: T) -> T {
        a.sub(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::pair::<Sub>(setup)
}
