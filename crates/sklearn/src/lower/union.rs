//! `FeatureUnion`: the columns of `transformer_list`, one after the other, each times its weight;
//! `pipeline.py`. The same in all versions.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::BinaryOp;

use super::{
    Step,
    answer::Lowered,
    columns::{Column, Lowering, elements, opens},
    estimator::Estimator,
    lower_step,
    pipeline::is_passthrough,
};
use crate::codes;

/// Columns times the weight that `transformer_weights` has for a transformer.
pub(super) fn weighted(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    name: &Value<'_>,
    columns: Vec<Column>,
) -> Result<Vec<Column>, Failure> {
    let weight = match (estimator.get("transformer_weights"), name.as_text()) {
        (Some(weights), Some(name)) => weights.get(name),
        _ => None,
    };
    let Some(weight) = weight else { return Ok(columns) };
    let vector = lowering.numbers(&columns, estimator.value())?;
    let weighted = lowering.with_number(BinaryOp::Mul, vector, weight.float()?)?;
    Ok(elements(weighted, &opens(&columns)))
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mut all = Vec::new();
    for part in e.fitted("transformer_list")?.items()? {
        let transformer = part.item(1)?;
        if transformer.as_text() == Some("drop") {
            continue;
        }
        let columns = if is_passthrough(&transformer) {
            step.columns.to_vec()
        } else {
            let columns = lower_step(lowering, step, &transformer, step.columns)?.into_columns();
            columns.ok_or_else(|| transformer.failure(codes::SHAPE, "expected a transformer"))?
        };
        all.extend(weighted(lowering, e, &part.item(0)?, columns)?);
    }
    Ok(Lowered::Columns(all))
}
