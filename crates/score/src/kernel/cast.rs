use holdall_diag::Failure;
use holdall_table::Kind;

use crate::{
    real::Real,
    value::{Element, Elements, truncated, wrong_kind},
};

/// An element in another number kind.
pub(crate) fn run<'a>(arg: &Element<'a>, to: Kind) -> Result<Element<'a>, Failure> {
    let data = match to {
        Kind::F32 => Elements::F32(match &arg.data {
            Elements::F32(v) => v.clone(),
            Elements::F64(v) => v.iter().map(|&v| f32::narrow(v)).collect(),
            Elements::I64(v) => v.iter().map(|&v| integer_to_f32(v)).collect(),
            Elements::Bool(v) => v.iter().map(|&v| f32::from(u8::from(v))).collect(),
            Elements::Text(_) => return Err(wrong_kind(Kind::Text)),
        }),
        Kind::F64 => Elements::F64(match &arg.data {
            Elements::F32(v) => v.iter().map(|&v| f64::from(v)).collect(),
            Elements::F64(v) => v.clone(),
            Elements::I64(v) => v.iter().map(|&v| integer_to_f64(v)).collect(),
            Elements::Bool(v) => v.iter().map(|&v| f64::from(u8::from(v))).collect(),
            Elements::Text(_) => return Err(wrong_kind(Kind::Text)),
        }),
        Kind::I64 => Elements::I64(match &arg.data {
            Elements::F32(v) => v.iter().map(|&v| truncated(f64::from(v))).collect(),
            Elements::F64(v) => v.iter().map(|&v| truncated(v)).collect(),
            Elements::I64(v) => v.clone(),
            Elements::Bool(v) => v.iter().map(|&v| i64::from(v)).collect(),
            Elements::Text(_) => return Err(wrong_kind(Kind::Text)),
        }),
        Kind::Bool | Kind::Text => return Err(wrong_kind(to)),
    };
    Ok(Element { data, missing: arg.missing.clone() })
}

#[expect(clippy::cast_precision_loss, reason = "rounding to nearest is what a cast means")]
const fn integer_to_f64(value: i64) -> f64 {
    value as f64
}

/// Rounded once: through binary64 it would round twice.
#[expect(clippy::cast_precision_loss, reason = "rounding to nearest is what a cast means")]
const fn integer_to_f32(value: i64) -> f32 {
    value as f32
}
