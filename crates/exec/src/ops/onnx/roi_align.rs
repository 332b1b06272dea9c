//! `RoiAlign`: <https://onnx.ai/onnx/operators/onnx__RoiAlign.html>. Half a pixel is taken off since
//! version 16. `max` takes the largest weighted neighbour, as the reference and onnxruntime do.

use super::cast::cast;
use crate::ops::prelude::*;

struct Form {
    half: f64,
    largest: bool,
    high: usize,
    wide: usize,
    ratio: i64,
    scale: f64,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let size = |name: &str| {
        usize::try_from(setup.int(name, 1)?)
            .map_err(|error| setup.refuse(format!("`{name}` is negative")).caused_by(error))
    };
    let half = if setup.opset() < 16 {
        0.0
    } else {
        let words = [("half_pixel", 0.5), ("output_half_pixel", 0.0)];
        setup.word("coordinate_transformation_mode", &words)?
    };
    let form = Form {
        half,
        largest: setup.word("mode", &[("avg", false), ("max", true)])?,
        high: size("output_height")?,
        wide: size("output_width")?,
        ratio: setup.int("sampling_ratio", 0)?,
        scale: setup.float("spatial_scale", 1.0)?.into(),
    };
    one(move |args: Args<'_>| form.run(args))
}

/// The four neighbours of a point and their weights.
type Tap = [(usize, f64); 4];

impl Form {
    fn run(&self, args: Args<'_>) -> Result<TensorValue, Failure> {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let regions = args.wide(1)?;
        let batches = args.ints(2)?.unwrap_or_default();
        let (&[images, channels, high, wide_], &[count, 4]) = (value.shape(), regions.shape())
        else {
            return Err(misfit("expected images [N, C, H, W] and regions [n, 4]"));
        };
        if batches.len() != count {
            return Err(misfit(format!("{} images for {count} regions", batches.len())));
        }
        let shape = [count, channels, self.high, self.wide];
        let mut out = Vec::with_capacity(args.cx.room(&shape, 8)?);
        let x = wide(value)?;
        for (region, &image) in regions.data().chunks(4).zip(&batches) {
            let image = usize::try_from(image).ok().filter(|&i| i < images);
            let image =
                image.ok_or_else(|| misfit(format!("a region is of none of {images} images")))?;
            let taps = self.taps(args.cx, region, high, wide_)?;
            args.cx.product([channels, taps.iter().map(Vec::len).sum(), 4])?;
            for channel in 0..channels {
                let start = (image * channels + channel) * high * wide_;
                let plane = x.data().get(start..start + high * wide_).unwrap_or_default();
                out.extend(taps.iter().map(|taps| self.value(taps, plane)));
            }
        }
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    }

    fn value(&self, taps: &[Tap], plane: &[f64]) -> f64 {
        let weighted = |tap: &Tap| tap.map(|(i, w)| w * at(plane, i));
        if self.largest {
            let most = taps.iter().flat_map(weighted).reduce(f64::max);
            return most.unwrap_or(0.0);
        }
        taps.iter().flat_map(weighted).sum::<f64>() / real(taps.len().max(1))
    }

    /// The points that each cell of the result looks at.
    fn taps(
        &self,
        cx: &Context,
        region: &[f64],
        high: usize,
        wide: usize,
    ) -> Result<Vec<Vec<Tap>>, Failure> {
        let side = |first: usize, last: usize, cells: usize| {
            let start = at(region, first) * self.scale - self.half;
            let mut span = at(region, last) * self.scale - self.half - start;
            if self.half == 0.0 {
                // Regions that are turned about or too small become one pixel.
                span = span.max(1.0);
            }
            let cell = span / real(cells);
            let points = if self.ratio > 0 {
                usize::try_from(self.ratio).unwrap_or(usize::MAX)
            } else {
                position(cell.ceil())
            };
            (start, cell, points)
        };
        let (x0, cell_x, nx) = side(0, 2, self.wide);
        let (y0, cell_y, ny) = side(1, 3, self.high);
        cx.room(&[self.high, self.wide, ny, nx], size_of::<Tap>())?;
        cx.room(&[self.high, self.wide], size_of::<Vec<Tap>>())?;
        let mut out = Vec::with_capacity(self.high * self.wide);
        for row in 0..self.high {
            for column in 0..self.wide {
                let mut own = Vec::with_capacity(ny * nx);
                for iy in 0..ny {
                    let y = y0 + real(row) * cell_y + (real(iy) + 0.5) * cell_y / real(ny);
                    for ix in 0..nx {
                        let x = x0 + real(column) * cell_x + (real(ix) + 0.5) * cell_x / real(nx);
                        own.push(tap(x, y, high, wide));
                    }
                }
                out.push(own);
            }
        }
        Ok(out)
    }
}

fn tap(x: f64, y: f64, high: usize, wide: usize) -> Tap {
    let inside = |x: f64, n: usize| (-1.0..=real(n)).contains(&x);
    if !inside(x, wide) || !inside(y, high) || high == 0 || wide == 0 {
        return [(0, 0.0); 4];
    }
    let split = |x: f64, n: usize| {
        let x = x.max(0.0);
        let low = position(x);
        if low >= n - 1 { (n - 1, n - 1, 0.0) } else { (low, low + 1, x - x.floor()) }
    };
    let ((left, right, lx), (top, bottom, ly)) = (split(x, wide), split(y, high));
    let (hx, hy) = (1.0 - lx, 1.0 - ly);
    [
        (top * wide + left, hy * hx),
        (top * wide + right, hy * lx),
        (bottom * wide + left, ly * hx),
        (bottom * wide + right, ly * lx),
    ]
}
