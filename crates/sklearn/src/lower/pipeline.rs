//! Pipelines: `steps` is a list of (name, step). `'passthrough'` and `None` do nothing; `memory`
//! matters for fitting only. The same in all versions; `pipeline.py`.

use holdall_diag::Failure;
use holdall_pickle::Value;

use super::{
    Lowered, MAX_DEPTH,
    columns::{Column, Lowering},
    estimator::Estimator,
    lower_estimator,
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    pipeline: &Estimator<'_>,
    columns: Vec<Column>,
    depth: u32,
) -> Result<Lowered, Failure> {
    let mut state = Lowered::Columns(columns);
    for step in steps(pipeline)? {
        let Lowered::Columns(columns) = state else {
            return Err(step.failure(codes::SHAPE, "a step follows the estimator that answers"));
        };
        state = lower_estimator(lowering, &step, pipeline.version(), columns, depth + 1)?;
    }
    Ok(state)
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

/// The step that sees the rows first: it knows their columns.
pub(super) fn first<'p>(outermost: &Estimator<'p>) -> Estimator<'p> {
    walk(outermost, |steps| steps.into_iter().next())
}

/// The step that answers.
pub(super) fn last<'p>(outermost: &Estimator<'p>) -> Estimator<'p> {
    walk(outermost, |steps| steps.into_iter().last())
}

fn walk<'p>(
    outermost: &Estimator<'p>,
    choose: impl Fn(Vec<Value<'p>>) -> Option<Value<'p>>,
) -> Estimator<'p> {
    let mut at = outermost.clone();
    for _ in 0..MAX_DEPTH {
        if at.object().module() != "sklearn.pipeline" || at.get("feature_names_in_").is_some() {
            break;
        }
        let next = steps(&at).ok().and_then(&choose);
        match next.and_then(|step| Estimator::new(&step, at.version()).ok()) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}
