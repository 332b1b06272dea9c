//! `GRU`: <https://onnx.ai/onnx/operators/onnx__GRU.html>.

use crate::ops::{prelude::*, recurrent::Layer};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let layer = Layer::of(setup, 3, &["Sigmoid", "Tanh"], false)?;
    let linear_first = setup.flag("linear_before_reset", false)?;
    Ok(Box::new(move |args: Args<'_>| {
        layer.run(args, &|step, h, _| {
            let gate =
                |g, i| step.activate(0, step.given(g, i) + step.dot(g, i, h) + step.bias(g, i));
            let z: Vec<f64> = (0..step.hidden).map(|i| gate(0, i)).collect();
            let r: Vec<f64> = (0..step.hidden).map(|i| gate(1, i)).collect();
            let reset: Vec<f64> = r.iter().zip(&*h).map(|(r, h)| r * h).collect();
            let next = |i: usize| {
                let own = if linear_first {
                    at(&r, i) * (step.dot(2, i, h) + step.bias(2, i))
                } else {
                    step.dot(2, i, &reset) + step.bias(2, i)
                };
                let fresh = step.activate(1, step.given(2, i) + own);
                (1.0 - at(&z, i)) * fresh + at(&z, i) * at(h, i)
            };
            *h = (0..step.hidden).map(next).collect();
        })
    }))
}
