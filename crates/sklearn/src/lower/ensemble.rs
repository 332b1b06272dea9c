//! Ensembles of estimators of any class.
//!
//! | class | answer |
//! |---|---|
//! | `AdaBoostClassifier`, SAMME | for each member w at its label and −w ÷ (k − 1) elsewhere (0 until 1.3.0), added, ÷ Σ w; probabilities: softmax ÷ (k − 1) |
//! | SAMME.R (until 1.5) | (k − 1)(ln p − mean ln p) of each member, p at least ε |
//! | `AdaBoostRegressor` | weighted median |
//! | `BaggingClassifier` | mean of the probabilities; without them the share of votes |
//! | `BaggingRegressor`, `VotingRegressor` | mean, weighted with `weights` |
//! | `VotingClassifier`, hard | most votes, the first of equals |
//! | soft | mean of the probabilities |
//!
//! Members are added in order; `ensemble/_weight_boosting.py`, `_bagging.py`, `_voting.py`. Members of a
//! bag see the columns of `estimators_features_`.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    BinaryOp, Combine, CombineMethod, Decision, Estimator as Family, Labels, Linear, Link, Matrix,
    Member, MissingMember, NormalizeBy, Op, Part, Summation, UnaryOp, ValueId,
};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares, values},
    columns::{Column, Lowering, fresh},
    estimator::{Estimator, classes, count, floats},
    lower_member,
    shares::{mean, normalize},
};
use crate::codes;

/// A member that classifies.
pub(super) fn classifier_of(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Value<'_>,
    columns: &[Column],
) -> Result<Classifier, Failure> {
    let answer = lower_member(lowering, step, member, columns)?.into_classifier();
    answer.ok_or_else(|| member.failure(codes::SHAPE, "expected a classifier of one target"))
}

/// The values of a member that regresses, as a vector.
pub(super) fn values_of(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Value<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let estimate = estimate_of(lowering, step, member, columns)?;
    lowering.part(estimate, Part::Values)
}

fn estimate_of(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Value<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let answer = lower_member(lowering, step, member, columns)?.into_values();
    answer.ok_or_else(|| member.failure(codes::SHAPE, "expected a regressor"))
}

/// Weights of the members, as many as there are.
fn weights(estimator: &Estimator<'_>, key: &str, members: usize) -> Result<Vec<f64>, Failure> {
    let mut weights = estimator.numbers(key)?;
    // AdaBoost keeps a place for members that were not needed.
    if weights.len() > members {
        weights.truncate(members);
    }
    estimator.expect_width(key, weights.len(), members)?;
    Ok(weights)
}

pub(super) fn ada_classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let members = e.members("estimators_")?;
    let all = e.numbers("estimator_weights_")?;
    let weights = weights(e, "estimator_weights_", members.len())?;
    let real = e.word("algorithm") == Some("SAMME.R") && !e.since(1, 6);
    let mut parts = Vec::new();
    for member in &members {
        let member = classifier_of(lowering, step, member, step.columns)?;
        parts.push(if real {
            logs(lowering, step, &member, &classes)?
        } else {
            member.indicators(lowering, &classes)?
        });
    }
    let total: f64 = all.iter().sum();
    let sum = if real {
        mean(lowering, &parts, total)?
            .ok_or_else(|| e.value().failure(codes::SHAPE, "no member"))?
    } else {
        let sum = votes(lowering, step, &parts, &weights, classes.len())?;
        lowering.with_number(BinaryOp::Div, sum, total)?
    };
    answer(lowering, classes, sum).map(Lowered::Classes)
}

/// (k − 1)(ln p − (1 ÷ k) Σ ln p).
#[expect(clippy::cast_precision_loss, reason = "a number of classes")]
fn logs(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    member: &Classifier,
    classes: &Labels,
) -> Result<ValueId, Failure> {
    let k = classes.len() as f64;
    let shares = member.shares(lowering)?.filter(|_| member.classes == *classes);
    let shares = shares.ok_or_else(|| {
        step.estimator.refuse(codes::PARAMETER, "members that know other classes are not carried")
    })?;
    let kept = lowering.with_number(BinaryOp::Max, shares, f64::EPSILON)?;
    let logs = lowering.unary(UnaryOp::Ln, kept)?;
    let sum = lowering.sum(logs)?;
    let mean = lowering.with_number(BinaryOp::Mul, sum, 1.0 / k)?;
    let apart = lowering.binary(BinaryOp::Sub, logs, mean)?;
    lowering.with_number(BinaryOp::Mul, apart, k - 1.0)
}

