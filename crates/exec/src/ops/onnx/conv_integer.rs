//! `ConvInteger`: <https://onnx.ai/onnx/operators/onnx__ConvInteger.html>.

use super::{cast::cast, mat_mul_integer::shifted};
use crate::ops::{
    convolve::{convolve, groups},
    prelude::*,
    window::Window,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (window, groups) = (Window::of(setup)?, groups(setup)?);
    one(move |args: Args<'_>| {
        let x = shifted(args.cx, args.get(0)?, args.optional(2), false)?.map(|&x| f64::from(x));
        let zero = match args.optional(3) {
            Some(zero) if zero.len() > 1 => {
                let mut shape = vec![1; args.get(1)?.shape().len()];
                if let Some(slot) = shape.first_mut() {
                    *slot = zero.len();
                }
                Some(zero.shaped(&shape)?)
            }
            other => other.cloned(),
        };
        let w = shifted(args.cx, args.get(1)?, zero.as_ref(), false)?.map(|&x| f64::from(x));
        let y = convolve(args.cx, &window, groups, &x, &w, None)?;
        cast(args.cx, &TensorValue::F64(y), ElementType::I32)
    })
}
