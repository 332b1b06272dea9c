//! `BitCast`: <https://onnx.ai/onnx/operators/onnx__BitCast.html>.

use super::cast::target;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let to = target(setup, "to")?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let bytes = bytes(value)?;
        if bytes.len() != value.len() * to.size() {
            return Err(misfit(format!("elements of {} are of another size", to.as_str())));
        }
        TensorValue::of_bytes(to, value.shape(), &bytes)
    })
}

fn bytes(value: &TensorValue) -> Result<Vec<u8>, Failure> {
    Ok(match value {
        TensorValue::F16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::BF16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::F32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::F64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::I8(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::I16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::I32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::I64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::U8(a) => a.data().to_vec(),
        TensorValue::U16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::U32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::U64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
        TensorValue::Bool(a) => a.data().iter().map(|&v| u8::from(v)).collect(),
        TensorValue::Narrow(_, a) => a.data().to_vec(),
        other => return Err(unfit(other)),
    })
}
