//! Estimators of several targets: `estimators_` has one a target; `multioutput.py`.
//!
//! In a chain each sees the columns and the answers of those before it, in `order_`.

use holdall_diag::Failure;
use holdall_tabular::{Kind, Op, Part};

use super::{
    Step,
    answer::{Lowered, values},
    columns::{Column, Lowering, Origin, fresh},
    ensemble::{classifier_of, values_of},
};
use crate::codes;

pub(super) fn classifiers(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let mut targets = Vec::new();
    for member in &step.estimator.members("estimators_")? {
        targets.push(classifier_of(lowering, step, member, step.columns)?);
    }
    Ok(Lowered::Targets(targets))
}

pub(super) fn regressors(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let mut parts = Vec::new();
    for member in &step.estimator.members("estimators_")? {
        parts.push(values_of(lowering, step, member, step.columns)?);
    }
    let all = lowering.op(Op::Concat(parts))?;
    values(lowering, all)
}

/// Which link of the chain answers for each target.
fn links(step: &Step<'_, '_>, members: usize) -> Result<Vec<usize>, Failure> {
    let e = step.estimator;
    if e.word("chain_method_").is_some_and(|method| method != "predict") {
        return Err(e.unknown("chain_method").with_help("fit with `chain_method='predict'`"));
    }
    let value = e.fitted("order_")?;
    let order: Vec<i64> = if value.is_array() {
        value.array()?.to_i64()?
    } else {
        value.items()?.map(|i| i.int()).collect::<Result<_, _>>()?
    };
    let place = |target: usize| {
        let found = order.iter().position(|&i| usize::try_from(i).is_ok_and(|i| i == target));
        found.filter(|&link| link < members)
    };
    let links: Option<Vec<usize>> = (0..members).map(place).collect();
    links.ok_or_else(|| value.failure(codes::SHAPE, "`order_` does not list every target"))
}

pub(super) fn classifier_chain(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let members = step.estimator.members("estimators_")?;
    let links = links(step, members.len())?;
    let mut columns: Vec<Column> = step.columns.to_vec();
    let mut answers = Vec::new();
    for member in &members {
        let answer = classifier_of(lowering, step, member, &columns)?;
        let label = lowering.part(answer.label, Part::Label)?;
        if answer.classes.kind() == Kind::Text {
            return Err(step.estimator.refuse(codes::KIND, "a chain of texts is not carried"));
        }
        let label = lowering.op(Op::Cast { arg: label, to: Kind::F64 })?;
        columns.push(Column { source: Origin::Scalar(label, Kind::F64), open: None });
        answers.push(answer);
    }
    Ok(Lowered::Targets(links.into_iter().filter_map(|link| answers.get(link).cloned()).collect()))
}

pub(super) fn regressor_chain(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let members = step.estimator.members("estimators_")?;
    let links = links(step, members.len())?;
    let mut columns: Vec<Column> = step.columns.to_vec();
    let mut answers = Vec::new();
    for member in &members {
        let answer = values_of(lowering, step, member, &columns)?;
        columns.extend(fresh(answer, 1));
        answers.push(answer);
    }
    let parts = links.into_iter().filter_map(|link| answers.get(link).copied()).collect();
    let all = lowering.op(Op::Concat(parts))?;
    values(lowering, all)
}
