//! `OrdinalEncoder`: the position of a category in its list; `preprocessing/_encoders.py`.
//!
//! `handle_unknown='use_encoded_value'` (from 0.24) answers `unknown_value`. Missing at the end of a
//! list is `encoded_missing_value` (from 1.1), NaN without one. Rare categories that share a number
//! (from 1.3) are not carried.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Kind, Op, Ordinal, Unknown};

use super::{
    columns::{Column, Lowering},
    estimator::{Estimator, count},
    one_hot::{categories, scalar},
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    if estimator.flag("_infrequent_enabled", false) {
        let message = "`OrdinalEncoder` with `min_frequency` or `max_categories` is not carried";
        return Err(estimator
            .refuse(codes::PARAMETER, message)
            .with_help("fit without them, or use `OneHotEncoder`"));
    }
    let lists: Vec<Value<'_>> = estimator.fitted("categories_")?.items()?.collect();
    estimator.expect_width("categories_", lists.len(), columns.len())?;
    let unknown = match estimator.word("handle_unknown") {
        Some("error") | None => Unknown::Reject,
        Some("use_encoded_value") => Unknown::Code(estimator.fitted("unknown_value")?.float()?),
        Some(other) => {
            let message = format!("`handle_unknown={other}` is not known");
            return Err(estimator.refuse(codes::PARAMETER, message));
        }
    };
    let missing = match estimator.get("encoded_missing_value") {
        Some(value) => value.float()?,
        None => f64::NAN,
    };
    let mut output = Vec::new();
    for (column, list) in columns.iter().zip(&lists) {
        let (arg, categories) = categories(lowering, column, list)?;
        let listed = count(list, categories.values.len())?;
        let mut codes: Vec<f64> = (0..listed).map(f64::from).collect();
        if categories.missing {
            codes.push(missing);
        }
        let open = column.open.filter(|_| categories.missing && missing.is_nan());
        let op = Ordinal { arg, categories, codes, unknown, kind: Kind::F64 };
        output.push(scalar(lowering.push(Op::Ordinal(op), list)?, open));
    }
    Ok(output)
}
