//! Numbers as XGBoost writes them.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// A binary32 number. In JSON it is the shortest text that reads back as the same number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Single(pub(crate) f32);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Single;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f32<E>(self, value: f32) -> Result<Single, E> {
                Ok(Single(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Single, E> {
                Ok(Single(narrow(value)))
            }
            #[expect(clippy::cast_precision_loss, reason = "rounding to binary32 is what is asked")]
            fn visit_u64<E>(self, value: u64) -> Result<Single, E> {
                Ok(Single(value as f32))
            }
            #[expect(clippy::cast_precision_loss, reason = "rounding to binary32 is what is asked")]
            fn visit_i64<E>(self, value: i64) -> Result<Single, E> {
                Ok(Single(value as f32))
            }
            /// The stand-ins that `decode::json` puts for bare words.
            fn visit_str<E: Error>(self, text: &str) -> Result<Single, E> {
                match text {
                    "N" => Ok(Single(f32::NAN)),
                    "Infini" => Ok(Single(f32::INFINITY)),
                    "-Infini" => Ok(Single(f32::NEG_INFINITY)),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// The binary32 number that a text of at most nine digits means, from the binary64 number it was
/// read as.
///
/// Rounding twice differs from rounding once only where the first lands exactly between two binary32
/// numbers. There the text is written out again, which gives the same digits, and read at once.
pub(super) fn narrow(value: f64) -> f32 {
    const BELOW: u64 = (1 << 29) - 1;
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
    let narrow = value as f32;
    if value.to_bits() & BELOW == 1 << 28 {
        return format!("{value:.8e}").parse().unwrap_or(narrow);
    }
    narrow
}

/// A truth value: a boolean in early versions, 0 or 1 later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a truth value, 0 or 1")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    other => Err(E::invalid_value(serde::de::Unexpected::Unsigned(other), &self)),
                }
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Flag, E> {
                match u64::try_from(value) {
                    Ok(value) => self.visit_u64(value),
                    Err(_negative) => {
                        Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self))
                    }
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A parameter: a text that says a number, in some files the number itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A whole number or a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Whole(i64),
    Fraction(f64),
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                let unexpected = serde::de::Unexpected::Unsigned(value);
                i64::try_from(value)
                    .map(Number::Whole)
                    .map_err(|_error| E::invalid_value(unexpected, &self))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number::Whole(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number::Fraction(value))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
