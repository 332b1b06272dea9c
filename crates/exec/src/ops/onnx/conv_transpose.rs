//! `ConvTranspose`: <https://onnx.ai/onnx/operators/onnx__ConvTranspose.html>.

use super::{batch_normalization::by_channel, cast::cast};
use crate::{
    ops::{
        convolve::groups,
        panels::{Left, Matrix, Product, multiply},
        prelude::*,
        window::{Auto, Window, every, image},
    },
    value::vector::Vector,
};

struct Form {
    window: Window,
    groups: usize,
    extra: Vec<i64>,
    wanted: Option<Vec<i64>>,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let form = Form {
        window: Window::of(setup)?,
        groups: groups(setup)?,
        extra: setup.ints("output_padding")?.unwrap_or_default(),
        wanted: setup.ints("output_shape")?,
    };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        if let TensorValue::F32(x) = value {
            let y = form.run(args.cx, x, args.of::<f32>(1)?)?;
            let Some(bias) = args.optional(2) else { return Ok(TensorValue::F32(y)) };
            let mut shape = vec![1; y.shape().len()];
            if let Some(slot) = shape.get_mut(1) {
                *slot = bias.len();
            }
            let bias = f32::want(bias)?.shaped(&shape)?;
            return Ok(TensorValue::F32(zip(args.cx, &y, &bias, |x, b| x + b)?));
        }
        let mut y = form.run(args.cx, &wide(value)?, &args.wide(1)?)?;
        if args.optional(2).is_some() {
            y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        }
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}

/// A matrix of so many columns, turned.
fn turned<T: Copy>(matrix: &[T], columns: usize) -> Vec<T> {
    let column = |i: usize| matrix.iter().skip(i).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}

impl Form {
    /// Extent of the result on one axis, and the padding before it.
    fn axis(&self, i: usize, rank: usize, extent: usize, kernel: usize) -> (i64, i64) {
        let stride = signed(self.window.stride(i));
        let full = stride
            .saturating_mul(signed(extent) - 1)
            .saturating_add(at(&self.extra, i))
            .saturating_add(self.window.reach(i, kernel));
        let wanted = match (&self.wanted, self.window.auto) {
            (Some(wanted), _) => {
                Some(at(wanted, i.saturating_add(wanted.len()).saturating_sub(rank)))
            }
            (None, Auto::Upper | Auto::Lower) => Some(signed(extent).saturating_mul(stride)),
            (None, Auto::Not | Auto::Valid) => None,
        };
        let Some(wanted) = wanted else {
            let (before, after) = (at(&self.window.pads, i), at(&self.window.pads, rank + i));
            return (full.saturating_sub(before).saturating_sub(after), before);
        };
        let total = full.saturating_sub(wanted).max(0);
        let half = total / 2;
        (wanted, if self.window.auto == Auto::Upper { half } else { total - half })
    }

    fn run<T: Vector>(
        &self,
        cx: &Context,
        x: &Array<T>,
        w: &Array<T>,
    ) -> Result<Array<T>, Failure> {
        let (n, channels, spatial) = image(x.shape())?;
        let (depth, maps, kernel) = image(w.shape())?;
        if depth != channels
            || !channels.is_multiple_of(self.groups)
            || kernel.len() != spatial.len()
        {
            return Err(misfit(format!("kernels of {:?} do not fit {:?}", w.shape(), x.shape())));
        }
        let rank = spatial.len();
        let axes: Vec<(i64, i64)> =
            (0..rank).map(|i| self.axis(i, rank, at(spatial, i), at(kernel, i))).collect();
        let sizes = extents(&axes.iter().map(|(size, _)| *size).collect::<Vec<_>>())?;
        let mut shape = vec![n, maps * self.groups];
        shape.extend(&sizes);
        let mut out = vec![T::default(); cx.room(&shape, size_of::<T>())?];
        let (from, cells) = (every(spatial), every(kernel));
        cx.product([n * channels * maps, from.len(), cells.len()])?;
        cx.room(&[from.len(), cells.len()], 24)?;
        let steps = strides(&sizes);
        let size = sizes.iter().product::<usize>();
        // Where each element of the input lands with each cell of the kernel.
        let mut lands = Vec::new();
        for (i, place) in from.iter().enumerate() {
            for (k, cell) in cells.iter().enumerate() {
                let mut offset = Some(0);
                for (a, &(_, before)) in axes.iter().enumerate() {
                    let start = signed(at(place, a).saturating_mul(self.window.stride(a)));
                    let gap = signed(at(cell, a).saturating_mul(self.window.dilation(a)));
                    let y = start.saturating_add(gap).saturating_sub(before);
                    let y = usize::try_from(y).ok().filter(|&y| y < at(&sizes, a));
                    offset = offset.and_then(|o: usize| Some(o + y? * at(&steps, a)));
                }
                lands.extend(offset.map(|o| (i, k, o)));
            }
        }
        // What each cell of each kernel gives for each element, then all that lands on one element.
        let (per, rows) = (channels / self.groups, maps * cells.len());
        let mut given = vec![T::default(); cx.room(&[rows, from.len()], size_of::<T>())?];
        if given.is_empty() || per == 0 {
            return Array::new(&shape, out);
        }
        let lefts: Vec<Left<T>> =
            w.data().chunks(per * rows).map(|w| Left::new(&turned(w, rows), per)).collect();
        let pieces = x.data().chunks(per * from.len()).zip(lefts.iter().cycle());
        for ((x, left), sums) in pieces.zip(out.chunks_mut((maps * size).max(1))) {
            let right = Matrix { data: x, step: from.len(), turned: false };
            multiply(vec![Product { left, right, bias: None, out: &mut given }]);
            let planes = given.chunks(cells.len() * from.len()).zip(sums.chunks_mut(size.max(1)));
            for (given, plane) in planes {
                for (i, k, o) in &lands {
                    if let Some(slot) = plane.get_mut(*o) {
                        *slot = slot.add(at(given, k * from.len() + i));
                    }
                }
            }
        }
        Array::new(&shape, out)
    }
}
