//! `GroupNormalization`: <https://onnx.ai/onnx/operators/onnx__GroupNormalization.html>. Scale and
//! bias are one for each group before version 21, one for each channel from then on.

use super::{batch_normalization::by_channel, cast::cast, instance_normalization::standardise};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let epsilon = f64::from(setup.float("epsilon", 1e-5)?);
    let groups = usize::try_from(setup.int("num_groups", 0)?)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| setup.refuse("the number of groups is not positive"))?;
    setup.ignore(&["stash_type"]);
    let by_group = setup.opset() < 21;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let [n, channels, ref rest @ ..] = *value.shape() else {
            return Err(misfit("expected at least 2 dimensions"));
        };
        if !channels.is_multiple_of(groups) {
            return Err(misfit(format!("{channels} channels do not make {groups} groups")));
        }
        let own = channels / groups * rest.iter().product::<usize>();
        let x = wide(value)?.shaped(&[n, groups, own])?;
        let lanes = Lanes::new(args.cx, x.shape(), &[2], true)?;
        let mut y = lanes.change(&x, |lane| standardise(lane, epsilon))?;
        if !by_group {
            y = y.shaped(value.shape())?;
        }
        y = by_channel(args, &y, &args.wide(1)?, |x, s| x * s)?;
        y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        cast(args.cx, &TensorValue::F64(y.shaped(value.shape())?), kind)
    })
}
