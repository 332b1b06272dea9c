use holdall_diag::Failure;
use holdall_tabular::BinaryOp;

use crate::{
    real::Real,
    value::{Element, Elements, either_missing, wrong_kind},
};

/// A function of two elements of one kind.
pub(crate) fn run<'a>(
    op: BinaryOp,
    left: &Element<'a>,
    right: &Element<'a>,
) -> Result<Element<'a>, Failure> {
    if let BinaryOp::And | BinaryOp::Or = op {
        return logic(op, left, right);
    }
    if let (
        BinaryOp::Modulo | BinaryOp::Remainder | BinaryOp::FloorDiv,
        Elements::I64(a),
        Elements::I64(b),
    ) = (op, &left.data, &right.data)
    {
        return Ok(divide(op, (left, a), (right, b)));
    }
    let data = match (&left.data, &right.data) {
        (Elements::F32(a), Elements::F32(b)) => float(op, a, b, Elements::F32),
        (Elements::F64(a), Elements::F64(b)) => float(op, a, b, Elements::F64),
        (Elements::I64(a), Elements::I64(b)) => integer(op, a, b),
        (Elements::Bool(a), Elements::Bool(b)) => equality(op, a, b),
        (Elements::Text(a), Elements::Text(b)) => equality(op, a, b),
        (_, _) => None,
    };
    let data = data.ok_or_else(|| wrong_kind(right.data.kind()))?;
    Ok(Element { data, missing: either_missing(left.missing.as_ref(), right.missing.as_ref()) })
}

fn each<'a, A: Copy, B>(
    a: &[A],
    b: &[A],
    wrap: impl Fn(Vec<B>) -> Elements<'a>,
    function: impl Fn(A, A) -> B,
) -> Elements<'a> {
    wrap(a.iter().zip(b).map(|(&a, &b)| function(a, b)).collect())
}

fn float<'a, R: Real>(
    op: BinaryOp,
    a: &[R],
    b: &[R],
    wrap: fn(Vec<R>) -> Elements<'a>,
) -> Option<Elements<'a>> {
    Some(match op {
        BinaryOp::Add => each(a, b, wrap, |a, b| a + b),
        BinaryOp::Sub => each(a, b, wrap, |a, b| a - b),
        BinaryOp::Mul => each(a, b, wrap, |a, b| a * b),
        BinaryOp::Div => each(a, b, wrap, |a, b| a / b),
        BinaryOp::Pow => each(a, b, wrap, R::pow),
        BinaryOp::Modulo => each(a, b, wrap, |a, b| a - b * (a / b).floor()),
        BinaryOp::Remainder => each(a, b, wrap, |a, b| a % b),
        BinaryOp::FloorDiv => each(a, b, wrap, |a, b| (a / b).floor()),
        BinaryOp::Atan2 => each(a, b, wrap, |a, b| R::narrow(libm::atan2(a.widen(), b.widen()))),
        BinaryOp::Min => {
            each(a, b, wrap, |a, b| if a.nan() || !(b.nan() || b < a) { a } else { b })
        }
        BinaryOp::Max => {
            each(a, b, wrap, |a, b| if a.nan() || !(b.nan() || b > a) { a } else { b })
        }
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor => return order(op, a, b),
    })
}

fn integer<'a>(op: BinaryOp, a: &[i64], b: &[i64]) -> Option<Elements<'a>> {
    let wrap = Elements::I64;
    Some(match op {
        BinaryOp::Add => each(a, b, wrap, i64::wrapping_add),
        BinaryOp::Sub => each(a, b, wrap, i64::wrapping_sub),
        BinaryOp::Mul => each(a, b, wrap, i64::wrapping_mul),
        BinaryOp::Min => each(a, b, wrap, Ord::min),
        BinaryOp::Max => each(a, b, wrap, Ord::max),
        BinaryOp::Div
        | BinaryOp::Pow
        | BinaryOp::Modulo
        | BinaryOp::Remainder
        | BinaryOp::FloorDiv
        | BinaryOp::Atan2 => return None,
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor => return order(op, a, b),
    })
}

fn order<'a, A: Copy + PartialOrd>(op: BinaryOp, a: &[A], b: &[A]) -> Option<Elements<'a>> {
    Some(match op {
        BinaryOp::Lt => each(a, b, Elements::Bool, |a, b| a < b),
        BinaryOp::Le => each(a, b, Elements::Bool, |a, b| a <= b),
        BinaryOp::Gt => each(a, b, Elements::Bool, |a, b| a > b),
        BinaryOp::Ge => each(a, b, Elements::Bool, |a, b| a >= b),
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Pow
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Modulo
        | BinaryOp::Remainder
        | BinaryOp::FloorDiv
        | BinaryOp::Atan2
        | BinaryOp::Xor => return equality(op, a, b),
    })
}

fn equality<'a, A: Copy + PartialEq>(op: BinaryOp, a: &[A], b: &[A]) -> Option<Elements<'a>> {
    Some(match op {
        BinaryOp::Eq => each(a, b, Elements::Bool, |a, b| a == b),
        BinaryOp::Ne | BinaryOp::Xor => each(a, b, Elements::Bool, |a, b| a != b),
        BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Pow
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Modulo
        | BinaryOp::Remainder
        | BinaryOp::FloorDiv
        | BinaryOp::Atan2 => return None,
    })
}

/// Integer division, rounded down or toward zero; by 0 it is missing.
fn divide<'a>(
    op: BinaryOp,
    (left, a): (&Element<'a>, &[i64]),
    (right, b): (&Element<'a>, &[i64]),
) -> Element<'a> {
    let rows = a.iter().zip(b).enumerate();
    Element::optional(rows.map(|(row, (&a, &b))| {
        if b == 0 || left.is_missing(row) || right.is_missing(row) {
            return None;
        }
        let (quotient, remainder) = (a.wrapping_div(b), a.wrapping_rem(b));
        let down = remainder != 0 && (remainder < 0) != (b < 0);
        Some(if op == BinaryOp::FloorDiv {
            quotient - i64::from(down)
        } else if op == BinaryOp::Modulo && down {
            remainder + b
        } else {
            remainder
        })
    }))
}

/// Three-valued: a false decides `and`, a true decides `or`, whatever is missing.
fn logic<'a>(
    op: BinaryOp,
    left: &Element<'a>,
    right: &Element<'a>,
) -> Result<Element<'a>, Failure> {
    let (a, b) = (left.values::<bool>()?, right.values::<bool>()?);
    let decides = op == BinaryOp::Or;
    let mut values = Vec::with_capacity(a.len());
    let mut missing = Vec::with_capacity(a.len());
    for (row, (&a, &b)) in a.iter().zip(b).enumerate() {
        let (no_a, no_b) = (left.is_missing(row), right.is_missing(row));
        let decided = (!no_a && a == decides) || (!no_b && b == decides);
        values.push(if decided { decides } else { !decides });
        missing.push(!decided && (no_a || no_b));
    }
    let missing = missing.contains(&true).then_some(missing);
    Ok(Element { data: Elements::Bool(values), missing })
}
