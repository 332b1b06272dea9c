//! `InstanceNormalization`: <https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html>.

use super::{batch_normalization::by_channel, cast::cast};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["consumed_inputs"]);
    let epsilon = f64::from(setup.float("epsilon", 1e-5)?);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let rank = value.shape().len();
        let lanes = Lanes::new(args.cx, value.shape(), &(2..rank).collect::<Vec<_>>(), true)?;
        let y = lanes.change(&wide(value)?, |lane| standardise(lane, epsilon))?;
        let y = by_channel(args, &y, &args.wide(1)?, |x, s| x * s)?;
        let y = by_channel(args, &y, &args.wide(2)?, |x, b| x + b)?;
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}

/// Mean 0 and variance 1.
pub(super) fn standardise(lane: &mut [f64], epsilon: f64) {
    let count = real(lane.len());
    let mean = lane.iter().sum::<f64>() / count;
    let spread = lane.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let root = (spread + epsilon).sqrt();
    for x in lane.iter_mut() {
        *x = (*x - mean) / root;
    }
}
