//! `LayerNormalization`: <https://onnx.ai/onnx/operators/onnx__LayerNormalization.html>.

use super::cast::cast;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", -1)?;
    let epsilon = f64::from(setup.float("epsilon", 1e-5)?);
    let stash = if setup.has("stash_type") {
        super::cast::target(setup, "stash_type")?
    } else {
        ElementType::F32
    };
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let shape = value.shape();
        let start = axis(along, shape.len())?;
        let all: Vec<usize> = (start..shape.len()).collect();
        let lanes = Lanes::new(args.cx, shape, &all, true)?;
        let x = wide(value)?;
        let count = real(lanes.offsets.len());
        let mean = lanes.reduce(&x, |lane| lane.iter().sum::<f64>() / count)?;
        let inverse = lanes.reduce(&x, |lane| {
            let mean = lane.iter().sum::<f64>() / count;
            let spread = lane.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            (spread + epsilon).sqrt().recip()
        })?;
        let centred = zip(args.cx, &x, &mean, |x, m| x - m)?;
        let mut y = zip(args.cx, &centred, &inverse, |x, i| x * i)?;
        y = zip(args.cx, &y, &args.wide(1)?, |x, s| x * s)?;
        if args.optional(2).is_some() {
            y = zip(args.cx, &y, &args.wide(2)?, |x, b| x + b)?;
        }
        Ok(vec![
            cast(args.cx, &TensorValue::F64(y), kind)?,
            cast(args.cx, &TensorValue::F64(mean), stash)?,
            cast(args.cx, &TensorValue::F64(inverse), stash)?,
        ])
    }))
}
