//! Answers that do not depend on the row: `dummy.py`. `stratified` and `uniform` draw lots and are not
//! carried.

use holdall_diag::Failure;
use holdall_tabular::Labels;

use super::{
    Step,
    answer::{Lowered, by_shares, values},
    columns::Lowering,
    estimator::{classes, floats, labels},
};
use crate::codes;

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let strategy = e.word("_strategy").or_else(|| e.word("strategy"));
    let prior = e.per_column("class_prior_", classes.len())?;
    let chosen = match strategy {
        Some("prior") => None,
        Some("most_frequent") => {
            let most = prior.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prior.iter().position(|p| p.to_bits() == most.to_bits())
        }
        Some("constant") => Some(constant(step, &classes)?),
        Some(_) | None => {
            return Err(e
                .unknown("strategy")
                .with_help("use `prior`, `most_frequent` or `constant`; others draw lots"));
        }
    };
    let shares = match chosen {
        Some(chosen) => (0..prior.len()).map(|i| f64::from(u8::from(i == chosen))).collect(),
        None => prior,
    };
    let shares = lowering.constants(shares)?;
    by_shares(lowering, classes, shares).map(Lowered::Classes)
}

/// Which class is always answered.
fn constant(step: &Step<'_, '_>, classes: &Labels) -> Result<usize, Failure> {
    let value = step.estimator.fitted("constant")?;
    let label = if value.is_array() {
        labels(&value)?.0.get(0)
    } else if let Some(number) = value.as_int() {
        Some(holdall_tabular::Scalar::I64(number))
    } else {
        Some(holdall_tabular::Scalar::Text(value.to_text()?))
    };
    let place = (0..classes.len()).find(|&i| classes.get(i) == label);
    place.ok_or_else(|| value.failure(codes::SHAPE, "the constant is not one of the classes"))
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let value = step.estimator.fitted("constant_")?;
    let constant = value.as_float().map_or_else(|| floats(&value), |number| Ok(vec![number]))?;
    let margins = lowering.constants(constant)?;
    values(lowering, margins)
}

/// A member of a multi-class scheme that saw one class only: `y_` is 0 or 1.
pub(super) fn member(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let value = step.estimator.number("y_")?;
    let shares = lowering.constants(vec![1.0 - value, value])?;
    let mut answer = by_shares(lowering, Labels::I64(vec![0, 1]), shares)?;
    answer.decision = Some(lowering.constants(vec![value])?);
    Ok(Lowered::Classes(answer))
}
