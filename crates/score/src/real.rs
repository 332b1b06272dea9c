use std::{
    borrow::Cow,
    ops::{Add, Div, Mul, Neg, Rem, Sub},
};

use holdall_diag::Failure;

use crate::value::{Element, Elements, wrong_kind};

/// A float kind: what the kernels need of binary32 and binary64 alike.
pub(crate) trait Real:
    Copy
    + PartialOrd
    + 'static
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
{
    fn elements<'a>(values: Vec<Self>) -> Elements<'a>;
    fn slice<'e>(element: &'e Element<'_>) -> Result<&'e [Self], Failure>;
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    const NAN: Self;
    /// Rounds to nearest, ties to even.
    fn narrow(value: f64) -> Self;
    /// Values in this kind; borrowed when they are.
    fn of_f32(values: &[f32]) -> Cow<'_, [Self]>;
    /// Values in this kind; borrowed when they are.
    fn of_f64(values: &[f64]) -> Cow<'_, [Self]>;
    fn widen(self) -> f64;
    fn nan(self) -> bool;
    fn abs(self) -> Self;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn ln_1p(self) -> Self;
    fn exp_m1(self) -> Self;
    fn sqrt(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn tanh(self) -> Self;
    fn pow(self, exponent: Self) -> Self;
    /// The largest value of this kind that is not above `limit`; NaN where `limit` is.
    fn at_most(limit: f64) -> Self;
    /// The next value toward −∞; NaN from −∞, so that nothing compares below it.
    fn before(self) -> Self;
    /// A pattern that carries a set number through a threshold.
    fn from_number(number: u32) -> Self;
    /// The number carried by [`Real::from_number`].
    fn number_of(self) -> u32;

    /// 1 / (1 + e⁻ˣ).
    fn logistic(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }
}

macro_rules! real {
    ($real:ident, $variant:ident, $of_f32:expr, $of_f64:expr, $narrow:expr, $at_most:expr, $from_number:expr, $number_of:expr) => {
        impl Real for $real {
            fn elements<'a>(values: Vec<Self>) -> Elements<'a> {
                Elements::$variant(values)
            }
            fn slice<'e>(element: &'e Element<'_>) -> Result<&'e [Self], Failure> {
                if let Elements::$variant(values) = &element.data {
                    return Ok(values);
                }
                Err(wrong_kind(element.data.kind()))
            }
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $real::INFINITY;
            const NAN: Self = $real::NAN;
            fn narrow(value: f64) -> Self {
                $narrow(value)
            }
            fn of_f32(values: &[f32]) -> Cow<'_, [Self]> {
                $of_f32(values)
            }
            fn of_f64(values: &[f64]) -> Cow<'_, [Self]> {
                $of_f64(values)
            }
            fn widen(self) -> f64 {
                f64::from(self)
            }
            fn nan(self) -> bool {
                $real::is_nan(self)
            }
            fn abs(self) -> Self {
                $real::abs(self)
            }
            fn exp(self) -> Self {
                $real::exp(self)
            }
            fn ln(self) -> Self {
                $real::ln(self)
            }
            fn ln_1p(self) -> Self {
                $real::ln_1p(self)
            }
            fn exp_m1(self) -> Self {
                $real::exp_m1(self)
            }
            fn sqrt(self) -> Self {
                $real::sqrt(self)
            }
            fn floor(self) -> Self {
                $real::floor(self)
            }
            fn ceil(self) -> Self {
                $real::ceil(self)
            }
            fn tanh(self) -> Self {
                $real::tanh(self)
            }
            fn pow(self, exponent: Self) -> Self {
                $real::powf(self, exponent)
            }
            fn at_most(limit: f64) -> Self {
                $at_most(limit)
            }
            fn before(self) -> Self {
                if self == $real::NEG_INFINITY { $real::NAN } else { self.next_down() }
            }
            fn from_number(number: u32) -> Self {
                $from_number(number)
            }
            fn number_of(self) -> u32 {
                $number_of(self)
            }
        }
    };
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
const fn round(value: f64) -> f32 {
    value as f32
}

fn round_down(limit: f64) -> f32 {
    let nearest = round(limit);
    if f64::from(nearest) > limit { nearest.next_down() } else { nearest }
}

#[expect(clippy::cast_possible_truncation, reason = "only numbers put in come out")]
const fn low_word(bits: u64) -> u32 {
    bits as u32
}

fn rounded(values: &[f64]) -> Cow<'_, [f32]> {
    values.iter().map(|&x| round(x)).collect()
}

fn widened(values: &[f32]) -> Cow<'_, [f64]> {
    values.iter().map(|&x| f64::from(x)).collect()
}

real!(f32, F32, Cow::Borrowed, rounded, round, round_down, f32::from_bits, f32::to_bits);
real!(
    f64,
    F64,
    widened,
    Cow::Borrowed,
    |v| v,
    |v| v,
    |n: u32| f64::from_bits(u64::from(n)),
    |v: f64| low_word(v.to_bits())
);
