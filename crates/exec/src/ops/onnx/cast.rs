//! `Cast`: <https://onnx.ai/onnx/operators/onnx__Cast.html>. Floats are cut towards zero, integers
//! take the low bits. Types of eight bits and less saturate unless told otherwise; integers of 4
//! and 2 bits always take the low bits.

use super::cast_text::{parse, print};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let to = target(setup, "to")?;
    let rules = Rules::of(setup)?;
    one(move |args: Args<'_>| convert(args.cx, args.get(0)?, to, rules))
}

/// What happens to floats that a narrow type does not hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    saturate: bool,
    rounding: Rounding,
}

/// How powers of two are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rounding {
    Up,
    Down,
    Nearest,
}

impl Rules {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let words =
            [("up", Rounding::Up), ("down", Rounding::Down), ("nearest", Rounding::Nearest)];
        let rounding = setup.word("round_mode", &words)?;
        Ok(Self { saturate: setup.flag("saturate", true)?, rounding })
    }

    fn code(self, kind: Narrow, value: f64) -> u8 {
        if kind != Narrow::E8M0 || value.is_nan() {
            return kind.encode(value, self.saturate && kind.bounds().is_none());
        }
        let size = value.abs();
        // A power of two: all bits of the mantissa are zero.
        let bits = size.to_bits();
        let down = f64::from_bits(bits >> 52 << 52);
        let up = match self.rounding {
            Rounding::Up => size > down,
            Rounding::Down => false,
            Rounding::Nearest => size >= down * 1.5,
        };
        kind.encode(if up { down * 2.0 } else { down }, self.saturate)
    }
}

/// The element type that an attribute names: by number, before version 6 by its word.
pub(in crate::ops) fn target(setup: &Setup<'_>, name: &str) -> Result<ElementType, Failure> {
    const WORDS: [&str; 16] = [
        "FLOAT",
        "UINT8",
        "INT8",
        "UINT16",
        "INT16",
        "INT32",
        "INT64",
        "STRING",
        "BOOL",
        "FLOAT16",
        "DOUBLE",
        "UINT32",
        "UINT64",
        "COMPLEX64",
        "COMPLEX128",
        "BFLOAT16",
    ];
    let number = if setup.node.op_type == "Cast" && setup.opset() < 6 {
        let word = setup.text(name, "")?;
        WORDS.iter().position(|w| *w == word).map_or(0, |i| signed(i + 1))
    } else {
        setup.int(name, 0)?
    };
    ElementType::of_number(number)
        .ok_or_else(|| setup.refuse(format!("`{name}`: there is no element type {number}")))
}

/// A number on its way from one type to another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar {
    Int(i128),
    Real(f64),
}

impl Scalar {
    pub(super) fn real(self) -> f64 {
        match self {
            Self::Int(v) => f64::of_int(v),
            Self::Real(v) => v,
        }
    }

    /// Floats end at the bounds of 64 bits; narrower integers take the low bits.
    fn whole(self) -> i128 {
        match self {
            Self::Int(v) => v,
            Self::Real(v) if v >= 9.3e18 => u64::of(v).int(),
            Self::Real(v) => whole(v).int(),
        }
    }
}

/// Converts by the usual rules.
pub(in crate::ops) fn cast(
    cx: &Context,
    value: &TensorValue,
    to: ElementType,
) -> Result<TensorValue, Failure> {
    convert(cx, value, to, Rules { saturate: true, rounding: Rounding::Up })
}

