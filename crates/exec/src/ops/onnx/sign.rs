//! `Sign`: <https://onnx.ai/onnx/operators/onnx__Sign.html>.

use crate::ops::prelude::*;

struct Sign;

impl Single for Sign {
    fn of<T: Number>(x: T) -> T {
        if x > T::default() {
            T::one()
        } else if x < T::default() {
            T::default().sub(T::one())
        } else {
            x
        }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::single::<Sign>(setup)
}
