//! `RNN`: <https://onnx.ai/onnx/operators/onnx__RNN.html>.

use crate::ops::{prelude::*, recurrent::Layer};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let layer = Layer::of(setup, 1, &["Tanh"], false)?;
    Ok(Box::new(move |args: Args<'_>| {
        layer.run(args, &|step, h, _| {
            let next = |i| step.activate(0, step.given(0, i) + step.dot(0, i, h) + step.bias(0, i));
            *h = (0..step.hidden).map(next).collect();
        })
    }))
}
