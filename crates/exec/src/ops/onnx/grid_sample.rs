//! `GridSample`: <https://onnx.ai/onnx/operators/onnx__GridSample.html>. Any number of spatial axes
//! since version 20, which also renamed the modes. Points are computed in the type of the grid.

use super::cast::cast;
use crate::ops::{
    attend::rounder,
    prelude::*,
    sample::{Mode, Outside, Sampler},
    window::image,
};

/// Neighbours of a point grow with the power of the axes.
const MOST_AXES: usize = 6;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let old = [("bilinear", Mode::Linear), ("nearest", Mode::Nearest), ("bicubic", Mode::Cubic)];
    let new = [("linear", Mode::Linear), ("nearest", Mode::Nearest), ("cubic", Mode::Cubic)];
    let words = [
        ("zeros", Outside::Zeros),
        ("border", Outside::Border),
        ("reflection", Outside::Reflection),
    ];
    let sampler = Sampler {
        mode: setup.word("mode", if setup.opset() < 20 { &old } else { &new })?,
        outside: setup.word("padding_mode", &words)?,
        corners: setup.flag("align_corners", false)?,
    };
    one(move |args: Args<'_>| {
        let (value, grid) = (args.get(0)?, args.get(1)?);
        let (batch, channels, spatial) = image(value.shape())?;
        let rank = spatial.len();
        let [batches, places @ .., width] = grid.shape() else {
            return Err(misfit("expected a grid of points"));
        };
        if *batches != batch || *width != rank || places.len() != rank {
            return Err(misfit(format!(
                "a grid of {:?} does not fit {:?}",
                grid.shape(),
                value.shape()
            )));
        }
        if rank > MOST_AXES {
            return Err(misfit(format!("{rank} spatial axes are more than {MOST_AXES}")));
        }
        let mut shape = vec![batch, channels];
        shape.extend(places);
        let total = args.cx.room(&shape, 8)?;
        args.cx.product([total, sampler.reach().pow(u32::try_from(rank).unwrap_or(0)), 1])?;
        let kind = grid.element_type().ok_or_else(|| unfit(grid))?;
        let round = rounder(kind)?;
        let (x, points) = (converted(args.cx, value)?, wide(grid)?);
        let count = places.iter().product::<usize>();
        let size = spatial.iter().product::<usize>();
        let mut out = Vec::with_capacity(total);
        for b in 0..batch {
            for channel in 0..channels {
                let plane = (b * channels + channel) * size;
                let plane = x.data().get(plane..plane + size).unwrap_or_default();
                for i in 0..count {
                    let start = (b * count + i) * rank;
                    let point = points.data().get(start..start + rank).unwrap_or_default();
                    // The last axis comes first in a point.
                    let point: Vec<f64> = point
                        .iter()
                        .rev()
                        .zip(spatial)
                        .map(|(&x, &n)| {
                            let from = round(x + 1.0);
                            if sampler.corners {
                                round(round(from / 2.0) * (real(n) - 1.0))
                            } else {
                                round(round(round(from * real(n)) - 1.0) / 2.0)
                            }
                        })
                        .collect();
                    out.push(sampler.at(plane, spatial, &point));
                }
            }
        }
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    })
}

/// Numbers and truth values as binary64.
fn converted(cx: &Context, value: &TensorValue) -> Result<Array<f64>, Failure> {
    wide(&cast(cx, value, ElementType::F64)?)
}
