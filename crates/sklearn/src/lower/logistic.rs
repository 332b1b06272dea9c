//! Logistic regression: `coef_`, `intercept_`, `classes_`; `predict_proba` of
//! `linear_model/_logistic.py`.
//!
//! | state | probabilities |
//! |---|---|
//! | one row, `multi_class` absent, `auto`, `ovr`, `warn`, `deprecated` | p = 1/(1+e⁻ᵐ), 1 − p |
//! | one row, `multi_class='multinomial'` (until 1.7) | softmax of (−m, m) |
//! | several rows, `ovr` or `warn`, or an `auto` solver that cannot do better | logistic, divided by the sum |
//! | several rows otherwise | softmax |
//!
//! `multi_class` is `deprecated` from 1.5 and gone from 1.8. `newton-cholesky` fits one-vs-rest until
//! 1.5. The label: margin > 0 for one row, else the largest margin (`LinearClassifierMixin.predict`).

use holdall_diag::Failure;
use holdall_tabular::{Decision, Link};

use super::{
    Step,
    answer::{Lowered, by_margins},
    columns::Lowering,
    estimator::{Estimator, classes},
    linear,
};
use crate::codes;

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let classes = classes(step.estimator)?;
    let margins = linear::margins(lowering, step.estimator, step.columns)?;
    let binary = linear::rows(step.estimator)? == 1;
    let link = link(step.estimator, binary)?;
    let decision = if binary { Decision::MarginAbove(0.0) } else { Decision::LargestMargin };
    by_margins(lowering, classes, margins, Some(link), decision).map(Lowered::Classes)
}

fn link(estimator: &Estimator<'_>, binary: bool) -> Result<Link, Failure> {
    let liblinear = estimator.word("solver") == Some("liblinear");
    let cholesky = estimator.word("solver") == Some("newton-cholesky") && !estimator.since(1, 6);
    match estimator.word("multi_class") {
        None | Some("auto" | "deprecated") if binary => Ok(Link::Logistic),
        None => Ok(Link::Softmax),
        Some("auto" | "deprecated") if liblinear || cholesky => Ok(Link::LogisticNormalized),
        Some("auto" | "deprecated") => Ok(Link::Softmax),
        Some("ovr" | "warn") if binary => Ok(Link::Logistic),
        Some("ovr" | "warn") => Ok(Link::LogisticNormalized),
        Some("multinomial") if binary => Ok(Link::SoftmaxSymmetric),
        Some("multinomial") => Ok(Link::Softmax),
        Some(other) => {
            Err(estimator.refuse(codes::PARAMETER, format!("`multi_class={other}` is not known")))
        }
    }
}
