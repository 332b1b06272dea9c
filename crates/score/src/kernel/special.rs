use std::f64::consts::{FRAC_1_SQRT_2, PI};

use holdall_tabular::{
    UnaryOp,
    quantile::{CENTRE, MIDDLE, Ratio, TAIL},
};

/// The functions that are computed in binary64 whatever the kind of their operand; none for others.
pub(super) fn function(op: UnaryOp) -> Option<fn(f64) -> f64> {
    Some(match op {
        UnaryOp::Sin => f64::sin,
        UnaryOp::Cos => f64::cos,
        UnaryOp::Tan => f64::tan,
        UnaryOp::Asin => f64::asin,
        UnaryOp::Acos => f64::acos,
        UnaryOp::Atan => f64::atan,
        UnaryOp::Sinh => f64::sinh,
        UnaryOp::Cosh => f64::cosh,
        UnaryOp::Asinh => f64::asinh,
        UnaryOp::Acosh => f64::acosh,
        UnaryOp::Atanh => f64::atanh,
        UnaryOp::Log10 => f64::log10,
        UnaryOp::Log2 => f64::log2,
        UnaryOp::Exp2 => f64::exp2,
        UnaryOp::Cbrt => f64::cbrt,
        UnaryOp::Round => f64::round,
        UnaryOp::RoundEven => f64::round_ties_even,
        UnaryOp::Trunc => f64::trunc,
        UnaryOp::Sign => |x| if x.is_nan() || x.abs() <= 0.0 { x } else { x.signum() },
        UnaryOp::Erf => libm::erf,
        UnaryOp::NormalCdf => normal_cdf,
        UnaryOp::NormalPdf => normal_pdf,
        UnaryOp::NormalQuantile => normal_quantile,
        UnaryOp::LnGamma => libm::lgamma,
        UnaryOp::Neg
        | UnaryOp::Abs
        | UnaryOp::Exp
        | UnaryOp::Ln
        | UnaryOp::Ln1p
        | UnaryOp::Expm1
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Logistic
        | UnaryOp::Tanh
        | UnaryOp::Not
        | UnaryOp::IsNan
        | UnaryOp::IsMissing => return None,
    })
}

pub(super) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

pub(super) fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// About 1 part in 10¹⁶.
fn normal_quantile(p: f64) -> f64 {
    let ratio = |(above, below): &Ratio, r: f64| {
        let polynomial = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, c| sum * r + c);
        polynomial(above) / polynomial(below)
    };
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(&CENTRE, 0.180_625 - q * q);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let size = if r.is_infinite() {
        f64::INFINITY
    } else if r <= 5.0 {
        ratio(&MIDDLE, r - 1.6)
    } else {
        ratio(&TAIL, r - 5.0)
    };
    if q < 0.0 { -size } else { size }
}
