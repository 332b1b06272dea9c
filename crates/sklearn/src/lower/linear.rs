//! Linear regressors: `coef_` (one row a target, or a list for one) and `intercept_` (a number or a
//! list). The same in all versions; `LinearModel._decision_function` of `linear_model/_base.py`.
//! binary32 coefficients are widened: with binary64 rows NumPy computes in binary64.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Linear, Link, Op, Regress, Summation, ValueId};

use super::{
    columns::{Column, Lowering},
    estimator::{Estimator, floats, matrix},
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let margins = margins(lowering, estimator, columns)?;
    lowering.push(Op::Regress(Regress { margins, link: Link::Identity }), estimator.value())
}

/// `coef_ · x + intercept_`; such models refuse NaN.
pub(super) fn margins(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let (coefficients, _) = matrix(&estimator.fitted("coef_")?)?;
    estimator.expect_width("coef_", coefficients.columns as usize, columns.len())?;
    let intercepts = intercepts(&estimator.fitted("intercept_")?, coefficients.rows as usize)?;
    let at = estimator.value();
    let arg = lowering.numbers(columns, at)?;
    lowering.refuse_missing(columns);
    let summation = Summation::AnyF64;
    lowering.push(Op::Linear(Linear { arg, coefficients, intercepts, summation }), at)
}

fn intercepts(value: &Value<'_>, rows: usize) -> Result<Vec<f64>, Failure> {
    if let Some(number) = value.as_float() {
        return Ok(vec![number; rows]);
    }
    let list = floats(value)?;
    match (list.as_slice(), rows) {
        (list, rows) if list.len() == rows => Ok(list.to_vec()),
        ([only], rows) => Ok(vec![*only; rows]),
        (list, rows) => Err(value
            .failure(codes::SHAPE, format!("expected {rows} intercepts, found {}", list.len()))),
    }
}
