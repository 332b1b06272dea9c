//! `ConvTranspose`: <https://onnx.ai/onnx/operators/onnx__ConvTranspose.html>.

use super::{batch_normalization::by_channel, cast::cast};
use crate::ops::{
    convolve::groups,
    prelude::*,
    window::{Auto, Window, every, image},
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
        let mut y = form.run(args.cx, &wide(value)?, &args.wide(1)?)?;
        if args.optional(2).is_some() {
            y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        }
        cast(args.cx, &TensorValue::F64(y), kind)
    })
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

    fn run(&self, cx: &Context, x: &Array<f64>, w: &Array<f64>) -> Result<Array<f64>, Failure> {
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
        let mut out = vec![0.0; cx.room(&shape, 8)?];
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
        let per = channels / self.groups;
        for batch in 0..n {
            for channel in 0..channels {
                for map in 0..maps {
                    let plane = (batch * maps * self.groups + channel / per * maps + map) * size;
                    let (own, line) = (
                        (batch * channels + channel) * from.len(),
                        (channel * maps + map) * cells.len(),
                    );
                    for (i, k, o) in &lands {
                        if let Some(slot) = out.get_mut(plane + o) {
                            *slot += at(x.data(), own + i) * at(w.data(), line + k);
                        }
                    }
                }
            }
        }
        Array::new(&shape, out)
    }
}
