//! `OneHotEncoder`: `categories_`, one list a column; `preprocessing/_encoders.py`.
//!
//! The indicator at `drop_idx_` (`_drop_idx_after_grouping` from 1.1) is left out; an entry of `None`
//! drops nothing. `handle_unknown`: `error`, `ignore`, and from 1.1 `infrequent_if_exist` (`warn` from
//! 1.5 answers the same). With `min_frequency` or `max_categories` (from 1.1) rare categories share the
//! last indicator, as `_default_to_infrequent_mappings` says; that is carried as a number for each
//! category and indicators of the numbers. NaN or `None` at the end of a list is the category of missing.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Categories, Kind, Labels, OneHot, Op, Ordinal, Unknown, ValueId};

use super::{
    columns::{Column, Lowering, Origin, elements},
    estimator::{Estimator, count, floats, labels},
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let lists: Vec<Value<'_>> = estimator.fitted("categories_")?.items()?.collect();
    estimator.expect_width("categories_", lists.len(), columns.len())?;
    let drops = drops(estimator, lists.len())?;
    let groups = groups(estimator, lists.len())?;
    let known = Handling::of(estimator)?;
    let mut output = Vec::new();
    for (((column, list), drop), group) in columns.iter().zip(&lists).zip(drops).zip(groups) {
        let (arg, categories) = categories(lowering, column, list)?;
        let unknown = if known == Handling::Error { Unknown::Reject } else { Unknown::None };
        let kind = Kind::F64;
        let (id, total) = match group {
            None => {
                let total = categories.len();
                let op = OneHot { arg, categories, drop, unknown, kind };
                (lowering.push(Op::OneHot(op), list)?, total)
            }
            Some(codes) => grouped(lowering, list, arg, categories, codes, drop, known)?,
        };
        let width = total.saturating_sub(usize::from(drop.is_some()));
        output.extend(elements(id, &vec![None; width]));
    }
    Ok(output)
}

/// What happens to an unlisted category.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handling {
    Error,
    Ignore,
    Infrequent,
}

impl Handling {
    fn of(estimator: &Estimator<'_>) -> Result<Self, Failure> {
        match estimator.word("handle_unknown") {
            Some("error") | None => Ok(Self::Error),
            Some("ignore") => Ok(Self::Ignore),
            Some("infrequent_if_exist" | "warn") => Ok(Self::Infrequent),
            Some(other) => Err(estimator
                .refuse(codes::PARAMETER, format!("`handle_unknown={other}` is not known"))),
        }
    }
}

/// The scalar and its categories, in the kind that the column already has.
pub(super) fn categories(
    lowering: &mut Lowering<'_>,
    column: &Column,
    list: &Value<'_>,
) -> Result<(ValueId, Categories), Failure> {
    let (values, missing) = labels(list)?;
    lowering.budget.charge_elements(values.len() as u64, size_of::<String>())?;
    let (arg, kind) = lowering.scalar(column, values.kind(), list)?;
    let values = match (values, kind) {
        (Labels::Bool(v), Kind::I64) => Labels::I64(v.into_iter().map(i64::from).collect()),
        (Labels::Bool(v), Kind::F64) => {
            Labels::F64(v.into_iter().map(|b| f64::from(u8::from(b))).collect())
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a column of binary64 holds no larger number"
        )]
        (Labels::I64(v), Kind::F64) => Labels::F64(v.into_iter().map(|i| i as f64).collect()),
        (values, _) => values,
    };
    Ok((arg, Categories { values, missing }))
}

fn drops(estimator: &Estimator<'_>, width: usize) -> Result<Vec<Option<u32>>, Failure> {
    let key = if estimator.object().get("_drop_idx_after_grouping").is_some() {
        "_drop_idx_after_grouping"
    } else {
        "drop_idx_"
    };
    let Some(value) = estimator.get(key) else { return Ok(vec![None; width]) };
    let array = value.array()?;
    let drops: Vec<Option<u32>> = if let Ok(nodes) = array.objects() {
        let read = |id| {
            let item = value.pickle().value(id);
            if item.is_none() { Ok(None) } else { position(&item, item.int()?).map(Some) }
        };
        nodes.into_iter().map(read).collect::<Result<_, _>>()?
    } else {
        let all = array.to_i64()?;
        all.into_iter().map(|i| position(&value, i).map(Some)).collect::<Result<_, _>>()?
    };
    estimator.expect_width(key, drops.len(), width)?;
    Ok(drops)
}

fn position(at: &Value<'_>, position: i64) -> Result<u32, Failure> {
    u32::try_from(position).map_err(|error| {
        at.failure(codes::SHAPE, format!("there is no category {position}")).caused_by(error)
    })
}

/// For each column with rare categories, the indicator of each category.
fn groups(estimator: &Estimator<'_>, width: usize) -> Result<Vec<Option<Vec<f64>>>, Failure> {
    let enabled = estimator.flag("_infrequent_enabled", false);
    let Some(value) = estimator.get("_default_to_infrequent_mappings").filter(|_| enabled) else {
        return Ok(vec![None; width]);
    };
    let read = |item: Value<'_>| if item.is_none() { Ok(None) } else { floats(&item).map(Some) };
    let groups: Vec<_> = value.items()?.map(read).collect::<Result<_, Failure>>()?;
    estimator.expect_width("_default_to_infrequent_mappings", groups.len(), width)?;
    Ok(groups)
}

fn grouped(
    lowering: &mut Lowering<'_>,
    at: &Value<'_>,
    arg: ValueId,
    categories: Categories,
    codes: Vec<f64>,
    drop: Option<u32>,
    known: Handling,
) -> Result<(ValueId, usize), Failure> {
    // The rare categories share the last indicator.
    let last = codes.iter().copied().fold(0.0, f64::max);
    let unknown = match known {
        Handling::Error => Unknown::Reject,
        Handling::Ignore => Unknown::None,
        Handling::Infrequent => Unknown::Code(last),
    };
    let kind = Kind::F64;
    if codes.len() != categories.len() || !(0.0..1e6).contains(&last) {
        let message = format!("{} numbers for {} categories", codes.len(), categories.len());
        return Err(at.failure(codes::SHAPE, message));
    }
    let arg = lowering.push(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }), at)?;
    let mut values = vec![0.0];
    while values.last().is_some_and(|v| *v < last) {
        values.push(f64::from(count(at, values.len())?));
    }
    let total = values.len();
    let categories = Categories::new(Labels::F64(values));
    let op = OneHot { arg, categories, drop, unknown: Unknown::None, kind };
    Ok((lowering.push(Op::OneHot(op), at)?, total))
}

/// A scalar number as a column.
pub(super) fn scalar(id: ValueId, open: Option<usize>) -> Column {
    Column { source: Origin::Scalar(id, Kind::F64), open }
}
