//! Classifiers whose margins are `coef_ · x + intercept_`: `LinearClassifierMixin` of
//! `linear_model/_base.py`. The label: margin > 0 for one row, else the largest margin. The same in all
//! versions.
//!
//! | class | probabilities |
//! |---|---|
//! | `SGDClassifier(loss='log_loss')` (`'log'` until 1.2) | logistic, divided by the sum |
//! | `SGDClassifier(loss='modified_huber')` | (margin kept within ±1 + 1) ÷ 2, divided by the sum |
//! | `LinearDiscriminantAnalysis` | logistic, or softmax of several |
//! | others | none |

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Decision, Labels, Link, ValueId};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares},
    columns::Lowering,
    estimator::{Estimator, classes, count, has_labels},
    linear,
    mlp::targets,
    shares::{pair, proportional},
};

/// Margins and how the label is decided.
fn parts(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<(Labels, ValueId, Decision), Failure> {
    let classes = classes(step.estimator)?;
    let margins = linear::margins(lowering, step.estimator, step.columns)?;
    let binary = linear::rows(step.estimator)? == 1;
    let decision = if binary { Decision::MarginAbove(0.0) } else { Decision::LargestMargin };
    Ok((classes, margins, decision))
}

/// A classifier without probabilities. Ridge classifiers may answer several labels, each where its margin
/// is above 0.
pub(super) fn plain(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if let Some(binarizer) = e.get("_label_binarizer")
        && has_labels(&Estimator::new(&binarizer, e.version())?)
    {
        let total = count(e.value(), linear::rows(e)?)?;
        let margins = linear::margins(lowering, e, step.columns)?;
        return targets(lowering, total, margins, None, Decision::MarginAbove(0.0));
    }
    let (classes, margins, decision) = parts(lowering, step)?;
    by_margins(lowering, classes, margins, None, decision).map(Lowered::Classes)
}

/// `SGDClassifier`.
pub(super) fn sgd(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let (classes, margins, decision) = parts(lowering, step)?;
    let binary = matches!(decision, Decision::MarginAbove(_));
    let link = match step.estimator.word("loss") {
        Some("log_loss" | "log") if binary => Some(Link::Logistic),
        Some("log_loss" | "log") => Some(Link::LogisticNormalized),
        Some(_) | None => None,
    };
    let answer = by_margins(lowering, classes.clone(), margins, link, decision)?;
    if step.estimator.word("loss") != Some("modified_huber") {
        return Ok(Lowered::Classes(answer));
    }
    let low = lowering.with_number(BinaryOp::Max, margins, -1.0)?;
    let kept = lowering.with_number(BinaryOp::Min, low, 1.0)?;
    let moved = lowering.with_number(BinaryOp::Add, kept, 1.0)?;
    let halved = lowering.with_number(BinaryOp::Div, moved, 2.0)?;
    let shares = if binary { pair(lowering, halved)? } else { proportional(lowering, halved)? };
    let shares = by_shares(lowering, classes, shares)?;
    Ok(Lowered::Classes(Classifier { probabilities: shares.probabilities, ..answer }))
}

/// The estimate of `LinearDiscriminantAnalysis`.
pub(super) fn discriminant(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let (classes, margins, decision) = parts(lowering, step)?;
    let binary = matches!(decision, Decision::MarginAbove(_));
    let link = if binary { Link::Logistic } else { Link::Softmax };
    by_margins(lowering, classes, margins, Some(link), decision).map(Lowered::Classes)
}
