//! `Cast`: <https://onnx.ai/onnx/operators/onnx__Cast.html>. Floats are cut towards zero; texts are
//! written as onnxruntime writes them, binary32 with 8 significant digits, binary64 with
//! as many as it takes.

use holdall_diag::Failure;
use holdall_tensor::DType;

use crate::{
    Array, TensorValue, codes,
    ops::{Args, Kernel, Setup, one},
    value::each,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let number = setup.int("to", 0)?;
    let unknown = || {
        let message = format!("casting to element type {number} is not implemented");
        Failure::unsupported(codes::OPERATOR, message)
    };
    let to = match number {
        1 => DType::F32,
        6 => DType::I32,
        7 => DType::I64,
        8 => DType::Text,
        9 => DType::Bool,
        11 => DType::F64,
        _ => return Err(unknown()),
    };
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        if value.dtype() == to {
            return Ok(value.clone());
        }
        each!(value, array => cast(array, to))
    })
}

fn cast<T: Castable>(array: &Array<T>, to: DType) -> Result<TensorValue, Failure> {
    fn all<T: Clone, U: Clone>(
        array: &Array<T>,
        f: impl Fn(&T) -> Result<U, Failure>,
    ) -> Result<Array<U>, Failure> {
        let data = array.data().iter().map(f).collect::<Result<Vec<U>, Failure>>()?;
        Array::new(array.shape(), data)
    }
    match to {
        DType::F32 => all(array, T::to_f32).map(TensorValue::F32),
        DType::F64 => all(array, T::to_f64).map(TensorValue::F64),
        DType::I64 => all(array, T::to_i64).map(TensorValue::I64),
        // Beyond the range, the low bits: as conversions by way of i64 do in practice.
        #[expect(clippy::cast_possible_truncation, reason = "casts wrap")]
        DType::I32 => all(array, |v| Ok(v.to_i64()? as i32)).map(TensorValue::I32),
        DType::Bool => all(array, T::to_bool).map(TensorValue::Bool),
        DType::Text
        | DType::U8
        | DType::U16
        | DType::U32
        | DType::U64
        | DType::I8
        | DType::I16
        | DType::F16
        | DType::BF16
        | DType::F8E4M3
        | DType::F8E5M2
        | DType::C64
        | DType::C128 => all(array, |v| Ok(v.to_text())).map(TensorValue::Text),
    }
}

trait Castable: Clone {
    fn to_f32(&self) -> Result<f32, Failure>;
    fn to_f64(&self) -> Result<f64, Failure>;
    fn to_i64(&self) -> Result<i64, Failure>;
    fn to_bool(&self) -> Result<bool, Failure>;
    fn to_text(&self) -> String;
}

macro_rules! castable {
    ($type:ty, [$($lint:path),+], $text:expr) => {
        #[expect($($lint),+, reason = "this is a cast")]
        impl Castable for $type {
            fn to_f32(&self) -> Result<f32, Failure> {
                Ok(*self as f32)
            }
            fn to_f64(&self) -> Result<f64, Failure> {
                Ok(*self as f64)
            }
            fn to_i64(&self) -> Result<i64, Failure> {
                Ok(*self as i64)
            }
            fn to_bool(&self) -> Result<bool, Failure> {
                Ok(*self != <$type>::default())
            }
            fn to_text(&self) -> String {
                $text(*self)
            }
        }
    };
}
castable!(f32, [clippy::cast_possible_truncation, clippy::cast_lossless, clippy::float_cmp], |v| {
    general(f64::from(v), 8)
});
castable!(f64, [clippy::cast_possible_truncation, clippy::float_cmp], |v: f64| general(
    v,
    digits(v)
));
castable!(i64, [clippy::cast_precision_loss], |v: i64| v.to_string());
castable!(i32, [clippy::cast_precision_loss, clippy::cast_lossless], |v: i32| v.to_string());

impl Castable for bool {
    fn to_f32(&self) -> Result<f32, Failure> {
        Ok(f32::from(u8::from(*self)))
    }
    fn to_f64(&self) -> Result<f64, Failure> {
        Ok(f64::from(u8::from(*self)))
    }
    fn to_i64(&self) -> Result<i64, Failure> {
        Ok(i64::from(*self))
    }
    fn to_bool(&self) -> Result<bool, Failure> {
        Ok(*self)
    }
    fn to_text(&self) -> String {
        i64::from(*self).to_string()
    }
}

impl Castable for String {
    fn to_f32(&self) -> Result<f32, Failure> {
        parse(self)
    }
    fn to_f64(&self) -> Result<f64, Failure> {
        parse(self)
    }
    fn to_i64(&self) -> Result<i64, Failure> {
        parse(self)
    }
    fn to_bool(&self) -> Result<bool, Failure> {
        parse::<i64>(self).map(|v| v != 0)
    }
    fn to_text(&self) -> String {
        self.clone()
    }
}

fn parse<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, Failure> {
    text.trim().parse().map_err(|error| {
        Failure::malformed(codes::INPUT, format!("`{text}` is not a number")).caused_by(error)
    })
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
