//! `GlobalAveragePool`: <https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html>.

use crate::ops::{
    prelude::*,
    window::{Window, pooled},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    one(move |args: Args<'_>| {
        pooled(args, &window, |view, x, _| {
            view.taps.iter().map(|(_, i)| at(x, *i)).sum::<f64>() / real(view.taps.len())
        })
    })
}
