//! `Neg`: <https://onnx.ai/onnx/operators/onnx__Neg.html>.

use crate::ops::prelude::*;

struct Neg;

impl Single for Neg {
    fn of<T: Number>(x: T) -> T {
        if T::FLOAT { x.via(|x| -x) } else { T::default().sub(x) }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::single::<Neg>(setup)
}
