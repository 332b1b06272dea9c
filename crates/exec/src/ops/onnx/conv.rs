//! `Conv`: <https://onnx.ai/onnx/operators/onnx__Conv.html>. Halves are computed in binary64 and rounded once.

use super::cast::cast;
use crate::{
    ops::{
        convolve::{convolve, groups},
        prelude::*,
        window::Window,
    },
    value::vector::Vector,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Vector>(
        args: Args<'_>,
        window: &Window,
        groups: usize,
        x: &Array<T>,
    ) -> Result<TensorValue, Failure> {
        let bias = args.optional(2).map(T::want).transpose()?;
        Ok(T::wrap(convolve(args.cx, window, groups, x, args.of::<T>(1)?, bias)?))
    }
    let (window, groups) = (Window::of(setup)?, groups(setup)?);
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::F32(x) => run(args, &window, groups, x),
        TensorValue::F64(x) => run(args, &window, groups, x),
        value => {
            let kind = value.element_type().ok_or_else(|| unfit(value))?;
            let bias = args.optional(2).map(wide).transpose()?;
            let w = args.wide(1)?;
            let y = convolve(args.cx, &window, groups, &wide(value)?, &w, bias.as_ref())?;
            cast(args.cx, &TensorValue::F64(y), kind)
        }
    })
}
