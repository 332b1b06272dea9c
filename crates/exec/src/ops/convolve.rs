//! Convolution in binary64, as several operators share it.

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
    let placed = window.place(cx, spatial, kernel)?;
    let (size, cells) = (spatial.iter().product::<usize>(), kernel.iter().product::<usize>());
    let mut shape = vec![n, maps];
    shape.extend(&placed.shape);
    let total = cx.room(&shape, 8)?;
    cx.product([total, depth, cells])?;
    let mut out = Vec::with_capacity(total);
    for batch in 0..n {
        for map in 0..maps {
            let first = map / (maps / groups) * depth;
            for view in &placed.views {
                let mut sum = 0.0;
                for channel in 0..depth {
                    let plane = (batch * channels + first + channel) * size;
                    let line = (map * depth + channel) * cells;
                    for (k, i) in &view.taps {
                        sum += at(x.data(), plane + i) * at(w.data(), line + k);
                    }
                }
                out.push(sum);
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
