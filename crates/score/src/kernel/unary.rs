use holdall_diag::Failure;
use holdall_tabular::UnaryOp;

use super::special;
use crate::{
    real::Real,
    value::{Element, Elements, wrong_kind},
};

/// A function of one element.
pub(crate) fn run<'a>(op: UnaryOp, arg: &Element<'a>, rows: usize) -> Result<Element<'a>, Failure> {
    if op == UnaryOp::IsMissing {
        let flags = arg.missing.clone().unwrap_or_else(|| vec![false; rows]);
        return Ok(Element::full(flags));
    }
    let data = match &arg.data {
        Elements::F32(v) => float(op, v, Elements::F32),
        Elements::F64(v) => float(op, v, Elements::F64),
        Elements::I64(v) => integer(op, v),
        Elements::Bool(v) if op == UnaryOp::Not => {
            Some(Elements::Bool(v.iter().map(|v| !v).collect()))
        }
        Elements::Bool(_) | Elements::Text(_) => None,
    };
    let data = data.ok_or_else(|| wrong_kind(arg.data.kind()))?;
    Ok(Element { data, missing: arg.missing.clone() })
}

fn float<'a, R: Real>(
    op: UnaryOp,
    values: &[R],
    wrap: fn(Vec<R>) -> Elements<'a>,
) -> Option<Elements<'a>> {
    let function: fn(R) -> R = match op {
        UnaryOp::Neg => |x| -x,
        UnaryOp::Abs => R::abs,
        UnaryOp::Exp => R::exp,
        UnaryOp::Ln => R::ln,
        UnaryOp::Ln1p => R::ln_1p,
        UnaryOp::Expm1 => R::exp_m1,
        UnaryOp::Sqrt => R::sqrt,
        UnaryOp::Floor => R::floor,
        UnaryOp::Ceil => R::ceil,
        UnaryOp::Logistic => R::logistic,
        UnaryOp::Tanh => R::tanh,
        UnaryOp::IsNan => return Some(Elements::Bool(values.iter().map(|x| x.nan()).collect())),
        UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Log10
        | UnaryOp::Log2
        | UnaryOp::Exp2
        | UnaryOp::Cbrt
        | UnaryOp::Round
        | UnaryOp::RoundEven
        | UnaryOp::Trunc
        | UnaryOp::Sign
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma => {
            let function = special::function(op)?;
            return Some(wrap(values.iter().map(|&x| R::narrow(function(x.widen()))).collect()));
        }
        UnaryOp::Not | UnaryOp::IsMissing => return None,
    };
    Some(wrap(values.iter().map(|&x| function(x)).collect()))
}

fn integer<'a>(op: UnaryOp, values: &[i64]) -> Option<Elements<'a>> {
    let function: fn(i64) -> i64 = match op {
        UnaryOp::Neg => i64::wrapping_neg,
        UnaryOp::Abs => i64::wrapping_abs,
        UnaryOp::Sign => i64::signum,
        UnaryOp::Exp
        | UnaryOp::Ln
        | UnaryOp::Ln1p
        | UnaryOp::Expm1
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Logistic
        | UnaryOp::Tanh
        | UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Log10
        | UnaryOp::Log2
        | UnaryOp::Exp2
        | UnaryOp::Cbrt
        | UnaryOp::Round
        | UnaryOp::RoundEven
        | UnaryOp::Trunc
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma
        | UnaryOp::Not
        | UnaryOp::IsNan
        | UnaryOp::IsMissing => return None,
    };
    Some(Elements::I64(values.iter().map(|&x| function(x)).collect()))
}
