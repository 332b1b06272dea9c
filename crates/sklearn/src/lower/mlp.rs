//! Multi-layer perceptrons: `coefs_` and `intercepts_` of each layer, `activation` between them,
//! `out_activation_` at the end; `neural_network/_multilayer_perceptron.py`. The same in all versions;
//! `exp` as the last one from 1.7. Two classes: the second where its probability is above ½.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Decision, Labels, Link, NormalizeBy, UnaryOp, ValueId};

use super::{
    Step,
    answer::{Lowered, by_margins, values},
    columns::Lowering,
    estimator::{Estimator, classes_of, count, floats, has_labels, matrix, zero_and_one},
    matrix::transposed,
    shares::normalize,
};
use crate::codes;

fn activate(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    key: &str,
    arg: ValueId,
) -> Result<ValueId, Failure> {
    match estimator.word(key) {
        Some("identity") => Ok(arg),
        Some("logistic") => lowering.unary(UnaryOp::Logistic, arg),
        Some("tanh") => lowering.unary(UnaryOp::Tanh, arg),
        Some("exp") => lowering.unary(UnaryOp::Exp, arg),
        Some("relu") => lowering.with_number(BinaryOp::Max, arg, 0.0),
        Some("softmax") => normalize(lowering, arg, NormalizeBy::Softmax),
        Some(_) | None => Err(estimator.unknown(key)),
    }
}

/// The last layer before its activation.
fn layers(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<ValueId, Failure> {
    let e = step.estimator;
    let coefficients: Vec<_> = e.fitted("coefs_")?.items()?.collect();
    let intercepts: Vec<_> = e.fitted("intercepts_")?.items()?.collect();
    if coefficients.len() != intercepts.len() || coefficients.is_empty() {
        return Err(e.value().failure(codes::SHAPE, "expected an intercept for each layer"));
    }
    let mut arg = lowering.dense(step.columns, e.value())?;
    let mut width = step.columns.len();
    for (i, (coefficients, intercepts)) in coefficients.iter().zip(&intercepts).enumerate() {
        if i > 0 {
            arg = activate(lowering, e, "activation", arg)?;
        }
        let weights = transposed(&matrix(coefficients)?.0);
        e.expect_width("coefs_", weights.columns as usize, width)?;
        width = weights.rows as usize;
        arg = lowering.linear(arg, weights, floats(intercepts)?)?;
    }
    Ok(arg)
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let binarizer = Estimator::new(&e.fitted("_label_binarizer")?, e.version())?;
    if has_labels(&binarizer) && e.word("out_activation_") == Some("logistic") {
        let margins = layers(lowering, step)?;
        let above = Decision::ProbabilityAbove(0.5);
        let last = e.fitted("intercepts_")?.items()?.last();
        let total = last.map_or(Ok(0), |last| last.array().map(|last| last.len()))?;
        let total = count(e.value(), total)?;
        return targets(lowering, total, margins, Some(Link::Logistic), above);
    }
    let classes: Labels = classes_of(&binarizer)?;
    let margins = layers(lowering, step)?;
    let (link, decision) = match e.word("out_activation_") {
        Some("logistic") if classes.len() == 2 => (Link::Logistic, Decision::ProbabilityAbove(0.5)),
        Some("softmax") => (Link::Softmax, Decision::LargestProbability),
        Some(_) | None => return Err(e.unknown("out_activation_")),
    };
    let mut answer = by_margins(lowering, classes, margins, Some(link), decision)?;
    answer.decision = None;
    Ok(Lowered::Classes(answer))
}

/// Several labels: a target of 0 and 1 for each margin.
pub(super) fn targets(
    lowering: &mut Lowering<'_>,
    total: u32,
    margins: ValueId,
    link: Option<Link>,
    decision: Decision,
) -> Result<Lowered, Failure> {
    let mut targets = Vec::new();
    for i in 0..total {
        let margin = lowering.element(margins, i)?;
        let mut answer = by_margins(lowering, zero_and_one(), margin, link, decision)?;
        answer.decision = None;
        targets.push(answer);
    }
    Ok(Lowered::Targets(targets))
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let last = layers(lowering, step)?;
    let answer = activate(lowering, step.estimator, "out_activation_", last)?;
    values(lowering, answer)
}
