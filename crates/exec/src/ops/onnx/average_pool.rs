//! `AveragePool`: <https://onnx.ai/onnx/operators/onnx__AveragePool.html>.

use crate::ops::{
    prelude::*,
    window::{Window, pooled},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    let with_pads = setup.flag("count_include_pad", false)?;
    one(move |args: Args<'_>| {
        pooled(args, &window, |view, x, _| {
            let sum: f64 = view.taps.iter().map(|(_, i)| at(x, *i)).sum();
            sum / real(if with_pads { view.padded } else { view.taps.len() })
        })
    })
}
