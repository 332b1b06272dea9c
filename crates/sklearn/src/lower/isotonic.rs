//! `IsotonicRegression`: straight lines between `X_thresholds_` and `y_thresholds_` (until 0.23
//! `_necessary_X_` and `_necessary_y_`); `isotonic.py`. Beyond the ends NaN, the value at the end (`out_of_bounds='clip'`), or the row is refused.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Curve, CurveForm, Op, Outside, Transform, ValueId};

use super::{
    Step,
    answer::{Lowered, values},
    columns::{Lowering, fresh},
    estimator::Estimator,
};
use crate::codes;

/// The curve through the thresholds.
pub(super) fn curve(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    arg: ValueId,
) -> Result<ValueId, Failure> {
    let keys = if estimator.get("_necessary_X_").is_some() {
        ["_necessary_X_", "_necessary_y_"]
    } else {
        ["X_thresholds_", "y_thresholds_"]
    };
    let (x, y) = (estimator.numbers(keys[0])?, estimator.numbers(keys[1])?);
    estimator.expect_width(keys[1], y.len(), x.len())?;
    for key in keys {
        if !estimator.fitted(key)?.array()?.dtype().spell().ends_with("f8") {
            let message = "an isotonic regression of binary32 numbers is not carried";
            return Err(estimator
                .refuse(codes::PARAMETER, message)
                .with_help("fit on binary64 numbers: rows are rounded to those of fitting"));
        }
    }
    let (first, last) = (x.first().copied(), x.last().copied());
    let line = Curve { arg, x, y, outside: Outside::Clamp, form: CurveForm::Slope };
    let line = lowering.op(Op::Transform(Transform::Curve(line)))?;
    match estimator.word("out_of_bounds") {
        Some("clip") => Ok(line),
        Some("nan") | None => {
            // 0 within the ends, NaN beyond.
            let low = lowering.with_number(BinaryOp::Max, arg, first.unwrap_or(f64::NAN))?;
            let kept = lowering.with_number(BinaryOp::Min, low, last.unwrap_or(f64::NAN))?;
            let inside = lowering.binary(BinaryOp::Eq, arg, kept)?;
            let one = lowering.op(Op::Cast { arg: inside, to: holdall_tabular::Kind::F64 })?;
            // 0 ÷ 1 within, 0 ÷ 0 beyond.
            let nothing = lowering.with_number(BinaryOp::Mul, one, 0.0)?;
            let gap = lowering.binary(BinaryOp::Div, nothing, one)?;
            lowering.binary(BinaryOp::Add, line, gap)
        }
        Some(_) => Err(estimator
            .unknown("out_of_bounds")
            .with_help("fit with `out_of_bounds='clip'` or `'nan'`")),
    }
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    e.expect_width("X_thresholds_", 1, step.columns.len())?;
    let arg = lowering.dense(step.columns, e.value())?;
    let line = curve(lowering, e, arg)?;
    if step.transforms { Ok(Lowered::Columns(fresh(line, 1))) } else { values(lowering, line) }
}
