//! `DeformConv`: <https://onnx.ai/onnx/operators/onnx__DeformConv.html>. Any number of spatial axes;
//! what lies outside is zero.

use super::{batch_normalization::by_channel, cast::cast};
use crate::ops::{
    convolve::groups,
    prelude::*,
    sample::{Mode, Outside, Sampler},
    window::{Window, every, image},
};

/// Neighbours of a point grow with the power of the axes.
const MOST_AXES: usize = 6;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (window, groups) = (Window::of(setup)?, groups(setup)?);
    let shifts = usize::try_from(setup.int("offset_group", 1)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("`offset_group` is not positive"))?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let (w, offsets) = (args.wide(1)?, args.wide(2)?);
        let (batch, channels, spatial) = image(value.shape())?;
        let (maps, depth, kernel) = image(w.shape())?;
        let rank = spatial.len();
        if depth.checked_mul(groups) != Some(channels)
            || !maps.is_multiple_of(groups)
            || !channels.is_multiple_of(shifts)
            || rank > MOST_AXES
            || window.kernel.as_ref().is_some_and(|k| k != kernel)
        {
            return Err(misfit(format!(
                "kernels of {:?} do not fit {:?}",
                w.shape(),
                value.shape()
            )));
        }
        let places = window.counts(spatial, kernel)?;
        let cells = kernel.iter().product::<usize>();
        let per = cells.saturating_mul(shifts);
        let expected = |channels: usize| {
            let mut shape = vec![batch, channels];
            shape.extend(&places);
            shape
        };
        let mask = args.optional(4).map(wide).transpose()?;
        if offsets.shape() != expected(per.saturating_mul(rank))
            || mask.as_ref().is_some_and(|m| m.shape() != expected(per))
        {
            return Err(misfit(format!("shifts of {:?} do not fit", offsets.shape())));
        }
        let shape = expected(maps);
        let total = args.cx.room(&shape, 8)?;
        args.cx.room(&places, size_of::<Vec<usize>>() + 8 * rank)?;
        args.cx.room(kernel, size_of::<Vec<usize>>() + 8 * rank)?;
        args.cx.product([total, depth.saturating_mul(cells), 1 << rank])?;
        let x = wide(value)?;
        let sampler = Sampler { mode: Mode::Linear, outside: Outside::Zeros, corners: true };
        let (standing, taps) = (every(&places), every(kernel));
        let count = standing.len();
        let size = spatial.iter().product::<usize>();
        let mut out = vec![0.0; total];
        // What a tap sees in a channel is the same for every kernel of its group.
        for b in 0..batch {
            for channel in 0..channels {
                let plane = (b * channels + channel) * size;
                let plane = x.data().get(plane..plane + size).unwrap_or_default();
                let (group, shift) = (channel / depth, channel / (channels / shifts));
                for (i, place) in standing.iter().enumerate() {
                    for (k, tap) in taps.iter().enumerate() {
                        let line = (b * shifts + shift) * cells + k;
                        let point: Vec<f64> = (0..rank)
                            .map(|a| {
                                let moved = at(offsets.data(), (line * rank + a) * count + i);
                                real(at(place, a).saturating_mul(window.stride(a)))
                                    + real(at(tap, a).saturating_mul(window.dilation(a)))
                                    - real_of(at(&window.pads, a))
                                    + moved
                            })
                            .collect();
                        let by = mask.as_ref().map_or(1.0, |m| at(m.data(), line * count + i));
                        let seen = sampler.at(plane, spatial, &point) * by;
                        for map in group * (maps / groups)..(group + 1) * (maps / groups) {
                            let weight = (map * depth + channel % depth) * cells + k;
                            if let Some(slot) = out.get_mut((b * maps + map) * count + i) {
                                *slot += seen * at(w.data(), weight);
                            }
                        }
                    }
                }
            }
        }
        let mut y = Array::new(&shape, out)?;
        if args.optional(3).is_some() {
            y = by_channel(args, &y, &args.wide(3)?, |x, b| x + b)?;
        }
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}
