//! `Dropout`: <https://onnx.ai/onnx/operators/onnx__Dropout.html>. Nothing is dropped outside
//! training; dropping is refused, as it is random.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["ratio", "seed", "consumed_inputs"]);
    let old_training = setup.opset() < 7 && !setup.flag("is_test", false)?;
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let ratio = match args.optional(1) {
            None => 0.5,
            Some(ratio) => at(wide(ratio)?.data(), 0),
        };
        let training = args.flag(2)?.unwrap_or(old_training);
        if training && ratio > 0.0 {
            let message = "training with `Dropout` draws random numbers, which is not done";
            return Err(Failure::unsupported(codes::OPERATOR, message));
        }
        let mask = Array::new(value.shape(), vec![true; value.len()])?;
        Ok(vec![value.clone(), TensorValue::Bool(mask)])
    }))
}
