//! Vectors of probabilities out of scores.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Kind, Normalize, NormalizeBy, Op, Transform, UnaryOp, ValueId};

use super::columns::Lowering;

/// 1 − p and p, of a vector of one.
pub(super) fn pair(lowering: &mut Lowering<'_>, positive: ValueId) -> Result<ValueId, Failure> {
    let one = lowering.number(1.0)?;
    let negative = lowering.binary(BinaryOp::Sub, one, positive)?;
    lowering.op(Op::Concat(vec![negative, positive]))
}

/// Each divided by their sum; equal shares where the sum is 0.
pub(super) fn proportional(
    lowering: &mut Lowering<'_>,
    scores: ValueId,
) -> Result<ValueId, Failure> {
    let sum = lowering.sum(scores)?;
    let nothing = lowering.with_number(BinaryOp::Eq, sum, 0.0)?;
    let one = lowering.op(Op::Cast { arg: nothing, to: Kind::F64 })?;
    let scores = lowering.binary(BinaryOp::Add, scores, one)?;
    normalize(lowering, scores, NormalizeBy::Sum)
}

/// Elements in proportion to their whole.
pub(super) fn normalize(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    by: NormalizeBy,
) -> Result<ValueId, Failure> {
    lowering.op(Op::Transform(Transform::Normalize(Normalize { arg, by })))
}

/// Vectors added in order, starting from 0, then divided by a number.
pub(super) fn mean(
    lowering: &mut Lowering<'_>,
    vectors: &[ValueId],
    by: f64,
) -> Result<Option<ValueId>, Failure> {
    let Some((&first, rest)) = vectors.split_first() else { return Ok(None) };
    let mut sum = first;
    for &vector in rest {
        sum = lowering.binary(BinaryOp::Add, sum, vector)?;
    }
    if by.to_bits() == 1.0_f64.to_bits() {
        return Ok(Some(sum));
    }
    lowering.with_number(BinaryOp::Div, sum, by).map(Some)
}

/// 1 for each element that is above a limit, else 0.
pub(super) fn above(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    limit: f64,
) -> Result<ValueId, Failure> {
    let test = lowering.with_number(BinaryOp::Gt, arg, limit)?;
    lowering.op(Op::Cast { arg: test, to: Kind::F64 })
}

/// Elements squared.
pub(super) fn squared(lowering: &mut Lowering<'_>, arg: ValueId) -> Result<ValueId, Failure> {
    lowering.binary(BinaryOp::Mul, arg, arg)
}

/// The logistic function of each element.
pub(super) fn logistic(lowering: &mut Lowering<'_>, arg: ValueId) -> Result<ValueId, Failure> {
    lowering.unary(UnaryOp::Logistic, arg)
}
