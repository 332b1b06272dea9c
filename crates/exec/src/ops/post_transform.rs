//! What the classical estimators do to their scores.

use std::ops::{Add, Div, Mul, Sub};

use holdall_diag::Failure;

use super::Setup;

/// A float that estimators compute with.
pub(super) trait Real:
    Copy
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + crate::value::Element
{
    fn of(value: f64) -> Self;
    fn exp(self) -> Self;
    fn single(self) -> f32;
    fn is_nan(self) -> bool;
}

impl Real for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
    fn of(value: f64) -> Self {
        value as Self
    }
    fn exp(self) -> Self {
        self.exp()
    }
    fn single(self) -> f32 {
        self
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn exp(self) -> Self {
        self.exp()
    }
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
    fn single(self) -> f32 {
        self as f32
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

/// The attribute `post_transform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PostTransform {
    None,
    Softmax,
    Logistic,
    SoftmaxZero,
    Probit,
}

impl PostTransform {
    /// The one that a node asks for.
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        setup.word(
            "post_transform",
            &[
                ("NONE", Self::None),
                ("SOFTMAX", Self::Softmax),
                ("LOGISTIC", Self::Logistic),
                ("SOFTMAX_ZERO", Self::SoftmaxZero),
                ("PROBIT", Self::Probit),
            ],
        )
    }

    /// The one with this number, as operators of version 5 name it.
    pub(super) fn numbered(number: usize) -> Option<Self> {
        let all = [Self::None, Self::Softmax, Self::Logistic, Self::SoftmaxZero, Self::Probit];
        all.get(number).copied()
    }

    /// Applies it to the scores of one row.
    pub(super) fn apply<T: Real>(self, scores: &mut [T]) {
        match self {
            Self::None => {}
            Self::Softmax => softmax(scores),
            Self::SoftmaxZero => softmax_zero(scores),
            Self::Logistic => scores.iter_mut().for_each(|s| *s = logistic(*s)),
            Self::Probit => scores.iter_mut().for_each(|s| *s = T::of(probit(s.single()).into())),
        }
    }
}

/// 1 / (1 + e⁻ˣ), computed from |x| so that nothing overflows.
pub(super) fn logistic<T: Real>(x: T) -> T {
    let one = T::of(1.0);
    let zero = T::of(0.0);
    let size = if x < zero { x } else { zero - x };
    let v = one / (one + size.exp());
    if x < zero { one - v } else { v }
}

/// Exponentials that add up to one, relative to the largest score.
pub(super) fn softmax<T: Real>(scores: &mut [T]) {
    let Some(top) = largest(scores) else { return };
    let mut sum = T::of(0.0);
    for score in scores.iter_mut() {
        *score = (*score - top).exp();
        sum = sum + *score;
    }
    for score in scores {
        *score = *score / sum;
    }
}

/// The same over the scores that are not zero.
fn softmax_zero<T: Real>(scores: &mut [T]) {
    let Some(top) = largest(scores) else { return };
    let scale = (T::of(0.0) - top).exp();
    let mut sum = T::of(0.0);
    for score in scores.iter_mut() {
        // onnxruntime takes what is this small for zero.
        if *score > T::of(1e-7) || *score < T::of(-1e-7) {
            *score = (*score - top).exp();
            sum = sum + *score;
        } else {
            *score = *score * scale;
        }
    }
    for score in scores {
        *score = *score / sum;
    }
}

fn largest<T: Real>(scores: &[T]) -> Option<T> {
    scores.iter().copied().reduce(|a, b| if b > a { b } else { a })
}

/// onnxruntime's approximation of the inverse of the normal distribution.
fn probit(value: f32) -> f32 {
    let x = 2.0 * value - 1.0;
    let sign = if x < 0.0 { -1.0 } else { 1.0 };
    let rest = (1.0 - x) * (1.0 + x);
    if rest.abs() <= 0.0 {
        return 0.0;
    }
    let log = rest.ln();
    let v = 2.0 / (std::f32::consts::PI * 0.147) + 0.5 * log;
    let v2 = 1.0 / 0.147 * log;
    let v3 = -v + (v * v - v2).sqrt();
    std::f32::consts::SQRT_2 * sign * v3.sqrt()
}
