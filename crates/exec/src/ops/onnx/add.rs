//! `Add`: <https://onnx.ai/onnx/operators/onnx__Add.html>.

use crate::ops::prelude::*;

struct Add;

impl Pair for Add {
    fn of<T: Number>(a: T, b: T) -> T {
        a.add(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::pair::<Add>(setup)
}
