//! `MaxUnpool`: <https://onnx.ai/onnx/operators/onnx__MaxUnpool.html>.

use crate::ops::{
    prelude::*,
    window::{Window, image},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let (n, c, spatial) = image(value.shape())?;
        let kernel = window.kernel.clone().unwrap_or_default();
        let mut plain = vec![n, c];
        for (i, &extent) in spatial.iter().enumerate() {
            let pads = at(&window.pads, i).saturating_add(at(&window.pads, spatial.len() + i));
            let steps = (signed(extent) - 1).saturating_mul(signed(window.stride(i)));
            let size = steps.saturating_add(signed(at(&kernel, i))).saturating_sub(pads);
            plain.push(at(&extents(&[size])?, 0));
        }
        let shape = match args.ints(2)? {
            Some(shape) => extents(&shape)?,
            None => plain.clone(),
        };
        let count = args.cx.room(&shape, 8)?;
        let zero = TensorValue::zero(value.element_type().ok_or_else(|| unfit(value))?);
        let mut plan = vec![value.len(); count];
        // Positions are those in the tensor that was pooled, which may be smaller than what is asked for.
        let (from, to) = (strides(&plain), strides(&shape));
        for (i, &index) in args.ints(1)?.unwrap_or_default().iter().enumerate() {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            let place: usize = plain
                .iter()
                .zip(&from)
                .zip(&to)
                .map(|((&n, &step), &wide)| index / step % n.max(1) * wide)
                .sum();
            *plan
                .get_mut(place)
                .ok_or_else(|| misfit(format!("there is no position {index}")))? = i;
        }
        TensorValue::merge(&[value, &zero], &shape, &plan)
    })
}
