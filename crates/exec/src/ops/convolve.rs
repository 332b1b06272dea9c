//! Convolution in binary64, as several operators share it. Every sum adds channel by channel, and in each the
//! cells of the kernel in their order.

use super::{
    prelude::*,
    window::{Window, image},
};

/// Channels in groups times kernels, summed over every window.
pub(super) fn convolve(
    cx: &Context,
    window: &Window,
    groups: usize,
    x: &Array<f64>,
    w: &Array<f64>,
) -> Result<Array<f64>, Failure> {
    let (n, channels, spatial) = image(x.shape())?;
    let (maps, depth, kernel) = image(w.shape())?;
    if groups == 0
        || depth.checked_mul(groups) != Some(channels)
        || !maps.is_multiple_of(groups)
        || window.kernel.as_ref().is_some_and(|k| k != kernel)
    {
        return Err(misfit(format!("kernels of {:?} do not fit {:?}", w.shape(), x.shape())));
    }
    let (places, runs) = window.runs(cx, spatial, kernel)?;
    let (size, cells) = (spatial.iter().product::<usize>(), kernel.iter().product::<usize>());
    let mut shape = vec![n, maps];
    shape.extend(&places);
    let total = cx.room(&shape, 8)?;
    cx.product([total, depth, cells])?;
    let mut out = vec![0.0; total];
    let planes = out.chunks_mut(places.iter().product::<usize>().max(1)).enumerate();
    for (plane, sums) in planes {
        let (batch, map) = (plane / maps, plane % maps);
        let first = map / (maps / groups) * depth;
        for channel in 0..depth {
            let from = (batch * channels + first + channel) * size;
            let seen = x.data().get(from..from + size).unwrap_or_default();
            let line = (map * depth + channel) * cells;
            let line = w.data().get(line..line + cells).unwrap_or_default();
            for run in &runs {
                run.add(sums, seen, at(line, run.cell));
            }
        }
    }
    Array::new(&shape, out)
}

/// The number of groups.
pub(super) fn groups(setup: &Setup<'_>) -> Result<usize, Failure> {
    usize::try_from(setup.int("group", 1)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("the number of groups is not positive"))
}
