//! `Relu`: <https://onnx.ai/onnx/operators/onnx__Relu.html>.

use crate::ops::prelude::*;

struct Relu;

impl Single for Relu {
    fn of<T: Number>(x: T) -> T {
        if x < T::default() { T::default() } else { x }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::single::<Relu>(setup)
}
