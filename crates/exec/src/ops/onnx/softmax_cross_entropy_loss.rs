//! `SoftmaxCrossEntropyLoss`: <https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html>.

use super::{cast::cast, negative_log_likelihood_loss::Loss};
use crate::ops::{prelude::*, soft::exponentials};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let loss = Loss::of(setup)?;
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let x = wide(value)?;
        if x.shape().len() < 2 {
            return Err(misfit("expected scores of classes"));
        }
        let lanes = Lanes::new(args.cx, x.shape(), &[1], true)?;
        let logs = lanes.change(&x, |lane| {
            let (top, sum) = exponentials(&mut lane.to_vec());
            for x in lane.iter_mut() {
                *x = *x - top - sum.ln();
            }
        })?;
        let made = loss.run(args, &logs)?;
        Ok(vec![made, cast(args.cx, &TensorValue::F64(logs), kind)?])
    }))
}
