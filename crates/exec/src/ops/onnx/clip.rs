//! `Clip`: <https://onnx.ai/onnx/operators/onnx__Clip.html>. The bounds are inputs since version 11.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Args, Kernel, Setup, arithmetic::Binary, one},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let fixed = setup.opset() < 11;
    let bound = |name: &str, absent: f32| -> Result<Option<TensorValue>, Failure> {
        if !fixed {
            return Ok(None);
        }
        Ok(Some(TensorValue::F32(Array::new(&[], vec![setup.float(name, absent)?])?)))
    };
    let (least, most) = (bound("min", f32::MIN)?, bound("max", f32::MAX)?);
    let raise = Binary {
        f32: |x, low| if x < low { low } else { x },
        f64: |x, low| if x < low { low } else { x },
        i64: i64::max,
        i32: i32::max,
    };
    let lower = Binary {
        f32: |x, high| if x > high { high } else { x },
        f64: |x, high| if x > high { high } else { x },
        i64: i64::min,
        i32: i32::min,
    };
    one(move |args: Args<'_>| {
        let mut value = args.get(0)?.clone();
        if let Some(low) = least.as_ref().or(args.optional(1)) {
            value = raise.apply(&value, low)?;
        }
        if let Some(high) = most.as_ref().or(args.optional(2)) {
            value = lower.apply(&value, high)?;
        }
        Ok(value)
    })
}
