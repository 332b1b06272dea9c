//! `MaxPool`: <https://onnx.ai/onnx/operators/onnx__MaxPool.html>.

use crate::ops::{
    prelude::*,
    window::{View, Window, image, pooled},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    let by_column = setup.flag("storage_order", false)?;
    Ok(Box::new(move |args: Args<'_>| {
        let made = pooled(args, &window, |view, x, _| at(x, best(view, x)))?;
        if args.outputs < 2 {
            return Ok(vec![made]);
        }
        // Positions within the whole input, each plane in the asked order.
        let value = args.get(0)?;
        let (_, _, spatial) = image(value.shape())?;
        let kernel = window.kernel.clone().unwrap_or_else(|| spatial.to_vec());
        let placed = window.place(args.cx, spatial, &kernel)?;
        let x = wide(value)?;
        let size = spatial.iter().product::<usize>().max(1);
        let steps = strides(spatial);
        let place = |i: usize| {
            if !by_column {
                return i;
            }
            let mut step = 1;
            let mut out = 0;
            for (&n, &own) in spatial.iter().zip(&steps) {
                out += i / own % n * step;
                step *= n;
            }
            out
        };
        let mut indices = Vec::with_capacity(made.len());
        for (plane, own) in x.data().chunks(size).enumerate() {
            let found =
                placed.views.iter().map(|view| signed(plane * size + place(best(view, own))));
            indices.extend(found);
        }
        let indices = TensorValue::I64(Array::new(made.shape(), indices)?);
        Ok(vec![made, indices])
    }))
}

/// Where the largest element that a window sees lies; the first of equals.
fn best(view: &View, x: &[f64]) -> usize {
    let first = view.taps.first().map_or(0, |(_, i)| *i);
    view.taps.iter().fold(first, |best, (_, i)| if at(x, *i) > at(x, best) { *i } else { best })
}
