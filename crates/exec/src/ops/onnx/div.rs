//! `Div`: <https://onnx.ai/onnx/operators/onnx__Div.html>. Integers are cut towards zero; what is
//! divided by the integer zero is zero, where onnxruntime ends the process.

use crate::ops::prelude::*;

pub(super) struct Div;

impl Pair for Div {
    fn of<T: Number>(a: T, b: T) -> T {
        a.div(b)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    elementwise::pair::<Div>(setup)
}