/// Converts every element.
pub(super) fn convert(
    cx: &Context,
    value: &TensorValue,
    to: ElementType,
    rules: Rules,
) -> Result<TensorValue, Failure> {
    if value.element_type() == Some(to) {
        return Ok(value.clone());
    }
    cx.room(value.shape(), to.size())?;
    // What is computed in binary64 comes through here: no detour for it.
    if let TensorValue::F64(array) = value {
        match to {
            ElementType::F32 => return Ok(TensorValue::F32(array.map(|&x| single(x)))),
            ElementType::F16 => return Ok(TensorValue::F16(array.map(|&x| Number::of(x)))),
            ElementType::BF16 => return Ok(TensorValue::BF16(array.map(|&x| Number::of(x)))),
            _ => {}
        }
    }
    if to == ElementType::Text {
        return print(value);
    }
    let read: Box<dyn Fn(usize) -> Result<Scalar, Failure> + '_> = match value {
        TensorValue::Text(texts) => Box::new(|i| parse(texts.data().get(i).map_or("", |t| t))),
        TensorValue::Bool(flags) => Box::new(|i| Ok(Scalar::Int(at(flags.data(), i).into()))),
        TensorValue::Narrow(kind, codes) => Box::new(|i| {
            let real = kind.decode(at(codes.data(), i));
            Ok(if kind.bounds().is_some() {
                Scalar::Int(whole(real).into())
            } else {
                Scalar::Real(real)
            })
        }),
        other => numbers!(other, array => Ok(reader(array)))?,
    };
    write(&*read, value.shape(), value.len(), to, rules)
}

fn reader<T: Number>(array: &Array<T>) -> Box<dyn Fn(usize) -> Result<Scalar, Failure> + '_> {
    Box::new(|i| {
        let x = at(array.data(), i);
        Ok(if T::FLOAT { Scalar::Real(x.wide()) } else { Scalar::Int(x.int()) })
    })
}

fn write(
    read: &dyn Fn(usize) -> Result<Scalar, Failure>,
    shape: &[usize],
    count: usize,
    to: ElementType,
    rules: Rules,
) -> Result<TensorValue, Failure> {
    fn all<T: Clone>(
        read: &dyn Fn(usize) -> Result<Scalar, Failure>,
        shape: &[usize],
        count: usize,
        f: impl Fn(Scalar) -> T,
    ) -> Result<Array<T>, Failure> {
        Array::new(shape, (0..count).map(|i| read(i).map(&f)).collect::<Result<_, _>>()?)
    }
    fn number<T: Number>(scalar: Scalar) -> T {
        match scalar {
            Scalar::Int(v) => T::of_int(v),
            Scalar::Real(v) if T::FLOAT => T::of(v),
            Scalar::Real(_) => T::of_int(scalar.whole()),
        }
    }
    Ok(match to {
        ElementType::F16 => TensorValue::F16(all(read, shape, count, number)?),
        ElementType::BF16 => TensorValue::BF16(all(read, shape, count, number)?),
        ElementType::F32 => TensorValue::F32(all(read, shape, count, number)?),
        ElementType::F64 => TensorValue::F64(all(read, shape, count, number)?),
        ElementType::I8 => TensorValue::I8(all(read, shape, count, number)?),
        ElementType::I16 => TensorValue::I16(all(read, shape, count, number)?),
        ElementType::I32 => TensorValue::I32(all(read, shape, count, number)?),
        ElementType::I64 => TensorValue::I64(all(read, shape, count, number)?),
        ElementType::U8 => TensorValue::U8(all(read, shape, count, number)?),
        ElementType::U16 => TensorValue::U16(all(read, shape, count, number)?),
        ElementType::U32 => TensorValue::U32(all(read, shape, count, number)?),
        ElementType::U64 => TensorValue::U64(all(read, shape, count, number)?),
        ElementType::Bool => TensorValue::Bool(all(read, shape, count, |v| match v {
            Scalar::Int(v) => v != 0,
            Scalar::Real(v) => v.is_nan() || v.abs() > 0.0,
        })?),
        ElementType::Narrow(kind) => {
            let code = |v: Scalar| rules.code(kind, v.real());
            TensorValue::Narrow(kind, all(read, shape, count, code)?)
        }
        ElementType::C64 | ElementType::C128 | ElementType::Text => {
            let message = format!("casting to {} is not implemented", to.as_str());
            return Err(Failure::unsupported(codes::OPERATOR, message));
        }
    })
}
