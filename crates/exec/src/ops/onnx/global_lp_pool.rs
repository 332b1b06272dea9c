//! `GlobalLpPool`: <https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html>.

use crate::ops::{
    prelude::*,
    window::{Window, pooled},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    let p =
        if setup.opset() < 2 { setup.float("p", 2.0)?.into() } else { real_of(setup.int("p", 2)?) };
    one(move |args: Args<'_>| {
        pooled(args, &window, |view, x, _| {
            let sum: f64 = view.taps.iter().map(|(_, i)| at(x, *i).abs().powf(p)).sum();
            sum.powf(p.recip())
        })
    })
}
