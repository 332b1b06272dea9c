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

/// Less the mean, over the root, times the scale, plus the bias, each a list by channel: in binary64, rounded once.
fn normalised<T: Float>(
    cx: &Context,
    x: &Array<T>,
    by_channel: &[Array<f64>; 4],
) -> Result<TensorValue, Failure> {
    let channels = at(x.shape(), 1);
    if let Some(list) = by_channel.iter().find(|list| ![1, channels].contains(&list.len())) {
        return Err(misfit(format!("{} values for {channels} channels", list.len())));
    }
    let size = x.shape().iter().skip(2).product::<usize>().max(1);
    let mut out = Vec::with_capacity(cx.room(x.shape(), size_of::<T>())?);
    for (plane, list) in x.data().chunks(size).enumerate() {
        let [mean, root, scale, bias] = by_channel
            .each_ref()
            .map(|list| at(list.data(), if list.len() == 1 { 0 } else { plane % channels }));
        out.extend(list.iter().map(|x| T::of((x.wide() - mean) / root * scale + bias)));
    }
    Ok(T::wrap(Array::new(x.shape(), out)?))
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
        let (mut mean, mut spread) = (args.wide(3)?, args.wide(4)?);
        let mut extra = Vec::new();
        if training {
            let x = wide(value)?;
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
        let roots = spread.map(|v| (v + epsilon).sqrt());
        let by_channel = [mean, roots, args.wide(1)?, args.wide(2)?];
        let mut made = vec![floats!(value, array => normalised(args.cx, array, &by_channel))?];
        made.append(&mut extra);
        Ok(made)
    }))
}
