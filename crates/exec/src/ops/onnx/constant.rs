//! `Constant`: <https://onnx.ai/onnx/operators/onnx__Constant.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let value = if let Some(tensor) = setup.tensor("value")? {
        tensor
    } else if let Some(values) = setup.floats("value_floats")? {
        TensorValue::F32(Array::vector(values))
    } else if let Some(values) = setup.int_vector("value_ints")? {
        values
    } else if let Some(values) = setup.texts("value_strings")? {
        TensorValue::Text(Array::vector(values))
    } else if setup.has("value_float") {
        TensorValue::F32(Array::scalar(setup.float("value_float", 0.0)?))
    } else if setup.has("value_int") {
        TensorValue::I64(Array::scalar(setup.int("value_int", 0)?))
    } else if setup.has("value_string") {
        TensorValue::Text(Array::scalar(setup.text("value_string", "")?))
    } else {
        return Err(setup.refuse("the constant has no value"));
    };
    one(move |_| Ok(value.clone()))
}
