//! Stacking: the answers of `estimators_` by their `stack_method_`, then the columns themselves with
//! `passthrough`, for `final_estimator_`; `ensemble/_stacking.py`. Of the probabilities of two classes the
//! second one only. The same in all versions.

use holdall_diag::Failure;
use holdall_tabular::{Decision, Labels, Op, Part, ValueId};

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
    let answer = lower_member(lowering, step, &last, &columns)?.into_classifier();
    let answer = answer.ok_or_else(|| last.failure(codes::SHAPE, "expected a classifier"))?;
    renamed(lowering, answer, classes(step.estimator)?).map(Lowered::Classes)
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
    classes: Labels,
) -> Result<Classifier, Failure> {
    if answer.classes == classes {
        return Ok(answer);
    }
    let probabilities = match answer.shares(lowering)? {
        Some(shares) => by_shares(lowering, classes.clone(), shares)?.probabilities,
        None => None,
    };
    let label = if let Some(same) = relabelled(lowering, answer.label, &answer.classes, &classes)? {
        same
    } else {
        let known = answer.classes.clone();
        let indicators = answer.indicators(lowering, &known)?;
        by_margins(lowering, classes.clone(), indicators, None, Decision::LargestMargin)?.label
    };
    Ok(Classifier { classes, label, probabilities, decision: answer.decision })
}

/// The same decision with other names for the classes, where it is one about margins in their order.
fn relabelled(
    lowering: &mut Lowering<'_>,
    label: ValueId,
    known: &Labels,
    classes: &Labels,
) -> Result<Option<ValueId>, Failure> {
    let node = lowering.model.nodes.get(label).map(|node| node.op.clone());
    let Some(Op::Classify(mut classify)) =
        node.filter(|op| matches!(op, Op::Classify(classify) if classify.classes == *known))
    else {
        return Ok(None);
    };
    classify.classes = classes.clone();
    lowering.op(Op::Classify(classify)).map(Some)
}
