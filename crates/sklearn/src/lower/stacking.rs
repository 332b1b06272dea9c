//! Stacking: the answers of `estimators_` by their `stack_method_`, then the columns themselves with
//! `passthrough`, for `final_estimator_`; `ensemble/_stacking.py`. Of the probabilities of two classes the
//! second one only. The same in all versions.

use holdall_diag::Failure;
use holdall_tabular::{Op, Part};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares},
    columns::{Column, Lowering, fresh},
    estimator::classes,
    lower_member,
};
use crate::codes;

/// What the final estimator sees.
fn columns(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Vec<Column>, Failure> {
    let e = step.estimator;
    let methods: Vec<_> = e.fitted("stack_method_")?.items()?.collect();
    let members = e.members("estimators_")?;
    e.expect_width("stack_method_", methods.len(), members.len())?;
    let mut all = Vec::new();
    for (member, method) in members.iter().zip(&methods) {
        let unknown = || {
            let message = format!("the answers of {} cannot be stacked", member.describe());
            e.refuse(codes::SHAPE, message)
        };
        match (lower_member(lowering, step, member, step.columns)?, method.as_text()) {
            (Lowered::Values(estimate), Some("predict")) => {
                let vector = lowering.part(estimate, Part::Values)?;
                all.extend(fresh(vector, 1));
            }
            (Lowered::Classes(member), Some("predict_proba")) => {
                let vector = member.shares(lowering)?.ok_or_else(unknown)?;
                let shares = fresh(vector, member.classes.len());
                let skip = usize::from(shares.len() == 2);
                all.extend(shares.into_iter().skip(skip));
            }
            (Lowered::Classes(member), Some("decision_function")) => {
                let vector = member.decision.ok_or_else(unknown)?;
                let width = if member.classes.len() == 2 { 1 } else { member.classes.len() };
                all.extend(fresh(vector, width));
            }
            _ => return Err(unknown()),
        }
    }
    if e.flag("passthrough", false) {
        all.extend(step.columns);
    }
    Ok(all)
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let columns = columns(lowering, step)?;
    if step.transforms {
        return Ok(Lowered::Columns(columns));
    }
    let last = step.estimator.fitted("final_estimator_")?;
    match lower_member(lowering, step, &last, &columns)? {
        Lowered::Classes(answer) => {
            renamed(lowering, answer, classes(step.estimator)?).map(Lowered::Classes)
        }
        _ => Err(last.failure(codes::SHAPE, "expected a classifier")),
    }
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let columns = columns(lowering, step)?;
    if step.transforms {
        return Ok(Lowered::Columns(columns));
    }
    let last = step.estimator.fitted("final_estimator_")?;
    lower_member(lowering, step, &last, &columns)
}

/// The answers of a classifier that was fitted on the positions of these classes.
pub(super) fn renamed(
    lowering: &mut Lowering<'_>,
    answer: Classifier,
    classes: holdall_tabular::Labels,
) -> Result<Classifier, Failure> {
    if answer.classes == classes {
        return Ok(answer);
    }
    let renamed = |lowering: &mut Lowering<'_>, id| -> Result<_, Failure> {
        let node = lowering.model.nodes.get(id).map(|node| node.op.clone());
        if let Some(Op::Classify(mut classify)) = node {
            classify.classes = classes.clone();
            return lowering.op(Op::Classify(classify)).map(Some);
        }
        Ok(None)
    };
    let label = match renamed(lowering, answer.label)? {
        Some(label) => label,
        None => {
            let known = answer.classes.clone();
            let indicators = answer.indicators(lowering, &known)?;
            let decision = holdall_tabular::Decision::LargestMargin;
            by_margins(lowering, classes.clone(), indicators, None, decision)?.label
        }
    };
    let probabilities = match answer.probabilities {
        Some(id)
            if id == answer.label
                && matches!(
                    lowering.model.nodes.get(id).map(|node| &node.op),
                    Some(Op::Classify(_))
                ) =>
        {
            Some(label)
        }
        Some(id) => match renamed(lowering, id)? {
            Some(id) => Some(id),
            None => {
                let shares = lowering.part(id, Part::Probabilities)?;
                by_shares(lowering, classes.clone(), shares)?.probabilities
            }
        },
        None => None,
    };
    Ok(Classifier { classes, label, probabilities, decision: answer.decision })
}
