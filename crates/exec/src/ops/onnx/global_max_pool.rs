//! `GlobalMaxPool`: <https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html>.

use crate::ops::{
    prelude::*,
    window::{Window, pooled},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    one(move |args: Args<'_>| {
        pooled(args, &window, |view, x, _| {
            view.taps.iter().fold(f64::NEG_INFINITY, |top, (_, i)| top.max(at(x, *i)))
        })
    })
}
