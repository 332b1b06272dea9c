//! Column transformers: `transformers_` is a list of (name, transformer, columns), in the order of
//! the output; `compose/_column_transformer.py`.
//!
//! A transformer is an estimator, `'drop'` or `'passthrough'`; from 1.4 a fitted `'passthrough'` is a
//! `FunctionTransformer` without function. Transformers without columns are left out, fitted or not.
//! The columns left over are listed by position until 1.5 and as they were selected later; 1.5 wraps
//! them into `_RemainderColsList` (see [`super::selection`]).

use holdall_diag::Failure;

use super::{
    Step,
    columns::{Column, Lowering},
    estimator::Estimator,
    lower_step,
    pipeline::is_passthrough,
    selection,
    union::weighted,
    width,
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
    depth: u32,
) -> Result<Vec<Column>, Failure> {
    let names = width::names(estimator)?.unwrap_or_default();
    let mut output = Vec::new();
    for part in estimator.fitted("transformers_")?.items()? {
        let transformer = part.item(1)?;
        if transformer.as_text() == Some("drop") {
            continue;
        }
        let chosen = selection::positions(&part.item(2)?, &names, columns.len())?;
        if chosen.is_empty() {
            continue;
        }
        lowering.budget.charge_elements(chosen.len() as u64, size_of::<Column>())?;
        let input: Vec<Column> = chosen.iter().filter_map(|&i| columns.get(i).copied()).collect();
        if is_passthrough(&transformer) {
            output.extend(weighted(lowering, estimator, &part.item(0)?, input)?);
            continue;
        }
        let step = Step { estimator, columns, depth, transforms: true };
        let columns = lower_step(lowering, &step, &transformer, &input)?.into_columns();
        let columns = columns.ok_or_else(|| {
            transformer.failure(codes::SHAPE, "expected a transformer, found an estimator")
        })?;
        output.extend(weighted(lowering, estimator, &part.item(0)?, columns)?);
    }
    Ok(output)
}
