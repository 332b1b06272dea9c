//! What operators compute with: every numeric element type behind one trait, and the conversions
//! between machine integers and floats, in one place.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    clippy::float_cmp,
    reason = "conversions between number types are what this module is for"
)]

use half::{bf16, f16};

use super::{Element, vector::Summed};

/// A number that operators compute with.
pub(crate) trait Number:
    Element + Summed + Copy + Default + PartialOrd + Send + Sync + 'static
{
    /// Whether it is a floating-point type.
    const FLOAT: bool;
    /// The nearest value; integers are cut towards zero and end at their bounds.
    fn of(value: f64) -> Self;
    /// As binary64; 64-bit integers are rounded.
    fn wide(self) -> f64;
    /// The low bits of an integer; floats are rounded.
    fn of_int(value: i128) -> Self;
    /// As an integer, cut towards zero.
    fn int(self) -> i128;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// Integers are cut towards zero; anything divided by the integer zero is zero.
    fn div(self, other: Self) -> Self;
    /// What is left of a division that cuts towards zero.
    fn rem(self, other: Self) -> Self;
    /// The least value: −∞ for floats.
    fn least() -> Self;
    /// The greatest value: ∞ for floats.
    fn most() -> Self;
    fn is_nan(self) -> bool;
    fn one() -> Self {
        Self::of(1.0)
    }
    /// A function of binary64, rounded once.
    fn via(self, f: impl Fn(f64) -> f64) -> Self {
        Self::of(f(self.wide()))
    }
}

/// A floating-point number.
pub(crate) trait Float: Number {}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl Number for $type {
            const FLOAT: bool = false;
            fn of(value: f64) -> Self {
                value as Self
            }
            fn wide(self) -> f64 {
                self as f64
            }
            fn of_int(value: i128) -> Self {
                value as Self
            }
            fn int(self) -> i128 {
                self as i128
            }
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn div(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_div(other) }
            }
            fn rem(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_rem(other) }
            }
            fn least() -> Self {
                Self::MIN
            }
            fn most() -> Self {
                Self::MAX
            }
            fn is_nan(self) -> bool {
                false
            }
        }
    )+};
}
integer!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! float {
    ($type:ty, $of:expr, $wide:expr) => {
        impl Number for $type {
            const FLOAT: bool = true;
            fn of(value: f64) -> Self {
                $of(value)
            }
            fn wide(self) -> f64 {
                $wide(self)
            }
            fn of_int(value: i128) -> Self {
                $of(value as f64)
            }
            fn int(self) -> i128 {
                $wide(self) as i128
            }
            fn add(self, other: Self) -> Self {
                self + other
            }
            fn sub(self, other: Self) -> Self {
                self - other
            }
            fn mul(self, other: Self) -> Self {
                self * other
            }
            fn div(self, other: Self) -> Self {
                self / other
            }
            fn rem(self, other: Self) -> Self {
                self % other
            }
            fn least() -> Self {
                Self::NEG_INFINITY
            }
            fn most() -> Self {
                Self::INFINITY
            }
            fn is_nan(self) -> bool {
                self != self
            }
        }
        impl Float for $type {}
    };
}
float!(f32, |v: f64| v as f32, |v: f32| v as f64);
float!(f64, |v: f64| v, |v: f64| v);
float!(f16, f16::from_f64, f16::to_f64);
float!(bf16, round_bf16, bf16::to_f64);

/// By way of binary32 with round-to-odd, so that two roundings make one.
fn round_bf16(value: f64) -> bf16 {
    let near = value as f32;
    let exact = near as f64;
    let odd = if exact == value || value.is_nan() || near.to_bits() & 1 == 1 || near.is_infinite() {
        near
    } else if (exact < value) == (near >= 0.0) {
        f32::from_bits(near.to_bits() | 1)
    } else {
        f32::from_bits(near.to_bits().wrapping_sub(1) | 1)
    };
    bf16::from_f32(odd)
}

/// A count as a float.
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// An integer as a float.
pub(crate) fn real_of(value: i64) -> f64 {
    value as f64
}

/// A count as an integer.
pub(crate) fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A float as a position: cut towards zero, and nothing below zero.
pub(crate) fn position(value: f64) -> usize {
    value as usize
}

/// The nearest binary32.
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// A float cut to an integer, ending at the bounds.
pub(crate) fn whole(value: f64) -> i64 {
    value as i64
}