/// w at the label of each member, −w ÷ (k − 1) elsewhere. Exactly one indicator of a member is 1, so
/// that the products are exact and the order is that of the members.
#[expect(clippy::cast_precision_loss, reason = "a number of classes")]
fn votes(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    indicators: &[ValueId],
    weights: &[f64],
    classes: usize,
) -> Result<ValueId, Failure> {
    let at = step.estimator.value();
    // Until 1.2 members said nothing of the other classes.
    let against = if step.estimator.since(1, 3) { -1.0 / (classes as f64 - 1.0) } else { 0.0 };
    let cells = (classes as u64).saturating_pow(2).saturating_mul(weights.len() as u64);
    lowering.budget.charge_elements(cells, 8)?;
    let mut data = Vec::new();
    for class in 0..classes {
        for weight in weights {
            data.extend((0..classes).map(|c| if c == class { *weight } else { against * weight }));
        }
    }
    let columns = count(at, classes * weights.len())?;
    let coefficients = Matrix { rows: count(at, classes)?, columns, data };
    let arg = lowering.op(Op::Concat(indicators.to_vec()))?;
    let intercepts = vec![0.0; classes];
    let summation = Summation::SequentialF64;
    lowering.op(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
}

#[expect(clippy::cast_precision_loss, reason = "a number of classes")]
fn answer(
    lowering: &mut Lowering<'_>,
    classes: Labels,
    sum: ValueId,
) -> Result<Classifier, Failure> {
    let k = classes.len();
    let (margins, decision, halves) = if k == 2 {
        let coefficients = Matrix { rows: 1, columns: 2, data: vec![-1.0, 1.0] };
        let (intercepts, summation) = (vec![0.0], Summation::SequentialF64);
        let linear = Linear { arg: sum, coefficients, intercepts, summation };
        let margin = lowering.op(Op::Linear(linear))?;
        let negative = lowering.unary(UnaryOp::Neg, margin)?;
        let both = lowering.op(Op::Concat(vec![negative, margin]))?;
        let halves = lowering.with_number(BinaryOp::Div, both, 2.0)?;
        (margin, Decision::MarginAbove(0.0), halves)
    } else {
        let parts = lowering.with_number(BinaryOp::Div, sum, k as f64 - 1.0)?;
        (sum, Decision::LargestMargin, parts)
    };
    let answer = by_margins(lowering, classes.clone(), margins, None, decision)?;
    let shares = normalize(lowering, halves, NormalizeBy::Softmax)?;
    let shares = by_shares(lowering, classes, shares)?;
    Ok(Classifier { probabilities: shares.probabilities, ..answer })
}

pub(super) fn ada_regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let list = e.members("estimators_")?;
    let weights = weights(e, "estimator_weights_", list.len())?;
    let mut members = Vec::new();
    for (member, weight) in list.iter().zip(weights) {
        let estimate = estimate_of(lowering, step, member, step.columns)?;
        let (when, weight, id) = (None, Some(lowering.number(weight)?), String::new());
        members.push(Member { when, estimate, weight, id });
    }
    let (method, missing) = (CombineMethod::WeightedMedian, MissingMember::Missing);
    let combine = Combine { members, method, missing, threshold: 0.0 };
    Ok(Lowered::Values(lowering.op(Op::Estimator(Family::Combine(Box::new(combine))))?))
}

/// The columns that each member of a bag sees.
fn bags(step: &Step<'_, '_>, members: usize) -> Result<Vec<Vec<Column>>, Failure> {
    let e = step.estimator;
    let lists = e.members("estimators_features_")?;
    e.expect_width("estimators_features_", lists.len(), members)?;
    let mut bags = Vec::with_capacity(lists.len());
    for list in lists {
        let chosen: Option<Vec<Column>> = (list.array()?.to_i64()?.into_iter())
            .map(|i| step.columns.get(usize::try_from(i).ok()?).copied())
            .collect();
        bags.push(chosen.ok_or_else(|| list.failure(codes::SHAPE, "a column beyond the input"))?);
    }
    Ok(bags)
}

#[expect(clippy::cast_precision_loss, reason = "a number of members")]
pub(super) fn bagging_classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let outer = classes(e)?;
    let members = e.members("estimators_")?;
    let (mut parts, mut decisions) = (Vec::new(), Vec::new());
    for (member, columns) in members.iter().zip(bags(step, members.len())?) {
        let member = classifier_of(lowering, step, member, &columns)?;
        // Members are fitted on the positions of the classes.
        let positions = Labels::I64((0..outer.len() as u64).map(u64::cast_signed).collect());
        let known = if member.classes.kind() == outer.kind() && member.classes == outer {
            outer.clone()
        } else {
            positions
        };
        decisions.extend(member.decision);
        parts.push(match member.shares(lowering)? {
            Some(shares) if member.classes == known => shares,
            Some(_) => {
                let message = "members that know a part of the classes only are not carried";
                return Err(e.refuse(codes::OUTPUTS, message));
            }
            None => member.indicators(lowering, &known)?,
        });
    }
    let shares = mean(lowering, &parts, members.len() as f64)?;
    let shares = shares.ok_or_else(|| e.value().failure(codes::SHAPE, "no member"))?;
    let answer = by_shares(lowering, outer, shares)?;
    let decision = if decisions.len() == members.len() {
        mean(lowering, &decisions, members.len() as f64)?
    } else {
        None
    };
    Ok(Lowered::Classes(Classifier { decision, ..answer }))
}

