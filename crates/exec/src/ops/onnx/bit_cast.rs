//! `BitCast`: <https://onnx.ai/onnx/operators/onnx__BitCast.html>.

use super::cast::target;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let to = target(setup, "to")?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let bytes = value.to_bytes().ok_or_else(|| unfit(value))?;
        if bytes.len() != value.len() * to.size() {
            return Err(misfit(format!("elements of {} are of another size", to.as_str())));
        }
        TensorValue::of_bytes(to, value.shape(), &bytes)
    })
}
