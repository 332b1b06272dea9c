//! Values as PFA expressions and cells.

use holdall_tabular::{Kind, Labels, Scalar};
use serde_json::{Value, json};

/// Avro schema of an element. Both float kinds are `double`: binary32 is kept by rounding.
pub(crate) fn schema(kind: Kind) -> Value {
    json!(match kind {
        Kind::F32 | Kind::F64 => "double",
        Kind::I64 => "long",
        Kind::Bool => "boolean",
        Kind::Text => "string",
    })
}

/// Schema of an array.
pub(crate) fn array(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// Schema of a map.
pub(crate) fn map(values: &Value) -> Value {
    json!({ "type": "map", "values": values })
}

/// Schema of a value that may be null.
pub(crate) fn optional(schema: &Value) -> Value {
    json!(["null", schema])
}

/// The schema, optional where `null`.
pub(crate) fn maybe(schema: &Value, null: bool) -> Value {
    if null { optional(schema) } else { schema.clone() }
}

/// A float as an expression. JSON has no token for NaN and infinities: they are quotients by zero.
pub(crate) fn float(value: f64) -> Value {
    if value.is_nan() {
        json!({ "/": [0.0, 0.0] })
    } else if value.is_infinite() {
        json!({ "/": [value.signum(), 0.0] })
    } else {
        json!(value)
    }
}

/// The float that [`float`] wrote.
pub(crate) fn read_float(value: &Value) -> Option<f64> {
    if let Value::Number(number) = value {
        return number.as_f64();
    }
    let (top, bottom) = match value.get("/")?.as_array()?.as_slice() {
        [top, bottom] => (top.as_f64()?, bottom.as_f64()?),
        _ => return None,
    };
    (bottom.to_bits() == 0).then_some(top / bottom)
}

/// A value as an expression: a bare string would name a symbol.
pub(crate) fn literal(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::F64(v) => float(*v),
        Scalar::I64(v) => json!({ "long": v }),
        Scalar::Bool(v) => json!(v),
        Scalar::Text(v) => json!({ "string": v }),
    }
}

/// The value that [`literal`] wrote.
pub(crate) fn read_literal(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(v) => Some(Scalar::Bool(*v)),
        Value::Object(map) if map.len() == 1 => match (map.get("long"), map.get("string")) {
            (Some(v), _) => v.as_i64().map(Scalar::I64),
            (None, Some(v)) => v.as_str().map(|v| Scalar::Text(v.to_owned())),
            (None, None) => read_float(value).map(Scalar::F64),
        },
        Value::Number(_) => read_float(value).map(Scalar::F64),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A parameter for a field of some kind: the value that the scorer would make of it.
pub(crate) fn of_kind(scalar: &Scalar, kind: Kind) -> Option<Scalar> {
    match (kind, scalar) {
        (Kind::F64, Scalar::F64(v)) => Some(Scalar::F64(*v)),
        (Kind::F32, Scalar::F64(v)) => Some(Scalar::F64(narrow(*v))),
        (Kind::F64, Scalar::I64(v)) => Some(Scalar::F64(widen(*v))),
        (Kind::F32, Scalar::I64(v)) => Some(Scalar::F64(narrow(widen(*v)))),
        (Kind::I64, Scalar::I64(v)) => Some(Scalar::I64(*v)),
        (Kind::I64, Scalar::F64(v)) => {
            Some(truncated(*v)).filter(|&whole| widen(whole).total_cmp(v).is_eq()).map(Scalar::I64)
        }
        (Kind::Bool, Scalar::Bool(v)) => Some(Scalar::Bool(*v)),
        (Kind::Text, Scalar::Text(v)) => Some(Scalar::Text(v.clone())),
        (_, _) => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "toward zero, as casts are defined")]
pub(crate) const fn truncated(value: f64) -> i64 {
    value as i64
}

#[expect(clippy::cast_precision_loss, reason = "rounding to nearest is what is asked")]
const fn widen(value: i64) -> f64 {
    value as f64
}

/// Rounded to binary32, as a binary64.
#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
pub(crate) fn narrow(value: f64) -> f64 {
    f64::from(value as f32)
}

/// The elements of a list as cells hold them, or none when JSON has no token for one of them.
pub(crate) fn plain(labels: &Labels) -> Option<Value> {
    match labels {
        Labels::F64(v) => v.iter().all(|v| v.is_finite()).then(|| json!(v)),
        Labels::I64(v) => Some(json!(v)),
        Labels::Bool(v) => Some(json!(v)),
        Labels::Text(v) => Some(json!(v)),
    }
}

/// The list that [`plain`] wrote.
pub(crate) fn read_plain(value: &Value, kind: Kind) -> Option<Labels> {
    let list = value.as_array()?;
    Some(match kind {
        Kind::F32 | Kind::F64 => {
            Labels::F64(list.iter().map(Value::as_f64).collect::<Option<_>>()?)
        }
        Kind::I64 => Labels::I64(list.iter().map(Value::as_i64).collect::<Option<_>>()?),
        Kind::Bool => Labels::Bool(list.iter().map(Value::as_bool).collect::<Option<_>>()?),
        Kind::Text => {
            let text = |v: &Value| v.as_str().map(str::to_owned);
            Labels::Text(list.iter().map(text).collect::<Option<_>>()?)
        }
    })
}

/// The list that literals make.
pub(crate) fn read_literals(list: &[Value], kind: Kind) -> Option<Labels> {
    let scalars = list.iter().map(read_literal);
    Some(match kind {
        Kind::F32 | Kind::F64 => Labels::F64(
            scalars
                .map(|s| if let Some(Scalar::F64(v)) = s { Some(v) } else { None })
                .collect::<Option<_>>()?,
        ),
        Kind::I64 => Labels::I64(
            scalars
                .map(|s| if let Some(Scalar::I64(v)) = s { Some(v) } else { None })
                .collect::<Option<_>>()?,
        ),
        Kind::Bool => Labels::Bool(
            scalars
                .map(|s| if let Some(Scalar::Bool(v)) = s { Some(v) } else { None })
                .collect::<Option<_>>()?,
        ),
        Kind::Text => Labels::Text(
            scalars
                .map(|s| if let Some(Scalar::Text(v)) = s { Some(v) } else { None })
                .collect::<Option<_>>()?,
        ),
    })
}
