//! Numbers in registers as wide as the host has them. A multiplication and an addition are two operations, each
//! rounded: lanes give the bits that one number after the other gives.

use std::borrow::Cow;

use half::{bf16, f16};
use pulp::Simd;

use super::number::Number;

/// A number of which registers hold several.
pub(crate) trait Vector: Number {
    /// A register.
    type Of<S: Simd>: Copy;
    /// How many a register holds.
    fn lanes<S: Simd>() -> usize;
    /// As many whole registers as a list has.
    fn vectors<S: Simd>(list: &[Self]) -> &[Self::Of<S>];
    fn vectors_mut<S: Simd>(list: &mut [Self]) -> &mut [Self::Of<S>];
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Of<S>;
    fn plus<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>) -> Self::Of<S>;
    fn times<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>) -> Self::Of<S>;
}

macro_rules! vector {
    ($type:ty, $of:ident, $lanes:ident, $list:ident, $list_mut:ident, $splat:ident, $add:ident, $mul:ident) => {
        impl Vector for $type {
            type Of<S: Simd> = S::$of;
            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn vectors<S: Simd>(list: &[Self]) -> &[S::$of] {
                S::$list(list).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(list: &mut [Self]) -> &mut [S::$of] {
                S::$list_mut(list).0
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$of {
                simd.$splat(x)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$of, b: S::$of) -> S::$of {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$of, b: S::$of) -> S::$of {
                simd.$mul(a, b)
            }
        }
    };
}
vector!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, add_f32s, mul_f32s);
vector!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, add_f64s, mul_f64s);
vector!(i32, i32s, I32_LANES, as_simd_i32s, as_mut_simd_i32s, splat_i32s, add_i32s, mul_i32s);
vector!(i64, i64s, I64_LANES, as_simd_i64s, as_mut_simd_i64s, splat_i64s, add_i64s, mul_i64s);

/// A number of which products are added as numbers of another type: halves in binary64, to be rounded once,
/// integers in wider ones, of which the low bits are the same.
pub(crate) trait Summed: Sized + Clone {
    type Sum: Vector;
    fn wider(list: &[Self]) -> Cow<'_, [Self::Sum]>;
    fn narrower(sums: Vec<Self::Sum>) -> Vec<Self>;
}

macro_rules! summed {
    ($($type:ty),+) => {$(
        impl Summed for $type {
            type Sum = Self;
            fn wider(list: &[Self]) -> Cow<'_, [Self]> {
                Cow::Borrowed(list)
            }
            fn narrower(sums: Vec<Self>) -> Vec<Self> {
                sums
            }
        }
    )+};
    ($($type:ty),+ => $sum:ty, $wider:expr, $narrower:expr) => {$(
        impl Summed for $type {
            type Sum = $sum;
            fn wider(list: &[Self]) -> Cow<'_, [$sum]> {
                list.iter().map($wider).collect()
            }
            fn narrower(sums: Vec<$sum>) -> Vec<Self> {
                sums.into_iter().map($narrower).collect()
            }
        }
    )+};
}
summed!(f32, f64, i32, i64);
summed!(f16, bf16 => f64, |x| x.wide(), Number::of);
summed!(i8, i16, u8, u16, u32 => i32, |x| i32::of_int(x.int()), |sum| Self::of_int(sum.int()));
summed!(u64 => i64, |x| x.cast_signed(), i64::cast_unsigned);
