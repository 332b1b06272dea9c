//! The exponential function in operations that are the same on every host, and that registers do side by side. It
//! errs by less than 2 units in the last place of binary64, so that what is rounded to binary32 is the nearest but
//! in one case of hundreds of millions. The library of the host does what is not rounded.

use super::number::Float;

/// ln 2 in a part whose products with small integers are exact, and the rest.
const LN2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// Added and taken away again, it rounds to an integer, whose bits are then the last ones.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// 1 / k! from the 13th down to the first.
const FACTORIALS: [f64; 13] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
];

/// A power of two, of an exponent from -1022 to 1023.
#[expect(clippy::inline_always, reason = "registers do several only within their loop")]
#[inline(always)]
const fn power(exponent: f64) -> f64 {
    f64::from_bits(((exponent + ROUND).to_bits() << 52).wrapping_add(1023 << 52))
}

/// e to the power of a number.
#[expect(clippy::inline_always, reason = "registers do several only within their loop")]
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Beyond these all is 0 or infinite. NaN stays.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let n = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN2[0]) - n * LN2[1];
    let mut sum = 0.0;
    for factor in FACTORIALS {
        sum = (sum + factor) * r;
    }
    // In two steps, because 2 to the power of n may be no normal number.
    let half = (n * 0.5 + ROUND) - ROUND;
    (sum + 1.0) * power(half) * power(n - half)
}

/// The exponential of every number of a list.
pub(crate) fn exponentials<T: Float>(list: &mut [T]) {
    if size_of::<T>() == 8 {
        for x in list {
            *x = x.via(f64::exp);
        }
        return;
    }
    pulp::Arch::new().dispatch(|| {
        for x in list {
            *x = T::of(exp(x.wide()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_errs_by_less_than_two_units_in_the_last_place() {
        let mut worst = 0;
        for i in -7_460_000..7_110_000 {
            let x = f64::from(i) * 1e-4 + 3.3e-6;
            worst = worst.max(exp(x).to_bits().abs_diff(x.exp().to_bits()));
        }
        assert!(worst <= 2, "{worst}");
    }

    #[test]
    fn the_ends_are_those_of_the_function() {
        let bits = |x: f64| exp(x).to_bits();
        assert_eq!(bits(0.0), 1.0_f64.to_bits());
        assert_eq!(bits(f64::NEG_INFINITY), 0.0_f64.to_bits());
        assert_eq!(bits(f64::INFINITY), f64::INFINITY.to_bits());
        assert_eq!(bits(f64::MAX), f64::INFINITY.to_bits());
        assert!(exp(f64::NAN).is_nan());
    }
}
