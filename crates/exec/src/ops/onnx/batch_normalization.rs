//! `BatchNormalization`: <https://onnx.ai/onnx/operators/onnx__BatchNormalization.html>.

use super::cast::cast;
use crate::ops::prelude::*;

/// Combines a tensor with one value for each position of axis 1.
pub(super) fn by_channel(
    args: Args<'_>,
    x: &Array<f64>,
    channel: &Array<f64>,
    f: impl Fn(&f64, &f64) -> f64,
) -> Result<Array<f64>, Failure> {
    if channel.len() != at(x.shape(), 1) && channel.len() != 1 {
        return Err(misfit(format!("{} values for {} channels", channel.len(), at(x.shape(), 1))));
    }
    let mut shape = vec![1; x.shape().len()];
    if let Some(slot) = shape.get_mut(1) {
        *slot = channel.len();
    }
    zip(args.cx, x, &channel.shaped(&shape)?, f)
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs", "spatial"]);
    if setup.opset() < 9 && setup.int("spatial", 1)? != 1 {
        return Err(Failure::unsupported(codes::OPERATOR, "`spatial` 0 is not implemented"));
    }
    let old_training = setup.opset() < 7 && !setup.flag("is_test", false)?;
    let training =
        if setup.opset() >= 14 { setup.flag("training_mode", false)? } else { old_training };
    let epsilon = f64::from(setup.float("epsilon", 1e-5)?);
    let momentum = f64::from(setup.float("momentum", 0.9)?);
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let x = wide(value)?;
        let (mut mean, mut spread) = (args.wide(3)?, args.wide(4)?);
        let mut extra = Vec::new();
        if training {
            let rest: Vec<usize> = (0..x.shape().len()).filter(|&i| i != 1).collect();
            let lanes = Lanes::new(args.cx, x.shape(), &rest, false)?;
            let count = real(lanes.offsets.len());
            let now = lanes.reduce(&x, |lane| lane.iter().sum::<f64>() / count)?;
            let wide = lanes.reduce(&x, |lane| {
                let mean = lane.iter().sum::<f64>() / count;
                lane.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count
            })?;
            let blend = |old: &f64, new: &f64| old * momentum + new * (1.0 - momentum);
            for (i, (old, new)) in [(3, (&mean, &now)), (4, (&spread, &wide))] {
                let made = TensorValue::F64(zip(args.cx, old, new, blend)?);
                let kind = args.get(i)?.element_type().unwrap_or(kind);
                extra.push(cast(args.cx, &made, kind)?);
            }
            (mean, spread) = (now, wide);
        }
        let y = by_channel(args, &x, &mean, |x, m| x - m)?;
        let y = by_channel(args, &y, &spread, |x, v| x / (v + epsilon).sqrt())?;
        let y = by_channel(args, &y, &args.wide(1)?, |x, s| x * s)?;
        let y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        let mut made = vec![cast(args.cx, &TensorValue::F64(y), kind)?];
        made.append(&mut extra);
        Ok(made)
    }))
}
