//! Numbers from texts and texts from numbers. Texts are written as onnxruntime writes them: binary32
//! with 8 significant digits, binary64 with as many as it takes.

use super::cast::Scalar;
use crate::ops::prelude::*;

/// A number from a text.
pub(super) fn parse(text: &str) -> Result<Scalar, Failure> {
    let text = text.trim();
    if let Ok(int) = text.parse::<i128>() {
        return Ok(Scalar::Int(int));
    }
    text.parse().map(Scalar::Real).map_err(|error| {
        Failure::malformed(codes::INPUT, format!("`{text}` is not a number")).caused_by(error)
    })
}

/// Every element as a text.
pub(super) fn print(value: &TensorValue) -> Result<TensorValue, Failure> {
    Ok(TensorValue::Text(match value {
        TensorValue::F64(array) => array.map(|&v| general(v, digits(v))),
        TensorValue::F32(array) => array.map(|&v| general(v.into(), 8)),
        TensorValue::Bool(array) => array.map(|&v| u8::from(v).to_string()),
        TensorValue::Narrow(kind, array) => array.map(|&code| {
            let real = kind.decode(code);
            general(real, digits(real))
        }),
        other => numbers!(other, array => Ok(array.map(|&v| number(v))))?,
    }))
}

fn number<T: Number>(value: T) -> String {
    if T::FLOAT { general(value.wide(), 8) } else { value.int().to_string() }
}

/// The fewest significant digits that give the value back.
fn digits(value: f64) -> usize {
    let shortest = format!("{value:e}");
    let mantissa = shortest.split('e').next().unwrap_or_default();
    mantissa.bytes().filter(u8::is_ascii_digit).count().max(1)
}

/// A float in the shorter of plain and scientific notation, without trailing zeros: `%g` of C.
fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| -> String {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let precision = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= precision {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    let places = usize::try_from(precision - 1 - exponent).unwrap_or(0);
    trim(&format!("{value:.places$}"))
}
