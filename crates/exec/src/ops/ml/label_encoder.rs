//! `LabelEncoder`: <https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html>. Attributes are named
//! by type since version 2 and may be tensors since version 4. Of equal keys onnxruntime takes the
//! first, the reference the last.

use std::collections::BTreeMap;

use holdall_diag::Failure;

use crate::{
    Array, Behaviour, TensorValue,
    ops::{Args, Kernel, Setup, args::unfit, one},
    value::Element,
};

/// A key that can be looked up; floats by their bits, with one zero and one NaN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i64),
    Bits(u64),
    Text(String),
}

fn bits(value: f64) -> Key {
    Key::Bits(if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() })
}

fn keys(value: &TensorValue) -> Result<Vec<Key>, Failure> {
    Ok(match value {
        TensorValue::F32(a) => a.data().iter().map(|&x| bits(x.into())).collect(),
        TensorValue::F64(a) => a.data().iter().map(|&x| bits(x)).collect(),
        TensorValue::I64(a) => a.data().iter().map(|&x| Key::Int(x)).collect(),
        TensorValue::Text(a) => a.data().iter().map(|x| Key::Text(x.clone())).collect(),
        other @ (TensorValue::I32(_) | TensorValue::Bool(_) | TensorValue::Maps { .. }) => {
            return Err(unfit(other));
        }
    })
}

enum Values {
    F32(Vec<f32>, f32),
    F64(Vec<f64>, f64),
    I64(Vec<i64>, i64),
    Text(Vec<String>, String),
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    if setup.opset() == 1 {
        return first_version(setup);
    }
    let keys = keys(&side(setup, "keys")?)?;
    let values = match side(setup, "values")? {
        TensorValue::F32(a) => {
            let default = default::<f32>(setup)?;
            let default = default.map_or_else(|| setup.float("default_float", -0.0), Ok)?;
            Values::F32(a.data().to_vec(), default)
        }
        TensorValue::F64(a) => {
            let default = default::<f64>(setup)?;
            Values::F64(a.data().to_vec(), default.unwrap_or(-0.0))
        }
        TensorValue::I64(a) => {
            let default = default::<i64>(setup)?;
            let default = default.map_or_else(|| setup.int("default_int64", -1), Ok)?;
            Values::I64(a.data().to_vec(), default)
        }
        TensorValue::Text(a) => {
            let default = default::<String>(setup)?;
            let default = default.map_or_else(|| setup.text("default_string", "_Unused"), Ok)?;
            Values::Text(a.data().to_vec(), default)
        }
        other @ (TensorValue::I32(_) | TensorValue::Bool(_) | TensorValue::Maps { .. }) => {
            return Err(unfit(&other));
        }
    };
    // A NaN key matches in onnxruntime from version 4 on.
    let nan = setup.opset() >= 4 && setup.behaviour == Behaviour::OnnxRuntime;
    let last = setup.behaviour == Behaviour::Spec;
    let mut map = BTreeMap::new();
    for (position, key) in keys.into_iter().enumerate() {
        if last {
            map.insert(key, position);
        } else {
            map.entry(key).or_insert(position);
        }
    }
    if !nan {
        map.remove(&bits(f64::NAN));
    }
    one(move |args: Args<'_>| look_up(args.get(0)?, &map, &values))
}

/// The default from its tensor form.
fn default<T: Element>(setup: &Setup<'_>) -> Result<Option<T>, Failure> {
    let tensor = setup.tensor("default_tensor")?;
    Ok(tensor.as_ref().and_then(T::take).and_then(|a| a.data().first().cloned()))
}

/// The attribute whose name begins so, whatever its type.
fn side(setup: &Setup<'_>, name: &str) -> Result<TensorValue, Failure> {
    if let Some(tensor) = setup.tensor(&format!("{name}_tensor"))? {
        return Ok(tensor);
    }
    if let Some(list) = setup.texts(&format!("{name}_strings"))? {
        return Ok(TensorValue::Text(Array::new(&[list.len()], list)?));
    }
    if let Some(list) = setup.ints(&format!("{name}_int64s"))? {
        return Ok(TensorValue::I64(Array::new(&[list.len()], list)?));
    }
    if let Some(list) = setup.floats(&format!("{name}_floats"))? {
        return Ok(TensorValue::F32(Array::new(&[list.len()], list)?));
    }
    Err(setup.refuse(format!("the encoder has no {name}")))
}

fn look_up(
    value: &TensorValue,
    map: &BTreeMap<Key, usize>,
    values: &Values,
) -> Result<TensorValue, Failure> {
    fn pick<T: Clone>(found: &[Option<usize>], values: &[T], default: &T) -> Vec<T> {
        found.iter().map(|i| i.and_then(|i| values.get(i)).unwrap_or(default).clone()).collect()
    }
    let found: Vec<Option<usize>> = keys(value)?.iter().map(|key| map.get(key).copied()).collect();
    let shape = value.shape();
    Ok(match values {
        Values::F32(v, d) => TensorValue::F32(Array::new(shape, pick(&found, v, d))?),
        Values::F64(v, d) => TensorValue::F64(Array::new(shape, pick(&found, v, d))?),
        Values::I64(v, d) => TensorValue::I64(Array::new(shape, pick(&found, v, d))?),
        Values::Text(v, d) => TensorValue::Text(Array::new(shape, pick(&found, v, d))?),
    })
}

/// Version 1 has one list of texts and works in both directions.
fn first_version(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let classes = setup.texts("classes_strings")?.unwrap_or_default();
    let (unknown, number) =
        (setup.text("default_string", "_Unused")?, setup.int("default_int64", -1)?);
    one(move |args: Args<'_>| match args.get(0)? {
        TensorValue::Text(array) => Ok(TensorValue::I64(array.map(|text| {
            let position = classes.iter().position(|c| c == text);
            position.and_then(|i| i64::try_from(i).ok()).unwrap_or(number)
        }))),
        TensorValue::I64(array) => Ok(TensorValue::Text(array.map(|&i| {
            let class = usize::try_from(i).ok().and_then(|i| classes.get(i));
            class.unwrap_or(&unknown).clone()
        }))),
        other @ (TensorValue::F32(_)
        | TensorValue::F64(_)
        | TensorValue::I32(_)
        | TensorValue::Bool(_)
        | TensorValue::Maps { .. }) => Err(unfit(other)),
    })
}