#[expect(clippy::cast_precision_loss, reason = "a number of members")]
pub(super) fn bagging_regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let members = e.members("estimators_")?;
    let mut parts = Vec::new();
    for (member, columns) in members.iter().zip(bags(step, members.len())?) {
        parts.push(values_of(lowering, step, member, &columns)?);
    }
    let sum = mean(lowering, &parts, members.len() as f64)?;
    values(lowering, sum.ok_or_else(|| e.value().failure(codes::SHAPE, "no member"))?)
}

/// The weights of the voters that were not dropped; none without weights.
fn voters<'p>(step: &Step<'_, 'p>) -> Result<(Vec<Value<'p>>, Option<Vec<f64>>), Failure> {
    let e = step.estimator;
    let members = e.members("estimators_")?;
    let Some(weights) = e.get("weights") else { return Ok((members, None)) };
    let weights = if weights.is_array() {
        floats(&weights)?
    } else {
        weights.items()?.map(|w| w.float()).collect::<Result<Vec<_>, _>>()?
    };
    let mut kept = Vec::new();
    for (pair, weight) in e.fitted("estimators")?.items()?.zip(weights) {
        if pair.item(1)?.as_text() != Some("drop") {
            kept.push(weight);
        }
    }
    e.expect_width("weights", kept.len(), members.len())?;
    Ok((members, Some(kept)))
}

/// The mean of vectors as `numpy.average` forms it.
#[expect(clippy::cast_precision_loss, reason = "a number of members")]
fn average(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    parts: &[ValueId],
    weights: Option<&[f64]>,
) -> Result<ValueId, Failure> {
    let mut weighted = parts.to_vec();
    let mut by = parts.len() as f64;
    if let Some(weights) = weights {
        by = weights.iter().sum();
        for (part, &weight) in weighted.iter_mut().zip(weights) {
            *part = lowering.with_number(BinaryOp::Mul, *part, weight)?;
        }
    }
    let sum = mean(lowering, &weighted, by)?;
    sum.ok_or_else(|| step.estimator.value().failure(codes::SHAPE, "no member"))
}

pub(super) fn voting_regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let (members, weights) = voters(step)?;
    let mut parts = Vec::new();
    for member in &members {
        parts.push(values_of(lowering, step, member, step.columns)?);
    }
    if step.transforms {
        let all = lowering.op(Op::Concat(parts.clone()))?;
        return Ok(Lowered::Columns(fresh(all, parts.len())));
    }
    let average = average(lowering, step, &parts, weights.as_deref())?;
    values(lowering, average)
}

pub(super) fn voting_classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let (members, weights) = voters(step)?;
    let soft = match e.word("voting") {
        Some("soft") => true,
        Some("hard") | None => false,
        Some(_) => return Err(e.unknown("voting")),
    };
    let mut parts = Vec::new();
    for member in &members {
        let member = classifier_of(lowering, step, member, step.columns)?;
        parts.push(if soft {
            let shares = member.shares(lowering)?;
            shares.ok_or_else(|| e.refuse(codes::SHAPE, "a member has no probabilities"))?
        } else {
            let known = member.classes.clone();
            member.indicators(lowering, &known)?
        });
    }
    if step.transforms {
        return Err(e.refuse(codes::CLASS, "a vote as a step of a pipeline is not carried"));
    }
    if soft {
        let shares = average(lowering, step, &parts, weights.as_deref())?;
        return by_shares(lowering, classes, shares).map(Lowered::Classes);
    }
    let ones = vec![1.0; parts.len()];
    let weights = weights.unwrap_or(ones);
    for (part, weight) in parts.iter_mut().zip(weights) {
        *part = lowering.with_number(BinaryOp::Mul, *part, weight)?;
    }
    let sum = mean(lowering, &parts, 1.0)?;
    let sum = sum.ok_or_else(|| e.value().failure(codes::SHAPE, "no member"))?;
    let none: Option<Link> = None;
    let mut answer = by_margins(lowering, classes, sum, none, Decision::LargestMargin)?;
    answer.decision = None;
    Ok(Lowered::Classes(answer))
}
