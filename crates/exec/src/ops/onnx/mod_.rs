//! `Mod`: <https://onnx.ai/onnx/operators/onnx__Mod.html>. The sign of the divisor, or with `fmod`
//! that of the dividend; a remainder by the integer zero is zero.

use crate::ops::prelude::*;

struct Floored;

impl Pair for Floored {
    fn of<T: Number>(a: T, b: T) -> T {
        let rest = a.rem(b);
        let zero = T::default();
        if rest != zero && (rest < zero) != (b < zero) { rest.add(b) } else { rest }
    }
}

struct Cut;

impl Pair for Cut {
    fn of<T: Number>(a: T, b: T) -> T {
        a.rem(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    if setup.flag("fmod", false)? {
        return elementwise::pair::<Cut>(setup);
    }
    elementwise::pair::<Floored>(setup)
}
