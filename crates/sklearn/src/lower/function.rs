//! `FunctionTransformer` without a function: the columns as they are; `validate=True` refuses text and
//! NaN. Other functions are not in the file, only their names. The same in all versions.

use holdall_diag::Failure;

use super::{
    columns::{Column, Lowering, elements},
    estimator::{Estimator, refuse},
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: Vec<Column>,
) -> Result<Vec<Column>, Failure> {
    if let Some(function) = estimator.get("func") {
        return Err(refuse(
            &function,
            codes::PARAMETER,
            format!("`FunctionTransformer` with {} is not carried", function.describe()),
        )
        .with_help("compute the column before the rows reach the model"));
    }
    if !estimator.flag("validate", false) {
        return Ok(columns);
    }
    let vector = lowering.numbers(&columns, estimator.value())?;
    lowering.refuse_missing(&columns);
    let opens: Vec<_> = columns.iter().map(|column| column.open).collect();
    Ok(elements(vector, &opens))
}
