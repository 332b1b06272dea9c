//! Values from JSON, and how near two values are.
#![expect(clippy::wildcard_enum_match_arm, reason = "what a case does not hold fails the test")]

use std::sync::Arc;

use holdall_exec::{Array, ElementType, Keys, Narrow, TensorValue};
use serde_json::Value;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| u8::try_from(char::from(c).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn element_type(name: &str) -> ElementType {
    match name {
        "float32" => ElementType::F32,
        "float64" => ElementType::F64,
        "float16" => ElementType::F16,
        "bfloat16" => ElementType::BF16,
        "int8" => ElementType::I8,
        "int16" => ElementType::I16,
        "int32" => ElementType::I32,
        "int64" => ElementType::I64,
        "uint8" => ElementType::U8,
        "uint16" => ElementType::U16,
        "uint32" => ElementType::U32,
        "uint64" => ElementType::U64,
        "bool" => ElementType::Bool,
        "complex64" => ElementType::C64,
        "complex128" => ElementType::C128,
        "float8_e4m3fn" => ElementType::Narrow(Narrow::E4M3),
        "float8_e4m3fnuz" => ElementType::Narrow(Narrow::E4M3Uz),
        "float8_e5m2" => ElementType::Narrow(Narrow::E5M2),
        "float8_e5m2fnuz" => ElementType::Narrow(Narrow::E5M2Uz),
        "float8_e8m0fnu" => ElementType::Narrow(Narrow::E8M0),
        "float4_e2m1fn" => ElementType::Narrow(Narrow::E2M1),
        "float6_e2m3fn" => ElementType::Narrow(Narrow::E2M3),
        "float6_e3m2fn" => ElementType::Narrow(Narrow::E3M2),
        "int4" => ElementType::Narrow(Narrow::I4),
        "uint4" => ElementType::Narrow(Narrow::U4),
        "int2" => ElementType::Narrow(Narrow::I2),
        "uint2" => ElementType::Narrow(Narrow::U2),
        other => panic!("no element type {other}"),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
}

/// A tensor (`dtype`, `shape`, `data` in hexadecimal or `texts`), a map (`keys`, `values`), a list for a
/// sequence, null for an empty optional.
pub(crate) fn read_value(value: &Value) -> TensorValue {
    if value.is_null() {
        return TensorValue::Nothing;
    }
    if let Some(items) = value.as_array() {
        return TensorValue::Sequence(Arc::new(items.iter().map(read_value).collect()));
    }
    if let Some(keys) = value.get("keys") {
        let keys = match keys.as_array().unwrap().first() {
            Some(Value::String(_)) => Keys::Texts(texts(keys)),
            _ => Keys::Ints(keys.as_array().unwrap().iter().map(|k| k.as_i64().unwrap()).collect()),
        };
        return TensorValue::Map(keys, Arc::new(read_value(&value["values"])));
    }
    let shape: Vec<usize> = value["shape"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| usize::try_from(n.as_u64().unwrap()).unwrap())
        .collect();
    if value["dtype"] == "string" {
        return TensorValue::Text(Array::new(&shape, texts(&value["texts"])).unwrap());
    }
    let kind = element_type(value["dtype"].as_str().unwrap());
    if let Some(values) = value.get("values") {
        return of_numbers(kind, &shape, values.as_array().unwrap());
    }
    let data = bytes(value["data"].as_str().unwrap());
    TensorValue::of_bytes(kind, &shape, &data).unwrap()
}

/// A tensor from decimals; `nan`, `inf` and `-inf` are texts.
#[expect(clippy::cast_possible_truncation, reason = "printed from binary32")]
fn of_numbers(kind: ElementType, shape: &[usize], values: &[Value]) -> TensorValue {
    let float = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
    let int = |v: &Value| v.as_i64().unwrap();
    match kind {
        ElementType::F32 => {
            let data = values.iter().map(|v| float(v) as f32).collect();
            TensorValue::F32(Array::new(shape, data).unwrap())
        }
        ElementType::F64 => {
            TensorValue::F64(Array::new(shape, values.iter().map(float).collect()).unwrap())
        }
        ElementType::I64 => {
            TensorValue::I64(Array::new(shape, values.iter().map(int).collect()).unwrap())
        }
        ElementType::I32 => {
            let data = values.iter().map(|v| i32::try_from(int(v)).unwrap()).collect();
            TensorValue::I32(Array::new(shape, data).unwrap())
        }
        ElementType::I16 => {
            let data = values.iter().map(|v| i16::try_from(int(v)).unwrap()).collect();
            TensorValue::I16(Array::new(shape, data).unwrap())
        }
        ElementType::Bool => {
            let data = values.iter().map(|v| v.as_bool().unwrap()).collect();
            TensorValue::Bool(Array::new(shape, data).unwrap())
        }
        other => panic!("no values of {other:?}"),
    }
}

/// Numbers that are compared within a tolerance; `None` for what must be equal.
#[expect(clippy::cast_precision_loss, reason = "integers are compared as the runner does")]
fn numbers(value: &TensorValue) -> Option<Vec<f64>> {
    Some(match value {
        TensorValue::F16(a) => a.data().iter().map(|x| x.to_f64()).collect(),
        TensorValue::BF16(a) => a.data().iter().map(|x| x.to_f64()).collect(),
        TensorValue::F32(a) | TensorValue::Maps { values: a, .. } => {
            a.data().iter().map(|&x| x.into()).collect()
        }
        TensorValue::F64(a) => a.data().to_vec(),
        TensorValue::I32(a) => a.data().iter().map(|&x| x.into()).collect(),
        TensorValue::I64(a) => a.data().iter().map(|&x| x as f64).collect(),
        _ => return None,
    })
}

/// Fails with the first difference.
pub(crate) fn agree(
    ours: &TensorValue,
    theirs: &TensorValue,
    rtol: f64,
    atol: f64,
) -> Result<(), String> {
    if let (TensorValue::Sequence(a), TensorValue::Sequence(b)) = (ours, theirs) {
        if a.len() != b.len() {
            return Err(format!("{} items, not {}", a.len(), b.len()));
        }
        return a.iter().zip(b.iter()).try_for_each(|(a, b)| agree(a, b, rtol, atol));
    }
    // A list of maps is written as a list of maps each.
    if let (TensorValue::Maps { keys, values }, TensorValue::Sequence(maps)) = (ours, theirs) {
        let width = keys.len();
        if values.shape() != [maps.len(), width] {
            return Err(format!("{:?}, not {} maps", values.shape(), maps.len()));
        }
        return maps.iter().zip(values.data().chunks(width)).try_for_each(|(map, row)| {
            let row = TensorValue::F32(Array::new(&[width], row.to_vec()).unwrap());
            match map {
                TensorValue::Map(own, values) if own == keys => agree(&row, values, rtol, atol),
                other => Err(format!("not {other:?}")),
            }
        });
    }
    if ours.element_type() != theirs.element_type() {
        return Err(format!("{:?}, not {:?}", ours.element_type(), theirs.element_type()));
    }
    if ours.shape() != theirs.shape() {
        return Err(format!("shape {:?}, not {:?}", ours.shape(), theirs.shape()));
    }
    let (Some(a), Some(b)) = (numbers(ours), numbers(theirs)) else {
        return if ours == theirs { Ok(()) } else { Err(format!("{ours:?}\n  not {theirs:?}")) };
    };
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        let near = (a.is_nan() && b.is_nan())
            || a.total_cmp(b).is_eq()
            || (a - b).abs() <= atol + rtol * b.abs();
        if !near {
            return Err(format!("element {i}: {a}, not {b}"));
        }
    }
    Ok(())
}
