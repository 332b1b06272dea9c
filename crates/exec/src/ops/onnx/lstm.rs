//! `LSTM`: <https://onnx.ai/onnx/operators/onnx__LSTM.html>.

use crate::ops::{prelude::*, recurrent::Layer};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let layer = Layer::of(setup, 4, &["Sigmoid", "Tanh", "Tanh"], true)?;
    let coupled = setup.flag("input_forget", false)?;
    Ok(Box::new(move |args: Args<'_>| {
        // Gates lie in the order input, output, forget, cell; peepholes input, output, forget.
        layer.run(args, &|step, h, c| {
            let n = step.hidden;
            let sum = |g, i| step.given(g, i) + step.dot(g, i, h) + step.bias(g, i);
            let (mut next, mut cells) = (Vec::with_capacity(n), Vec::with_capacity(n));
            for i in 0..n {
                let old = at(c, i);
                let input = step.activate(0, sum(0, i) + at(step.p, i) * old);
                let forget = if coupled {
                    1.0 - input
                } else {
                    step.activate(0, sum(2, i) + at(step.p, 2 * n + i) * old)
                };
                let cell = forget * old + input * step.activate(1, sum(3, i));
                let output = step.activate(0, sum(1, i) + at(step.p, n + i) * cell);
                next.push(output * step.activate(2, cell));
                cells.push(cell);
            }
            (*h, *c) = (next, cells);
        })
    }))
}
