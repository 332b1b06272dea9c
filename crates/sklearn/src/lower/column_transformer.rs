//! Column transformers: `transformers_` is a list of (name, transformer, columns), in the order of
//! the output; `compose/_column_transformer.py`.
//!
//! A transformer is an estimator, `'drop'` or `'passthrough'`; from 1.4 a fitted `'passthrough'` is a
//! `FunctionTransformer` without function. Transformers without columns are left out, fitted or not.
//! The columns left over are listed by position until 1.5 and as they were selected later; 1.5 wraps
//! them into `_RemainderColsList` (see [`super::selection`]).

use holdall_diag::Failure;

use super::{
    Lowered,
    columns::{Column, Lowering},
    estimator::{Estimator, refuse},
    lower_estimator,
    pipeline::is_passthrough,
    selection,
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
    depth: u32,
) -> Result<Vec<Column>, Failure> {
    if let Some(weights) = estimator.get("transformer_weights") {
        let message = "`transformer_weights` are not carried";
        return Err(refuse(&weights, codes::PARAMETER, message)
            .with_help("scale the columns with a step of their own"));
    }
    let names = match estimator.get("feature_names_in_") {
        Some(names) => names.array()?.strings(estimator.pickle())?,
        None => Vec::new(),
    };
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
            output.extend(input);
            continue;
        }
        match lower_estimator(lowering, &transformer, estimator.version(), input, depth + 1)? {
            Lowered::Columns(columns) => output.extend(columns),
            Lowered::Classes(_) | Lowered::Values(_) => {
                return Err(
                    transformer.failure(codes::SHAPE, "expected a transformer, found an estimator")
                );
            }
        }
    }
    Ok(output)
}
