//! Pipelines: `steps` is a list of (name, step). `'passthrough'` and `None` do nothing; `memory`
//! matters for fitting only. The same in all versions; `pipeline.py`.

use holdall_diag::Failure;
use holdall_pickle::Value;

use super::{
    MAX_DEPTH, Step, answer::Lowered, columns::Lowering, estimator::Estimator, lower_inside,
    lower_step, width, wrapper,
};
use crate::codes;

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let mut columns = step.columns.to_vec();
    let steps = steps(step.estimator)?;
    let Some((last, before)) = steps.split_last() else { return Ok(Lowered::Columns(columns)) };
    for transformer in before {
        let next = lower_step(lowering, step, transformer, &columns)?.into_columns();
        columns = next.ok_or_else(|| {
            transformer.failure(codes::SHAPE, "a step follows the estimator that answers")
        })?;
    }
    lower_inside(lowering, step, last, &columns)
}

/// The steps that do something.
fn steps<'p>(pipeline: &Estimator<'p>) -> Result<Vec<Value<'p>>, Failure> {
    let list = pipeline.fitted("steps")?;
    let steps: Vec<Value<'p>> = list.items()?.map(|step| step.item(1)).collect::<Result<_, _>>()?;
    Ok(steps.into_iter().filter(|step| !is_passthrough(step)).collect())
}

/// Whether a step or transformer leaves the columns as they are.
pub(super) fn is_passthrough(value: &Value<'_>) -> bool {
    value.is_none() || value.as_text() == Some("passthrough")
}

/// The estimator that sees the rows first: it knows their columns.
pub(super) fn first<'p>(outermost: &Estimator<'p>) -> Estimator<'p> {
    let mut at = outermost.clone();
    for _ in 0..MAX_DEPTH {
        if width::is_known(&at) {
            break;
        }
        let next = inside(&at).and_then(|next| Estimator::new(&next, at.version()).ok());
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// The first estimator within another one.
fn inside<'p>(at: &Estimator<'p>) -> Option<Value<'p>> {
    if at.get("steps").is_some() {
        let steps = steps(at).ok()?;
        return steps.iter().find(|step| !keeps_width(step)).or(steps.first()).cloned();
    }
    if let Some(list) = at.get("transformer_list") {
        let transformers = list.items().ok()?.filter_map(|part| part.item(1).ok());
        return transformers.into_iter().find(|part| part.as_object().is_some());
    }
    if let Some(list) = at.get("calibrated_classifiers_") {
        let member = list.item(0).ok()?;
        return member.get("estimator").or_else(|| member.get("base_estimator"));
    }
    if let Some(member) = at.members("estimators_").ok().and_then(|all| all.into_iter().next()) {
        return Some(member);
    }
    wrapper::inner(at).ok().or_else(|| at.get("estimator"))
}

/// Whether a step gives as many columns as it takes and may not say how many: the next one says it then.
fn keeps_width(step: &Value<'_>) -> bool {
    let Ok(step) = Estimator::new(step, None) else { return false };
    matches!(step.object().name(), "Binarizer" | "Normalizer" | "FunctionTransformer")
        && !width::is_known(&step)
}

/// The step that answers.
pub(super) fn last<'p>(outermost: &Estimator<'p>) -> Estimator<'p> {
    let mut at = outermost.clone();
    for _ in 0..MAX_DEPTH {
        let next = steps(&at).ok().and_then(|steps| steps.into_iter().last());
        match next.and_then(|step| Estimator::new(&step, at.version()).ok()) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}
