//! `QuantizeLinear`: <https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html>. One scale for all,
//! for each position of an axis, or for blocks along it.

use super::{
    cast::{cast, target},
    dequantize_linear::Grid,
};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let grid = Grid::of(setup)?;
    let saturate = setup.flag("saturate", true)?;
    let asked = setup.int("output_dtype", 0)? != 0;
    let to = if asked { Some(target(setup, "output_dtype")?) } else { None };
    let precision =
        if setup.int("precision", 0)? == 0 { None } else { Some(target(setup, "precision")?) };
    one(move |args: Args<'_>| {
        let (value, scale) = (args.get(0)?, args.get(1)?);
        let zero = args.optional(2);
        let kind = zero.and_then(TensorValue::element_type).or(to).unwrap_or(ElementType::U8);
        let shape = value.shape();
        let scale = grid.expand(args.cx, scale, shape)?;
        // The division is rounded to the type of the scale, or the one that is asked for.
        let by = precision.or_else(|| scale.element_type()).ok_or_else(|| unfit(&scale))?;
        let divided = {
            let (x, s) = (cast(args.cx, value, by)?, cast(args.cx, &scale, by)?);
            wide(&elementwise::apply::<super::div::Div>(args.cx, &x, &s)?)?
        };
        let zero = match zero {
            None => None,
            Some(zero) => {
                let zero = cast(args.cx, zero, ElementType::F64)?;
                Some(wide(&grid.expand(args.cx, &zero, shape)?)?)
            }
        };
        if let ElementType::Narrow(narrow) = kind
            && narrow.bounds().is_none()
        {
            // The zero point of floats of eight bits says their type only; that of smaller ones is added.
            let shifted = match zero {
                Some(zero) if narrow.bits() < 8 => zip(args.cx, &divided, &zero, |x, z| x + z)?,
                _ => divided,
            };
            return Ok(TensorValue::Narrow(narrow, shifted.map(|&x| narrow.encode(x, saturate))));
        }
        let rounded = divided.map(|x| x.round_ties_even());
        let shifted = match zero {
            None => rounded,
            Some(zero) => zip(args.cx, &rounded, &zero, |x, z| x + z)?,
        };
        saturated(args.cx, &shifted, kind)
    })
}

/// Whole numbers in a type of integers, ending at its bounds.
pub(super) fn saturated(
    cx: &Context,
    values: &Array<f64>,
    kind: ElementType,
) -> Result<TensorValue, Failure> {
    if let ElementType::Narrow(narrow) = kind {
        return Ok(TensorValue::Narrow(narrow, values.map(|&x| narrow.encode(x, true))));
    }
    let (low, high) = match kind {
        ElementType::U8 => (0.0, 255.0),
        ElementType::I8 => (-128.0, 127.0),
        ElementType::U16 => (0.0, 65535.0),
        ElementType::I16 => (-32768.0, 32767.0),
        _ => (f64::from(i32::MIN), f64::from(i32::MAX)),
    };
    let clamped = values.map(|x| x.clamp(low, high));
    cast(cx, &TensorValue::F64(clamped), kind)
}
