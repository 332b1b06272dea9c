//! `Clip`: <https://onnx.ai/onnx/operators/onnx__Clip.html>. Bounds are inputs since version 11.
//! Where the lower is above the upper, the upper counts.

use super::{max::Max, min::Min};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    if setup.opset() < 11 {
        let low = f64::from(setup.float("min", f32::NEG_INFINITY)?);
        let high = f64::from(setup.float("max", f32::INFINITY)?);
        return elementwise::float(setup, move |x| {
            let x = if x < low { low } else { x };
            if x > high { high } else { x }
        });
    }
    one(move |args: Args<'_>| {
        if let (Some(low), Some(high)) = (args.optional(1), args.optional(2))
            && low.len() == 1
            && high.len() == 1
        {
            return numbers!(args.get(0)?, array => between(array, low, high));
        }
        let mut value = args.get(0)?.clone();
        if let Some(low) = args.optional(1) {
            value = elementwise::apply::<Max>(args.cx, &value, low)?;
        }
        if let Some(high) = args.optional(2) {
            value = elementwise::apply::<Min>(args.cx, &value, high)?;
        }
        Ok(value)
    })
}

/// Both bounds at once.
fn between<T: Number>(
    array: &Array<T>,
    low: &TensorValue,
    high: &TensorValue,
) -> Result<TensorValue, Failure> {
    let bound = |value: &TensorValue| Ok(at(T::want(value)?.data(), 0));
    let (low, high): (T, T) = (bound(low)?, bound(high)?);
    Ok(T::wrap(array.map(|&x| Min::of(Max::of(x, low), high))))
}
