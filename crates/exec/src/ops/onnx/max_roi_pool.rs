//! `MaxRoiPool`: <https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html>. The text leaves the cells
//! open; they are those of Fast R-CNN, which onnxruntime computes: corners are rounded, a region is at
//! least one pixel, and a cell without pixels is zero.

use super::cast::cast;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let scale = f64::from(setup.float("spatial_scale", 1.0)?);
    let pooled = setup.sizes("pooled_shape")?.unwrap_or_default();
    let [rows, columns] = *pooled.as_slice() else {
        return Err(setup.refuse("`pooled_shape` is not a height and a width"));
    };
    if rows == 0 || columns == 0 {
        return Err(setup.refuse("`pooled_shape` has no cells"));
    }
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let regions = args.wide(1)?;
        let (&[images, channels, high, wide_], &[count, 5]) = (value.shape(), regions.shape())
        else {
            return Err(misfit("expected images [N, C, H, W] and regions [n, 5]"));
        };
        let shape = [count, channels, rows, columns];
        let mut out = Vec::with_capacity(args.cx.room(&shape, 8)?);
        let x = wide(value)?;
        for region in regions.data().chunks(5) {
            let image = at(region, 0);
            if !(image >= 0.0 && image < real(images)) {
                return Err(misfit(format!("a region is of image {image}, of {images}")));
            }
            // First and last pixel of every cell on one axis.
            let side = |first: usize, last: usize, cells: usize, extent: usize| {
                // Halves are rounded away from zero.
                let start = (at(region, first) * scale).round();
                let end = (at(region, last) * scale).round();
                let cell = (end - start + 1.0).max(1.0) / real(cells);
                (0..cells)
                    .map(|i| {
                        let edge = |x: f64| position((x + start).clamp(0.0, real(extent)));
                        (edge((real(i) * cell).floor()), edge((real(i + 1) * cell).ceil()))
                    })
                    .collect::<Vec<_>>()
            };
            args.cx.room(&[rows.saturating_add(columns)], 16)?;
            let (ys, xs) = (side(2, 4, rows, high), side(1, 3, columns, wide_));
            let reach = |list: &[(usize, usize)]| {
                list.iter().map(|(a, b)| b.saturating_sub(*a)).fold(0, usize::saturating_add)
            };
            args.cx.product([channels, reach(&ys), reach(&xs)])?;
            for channel in 0..channels {
                let plane = (position(image) * channels + channel) * high * wide_;
                for &(top, bottom) in &ys {
                    for &(left, right) in &xs {
                        let cell = (top..bottom).flat_map(|y| {
                            let row = plane + y * wide_;
                            x.data().get(row + left..row + right).unwrap_or_default()
                        });
                        out.push(cell.copied().reduce(f64::max).unwrap_or(0.0));
                    }
                }
            }
        }
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    })
}
