//! `RMSNormalization`: <https://onnx.ai/onnx/operators/onnx__RMSNormalization.html>.

use super::cast::cast;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = setup.int("axis", -1)?;
    let epsilon = f64::from(setup.float("epsilon", 1e-5)?);
    setup.ignore(&["stash_type"]);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let scale = args.get(1)?;
        let kind = scale.element_type().ok_or_else(|| unfit(scale))?;
        let shape = value.shape();
        let all: Vec<usize> = (axis(along, shape.len())?..shape.len()).collect();
        let lanes = Lanes::new(args.cx, shape, &all, true)?;
        let y = lanes.change(&wide(value)?, |lane| {
            let square = lane.iter().map(|x| x * x).sum::<f64>() / real(lane.len());
            let root = (square + epsilon).sqrt();
            for x in lane.iter_mut() {
                *x /= root;
            }
        })?;
        let y = zip(args.cx, &y, &wide(scale)?, |x, s| x * s)?;
        cast(args.cx, &TensorValue::F64(y), kind)
    })
}
