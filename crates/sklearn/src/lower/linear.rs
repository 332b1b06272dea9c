//! Linear regressors: `coef_` (one row a target, or a list for one) and `intercept_` (a number or a
//! list). The same in all versions; `LinearModel._decision_function` of `linear_model/_base.py`.
//! Generalised linear models: their link is the logarithm, for `TweedieRegressor` as `link` says or, with
//! `auto`, where `power` is above 0; `linear_model/_glm/glm.py`. binary32 coefficients are widened: with binary64 rows NumPy computes in binary64.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Link, Op, Regress, ValueId};

use super::{
    Step,
    answer::Lowered,
    columns::{Column, Lowering},
    estimator::{Estimator, floats, matrix},
};
use crate::codes;

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let link = match e.object().name() {
        "PoissonRegressor" | "GammaRegressor" => Link::Exp,
        "TweedieRegressor" => match e.word("link") {
            Some("log") => Link::Exp,
            Some("identity") => Link::Identity,
            Some("auto") if e.number("power")? > 0.0 => Link::Exp,
            Some("auto") => Link::Identity,
            Some(_) | None => return Err(e.unknown("link")),
        },
        _ => Link::Identity,
    };
    let margins = margins(lowering, e, step.columns)?;
    Ok(Lowered::Values(lowering.op(Op::Regress(Regress { margins, link }))?))
}

/// How many margins there are.
pub(super) fn rows(estimator: &Estimator<'_>) -> Result<usize, Failure> {
    let value = estimator.fitted("coef_")?;
    if value.is_array() {
        return Ok(matrix(&value)?.0.rows as usize);
    }
    let rows = value.object()?.require("_shape")?.item(0)?.int()?;
    Ok(usize::try_from(rows).unwrap_or(0))
}

/// `coef_ · x + intercept_`; such models refuse NaN.
pub(super) fn margins(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    // `sparsify` and some solvers leave sparse coefficients.
    let coefficients = estimator.matrix("coef_", lowering.budget)?;
    estimator.expect_width("coef_", coefficients.columns as usize, columns.len())?;
    let intercepts = intercepts(&estimator.fitted("intercept_")?, coefficients.rows as usize)?;
    let arg = lowering.dense(columns, estimator.value())?;
    lowering.linear(arg, coefficients, intercepts)
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
