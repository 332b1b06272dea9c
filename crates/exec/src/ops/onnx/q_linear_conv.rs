//! `QLinearConv`: <https://onnx.ai/onnx/operators/onnx__QLinearConv.html>.

use super::{batch_normalization::by_channel, quantize_linear::saturated};
use crate::ops::{
    convolve::{convolve, groups},
    prelude::*,
    window::Window,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (window, groups) = (Window::of(setup)?, groups(setup)?);
    one(move |args: Args<'_>| {
        let first = |i: usize| -> Result<f64, Failure> { Ok(at(args.wide(i)?.data(), 0)) };
        let (x_scale, x_zero) = (first(1)?, first(2)?);
        let x = args.wide(0)?.map(|x| x - x_zero);
        let mut w = args.wide(3)?;
        let (w_scale, w_zero) = (args.wide(4)?, args.wide(5)?);
        let mut per_map = vec![1; w.shape().len()];
        if let Some(slot) = per_map.first_mut() {
            *slot = w_zero.len();
        }
        w = zip(args.cx, &w, &w_zero.shaped(&per_map)?, |w, z| w - z)?;
        let mut y = convolve(args.cx, &window, groups, &x, &w, None)?;
        if args.optional(8).is_some() {
            y = by_channel(args, &y, &args.wide(8)?, |x, b| x + b)?;
        }
        let y_scale = first(6)?;
        y = by_channel(args, &y, &w_scale, |x, s| x * (x_scale * s / y_scale))?;
        let zero = args.get(7)?;
        let kind = zero.element_type().ok_or_else(|| unfit(zero))?;
        let shift = at(wide(zero)?.data(), 0);
        saturated(args.cx, &y.map(|x| x.round_ties_even() + shift), kind)
    })
}
