//! `Binarizer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html>. onnxruntime refuses NaN, the
//! specification's reference gives 0.

use holdall_diag::Failure;

use crate::{
    Behaviour, TensorValue, codes,
    ops::{Args, Kernel, Setup, one},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let threshold = setup.float("threshold", 0.0)?;
    let strict = setup.behaviour == Behaviour::OnnxRuntime;
    one(move |args: Args<'_>| {
        let values = args.floats(0)?;
        if strict && values.data().iter().any(|x| x.is_nan()) {
            return Err(Failure::malformed(codes::INPUT, "a value to binarise is NaN"));
        }
        Ok(TensorValue::F32(values.map(|&x| if x > threshold { 1.0 } else { 0.0 })))
    })
}
