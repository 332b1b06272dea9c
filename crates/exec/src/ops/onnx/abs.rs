//! `Abs`: <https://onnx.ai/onnx/operators/onnx__Abs.html>.

use crate::ops::prelude::*;

struct Abs;

impl Single for Abs {
    fn of<T: Number>(x: T) -> T {
        if x < T::default() {
            T::default().sub(x)
        } else if x.is_nan() {
            x
        } else {
            x.add(T::default())
        }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::single::<Abs>(setup)
}
