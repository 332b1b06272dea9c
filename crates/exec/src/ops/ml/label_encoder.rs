//! `LabelEncoder`: <https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html>. Attributes are
//! named by type since version 2 and may be tensors since version 4. Of equal keys onnxruntime
//! takes the first, the reference the last; a NaN key matches nothing, but for onnxruntime since
//! version 4.

use std::collections::BTreeMap;

use crate::ops::prelude::*;

/// A key that can be looked up; floats by their bits, with one zero and one NaN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i128),
    Bits(u64),
    Text(String),
}

fn bits(value: f64) -> Key {
    Key::Bits(if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() })
}

fn keys(value: &TensorValue) -> Result<Vec<Key>, Failure> {
    fn of<T: Number>(array: &Array<T>) -> Vec<Key> {
        let key = |x: &T| if T::FLOAT { bits(x.wide()) } else { Key::Int(x.int()) };
        array.data().iter().map(key).collect()
    }
    match value {
        TensorValue::Text(a) => Ok(a.data().iter().map(|x| Key::Text(x.clone())).collect()),
        other => numbers!(other, array => Ok(of(array))),
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    if setup.opset() == 1 {
        return first_version(setup);
    }
    let (keys_of, values) = (side(setup, "keys")?, side(setup, "values")?);
    setup.ignore(&["default_string", "default_int64", "default_float", "default_tensor"]);
    let default = match setup.tensor("default_tensor")? {
        Some(default) if default.len() == 1 => default.shaped(&[])?,
        Some(_) => return Err(setup.refuse("the default is not one element")),
        None => match values.element_type() {
            Some(ElementType::Text) => {
                TensorValue::Text(Array::scalar(setup.text("default_string", "_Unused")?))
            }
            Some(ElementType::I64) => {
                TensorValue::I64(Array::scalar(setup.int("default_int64", -1)?))
            }
            Some(ElementType::F32) => {
                TensorValue::F32(Array::scalar(setup.float("default_float", -0.0)?))
            }
            Some(ElementType::F64) => TensorValue::F64(Array::scalar(-0.0)),
            Some(ElementType::I32) => TensorValue::I32(Array::scalar(-1)),
            Some(ElementType::I16) => TensorValue::I16(Array::scalar(-1)),
            _ => return Err(unfit(&values)),
        },
    };
    let list = keys(&keys_of)?;
    if list.len() != values.len() {
        return Err(setup.refuse(format!("{} keys for {} values", list.len(), values.len())));
    }
    // A NaN key matches in onnxruntime from version 4 on.
    let nan = setup.opset() >= 4 && setup.like_runtime();
    let mut map = BTreeMap::new();
    for (position, key) in list.into_iter().enumerate() {
        if setup.like_runtime() {
            map.entry(key).or_insert(position);
        } else {
            map.insert(key, position);
        }
    }
    if !nan {
        map.remove(&bits(f64::NAN));
    }
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        if value.element_type() != keys_of.element_type() {
            return Err(unfit(value));
        }
        let plan: Vec<usize> =
            keys(value)?.iter().map(|k| map.get(k).copied().unwrap_or(values.len())).collect();
        TensorValue::merge(&[&values, &default], value.shape(), &plan)
    })
}

/// The attribute whose name begins so, whatever its type.
fn side(setup: &Setup<'_>, name: &str) -> Result<TensorValue, Failure> {
    if let Some(tensor) = setup.tensor(&format!("{name}_tensor"))? {
        return Ok(tensor);
    }
    if let Some(list) = setup.texts(&format!("{name}_strings"))? {
        return Ok(TensorValue::Text(Array::vector(list)));
    }
    if let Some(list) = setup.int_vector(&format!("{name}_int64s"))? {
        return Ok(list);
    }
    if let Some(list) = setup.floats(&format!("{name}_floats"))? {
        return Ok(TensorValue::F32(Array::vector(list)));
    }
    Err(setup.refuse(format!("the encoder has no {name}")))
}

/// Version 1 has one list of texts and works in both directions.
fn first_version(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let classes = setup.texts("classes_strings")?.unwrap_or_default();
    let list = (0..).take(classes.len()).collect();
    super::category_mapper::mapper(setup, classes, list)
}
