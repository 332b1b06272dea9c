//! `Conv`: <https://onnx.ai/onnx/operators/onnx__Conv.html>.

use super::{batch_normalization::by_channel, cast::cast};
use crate::ops::{
    convolve::{convolve, groups},
    prelude::*,
    window::Window,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (window, groups) = (Window::of(setup)?, groups(setup)?);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let mut y = convolve(args.cx, &window, groups, &wide(value)?, &args.wide(1)?)?;
        if args.optional(2).is_some() {
            y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        }
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}
