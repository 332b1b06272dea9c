//! `Constant`: <https://onnx.ai/onnx/operators/onnx__Constant.html>

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{Kernel, Setup, one},
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let value = if let Some(tensor) = setup.tensor("value")? {
        tensor
    } else if let Some(values) = setup.floats("value_floats")? {
        TensorValue::F32(Array::new(&[values.len()], values)?)
    } else if let Some(values) = setup.ints("value_ints")? {
        TensorValue::I64(Array::new(&[values.len()], values)?)
    } else if let Some(values) = setup.texts("value_strings")? {
        TensorValue::Text(Array::new(&[values.len()], values)?)
    } else if setup.has("value_float") {
        TensorValue::F32(Array::new(&[], vec![setup.float("value_float", 0.0)?])?)
    } else if setup.has("value_int") {
        TensorValue::I64(Array::new(&[], vec![setup.int("value_int", 0)?])?)
    } else if setup.has("value_string") {
        TensorValue::Text(Array::new(&[], vec![setup.text("value_string", "")?])?)
    } else {
        return Err(setup.refuse("the constant has no value"));
    };
    one(move |_| Ok(value.clone()))
}
