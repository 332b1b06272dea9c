//! Estimators that answer through another one: searches (`best_estimator_`), `RANSACRegressor` and
//! `SelfTrainingClassifier` (`estimator_`, `base_estimator_` until 1.5), `FrozenEstimator` (`estimator`),
//! classifiers with a threshold, `TransformedTargetRegressor`.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Decision, Labels, Part, UnaryOp};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, values},
    columns::Lowering,
    ensemble::classifier_of,
    estimator::{Estimator, labels},
    inverse, lower_inside,
};
use crate::codes;

/// The estimator that answers.
pub(super) fn inner<'p>(estimator: &Estimator<'p>) -> Result<Value<'p>, Failure> {
    let keys = ["best_estimator_", "estimator_", "base_estimator_", "regressor_"];
    match keys.iter().find_map(|key| estimator.get(key)) {
        Some(inner) => Ok(inner),
        None if estimator.object().name() == "FrozenEstimator" => estimator.fitted("estimator"),
        None if estimator.object().name().ends_with("SearchCV") => Err(estimator
            .refuse(codes::NOT_FITTED, "the search keeps no best estimator")
            .with_help(
                "search with `refit=True`, or save the estimator that was fitted afterwards",
            )),
        None => estimator.fitted("estimator_"),
    }
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    lower_inside(lowering, step, &inner(step.estimator)?, step.columns)
}

/// `FixedThresholdClassifier` and `TunedThresholdClassifierCV`: the positive class where its score is at
/// least the threshold.
pub(super) fn threshold(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let key = if e.get("estimator_").is_some() { "estimator_" } else { "estimator" };
    let member = classifier_of(lowering, step, &e.fitted(key)?, step.columns)?;
    if member.classes.len() != 2 {
        return Err(e.refuse(codes::OUTPUTS, "a threshold of other than two classes"));
    }
    let first = match positive(e)? {
        Some(label) => member.classes.get(0) == label.get(0),
        None => false,
    };
    let shares = member.shares(lowering)?;
    let by_shares = e.word("response_method") != Some("decision_function") && shares.is_some();
    let score = match (shares, member.decision) {
        (Some(shares), _) if by_shares => lowering.element(shares, u32::from(!first))?,
        (_, Some(decision)) if first => lowering.unary(UnaryOp::Neg, decision)?,
        (_, Some(decision)) => decision,
        _ => return Err(e.refuse(codes::SHAPE, "the estimator has no scores")),
    };
    let limit = match e.get("best_threshold_").or_else(|| e.get("threshold")) {
        Some(limit) if limit.as_text() == Some("auto") => {
            if by_shares {
                0.5
            } else {
                0.0
            }
        }
        Some(limit) => limit.float()?,
        None => e.number("best_threshold_")?,
    };
    let classes = member.classes.clone();
    let order = if first { swapped(&classes) } else { classes.clone() };
    let label = by_margins(lowering, order, score, None, Decision::MarginAtLeast(limit))?.label;
    Ok(Lowered::Classes(Classifier { label, ..member }))
}

fn swapped(classes: &Labels) -> Labels {
    match classes.clone() {
        Labels::Text(mut v) => {
            v.reverse();
            Labels::Text(v)
        }
        Labels::I64(mut v) => {
            v.reverse();
            Labels::I64(v)
        }
        Labels::F64(mut v) => {
            v.reverse();
            Labels::F64(v)
        }
        Labels::Bool(mut v) => {
            v.reverse();
            Labels::Bool(v)
        }
    }
}

/// `pos_label`, as a list of one.
fn positive(estimator: &Estimator<'_>) -> Result<Option<Labels>, Failure> {
    let Some(value) = estimator.get("pos_label") else { return Ok(None) };
    if value.is_array() {
        return Ok(Some(labels(&value)?.0));
    }
    if let Some(truth) = value.as_bool() {
        return Ok(Some(Labels::Bool(vec![truth])));
    }
    if let Some(number) = value.as_int() {
        return Ok(Some(Labels::I64(vec![number])));
    }
    value.to_text().map(|text| Some(Labels::Text(vec![text])))
}

/// The regressor's values taken back through `transformer_`.
pub(super) fn target(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let answer = lower_inside(lowering, step, &e.fitted("regressor_")?, step.columns)?;
    let Lowered::Values(estimate) = answer else {
        return Err(e.value().failure(codes::SHAPE, "expected a regressor"));
    };
    let vector = lowering.part(estimate, Part::Values)?;
    let transformer = Estimator::new(&e.fitted("transformer_")?, e.version())?;
    let back = inverse::lower(lowering, &transformer, vector)?;
    values(lowering, back)
}
