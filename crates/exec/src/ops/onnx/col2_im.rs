//! `Col2Im`: <https://onnx.ai/onnx/operators/onnx__Col2Im.html>.

use super::cast::cast;
use crate::ops::{prelude::*, window::Window};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let window = Window::of(setup)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let image = extents(&args.ints(1)?.unwrap_or_default())?;
        let block = extents(&args.ints(2)?.unwrap_or_default())?;
        let placed = window.place(args.cx, &image, &block)?;
        let (cells, size) = (block.iter().product::<usize>(), image.iter().product::<usize>());
        let [n, columns, count] = *value.shape() else {
            return Err(misfit("expected 3 dimensions"));
        };
        if cells == 0 || columns % cells != 0 || count != placed.views.len() {
            return Err(misfit(format!("{:?} are not columns of such blocks", value.shape())));
        }
        let channels = columns / cells;
        let mut shape = vec![n, channels];
        shape.extend(&image);
        let mut out = vec![0.0; args.cx.room(&shape, 8)?];
        let x = wide(value)?;
        for plane in 0..n * channels {
            for (i, view) in placed.views.iter().enumerate() {
                for (k, offset) in &view.taps {
                    if let Some(slot) = out.get_mut(plane * size + offset) {
                        *slot += at(x.data(), (plane * cells + k) * count + i);
                    }
                }
            }
        }
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    })
}
