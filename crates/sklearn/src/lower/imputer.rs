//! `SimpleImputer`: `statistics_` is what fills the gaps, one value a column; `impute/_base.py`.
//!
//! `missing_values` is NaN, `None`, a number or a text. With a number or a text, NaN is refused. A
//! column whose statistic is NaN had no value when fitting and is left out, unless
//! `keep_empty_features` (from 1.2). With `add_indicator`, 0/1 columns of `indicator_.features_` come
//! after the others.

use holdall_diag::Failure;
use holdall_pickle::{Value, numpy::ElementKind};
use holdall_tabular::{Impute, Kind, Labels, Op, Scalar, UnaryOp};

use super::{
    columns::{Column, Lowering, Origin, elements},
    estimator::{Estimator, floats, refuse},
};
use crate::codes;

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let statistics = statistics(&estimator.fitted("statistics_")?)?;
    estimator.expect_width("statistics_", statistics.len(), columns.len())?;
    let sentinel = sentinel(estimator)?;
    if sentinel.is_some() {
        lowering.refuse_missing(columns);
    }
    let keep = estimator.flag("keep_empty_features", false);
    let kept: Vec<(Column, Scalar)> = columns
        .iter()
        .copied()
        .zip(statistics.iter().cloned())
        .filter(|(_, with)| keep || !matches!(with, Scalar::F64(v) if v.is_nan()))
        .collect();
    let mut output = fill(lowering, estimator, &kept, sentinel.as_ref())?;
    if estimator.flag("add_indicator", false) {
        if sentinel.is_some() {
            return Err(estimator
                .refuse(
                    codes::PARAMETER,
                    "`add_indicator` with `missing_values` other than NaN is not carried",
                )
                .with_help("mark missing values as NaN before fitting"));
        }
        let columns: Vec<_> = columns.iter().copied().zip(statistics).collect();
        output.extend(indicators(lowering, estimator, &columns)?);
    }
    Ok(output)
}

fn statistics(value: &Value<'_>) -> Result<Vec<Scalar>, Failure> {
    let array = value.array()?;
    match array.dtype().kind {
        ElementKind::Object => array
            .objects()?
            .into_iter()
            .map(|id| {
                let item = value.pickle().value(id);
                if item.is_none() {
                    return Ok(Scalar::F64(f64::NAN));
                }
                if let Some(number) = item.as_float() {
                    return Ok(Scalar::F64(number));
                }
                item.to_text().map(Scalar::Text)
            })
            .collect(),
        ElementKind::Text => {
            Ok(array.strings(value.pickle())?.into_iter().map(Scalar::Text).collect())
        }
        ElementKind::Bool
        | ElementKind::Int
        | ElementKind::UInt
        | ElementKind::Float
        | ElementKind::Complex
        | ElementKind::Bytes
        | ElementKind::DateTime
        | ElementKind::TimeDelta
        | ElementKind::Void => Ok(floats(value)?.into_iter().map(Scalar::F64).collect()),
    }
}

/// The value that counts as missing beside missing itself; `None` for NaN.
fn sentinel(estimator: &Estimator<'_>) -> Result<Option<Scalar>, Failure> {
    // `None` and absent (the default is NaN) mean gaps.
    let Some(value) = estimator.get("missing_values") else { return Ok(None) };
    if let Some(number) = value.as_float() {
        return Ok((!number.is_nan()).then_some(Scalar::F64(number)));
    }
    // Until 0.21 NaN could be written as a text.
    match value.to_text() {
        Ok(text) if text == "NaN" => Ok(None),
        Ok(text) => Ok(Some(Scalar::Text(text))),
        Err(_) => Err(refuse(
            &value,
            codes::PARAMETER,
            format!("`missing_values` given as {} is not carried", value.describe()),
        )
        .with_help("use NaN, `None`, a number or a text")),
    }
}

fn kind_of(with: &Scalar) -> Kind {
    if matches!(with, Scalar::Text(_)) { Kind::Text } else { Kind::F64 }
}

/// Columns of numbers that were computed before, or that are filled with a mean or median, go as a
/// vector; others may be categories and stay apart.
fn fill(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    kept: &[(Column, Scalar)],
    sentinel: Option<&Scalar>,
) -> Result<Vec<Column>, Failure> {
    let at = estimator.value();
    let together = matches!(estimator.word("strategy"), Some("mean" | "median"))
        || kept.iter().any(|(column, _)| matches!(column.source, Origin::Element { .. }));
    let numbers: Option<Vec<f64>> = kept
        .iter()
        .map(|(_, with)| if let Scalar::F64(with) = with { Some(*with) } else { None })
        .collect();
    let sentinel = sentinel.cloned();
    if let Some(numbers) = numbers.filter(|numbers| together && !numbers.is_empty()) {
        let columns: Vec<Column> = kept.iter().map(|(column, _)| *column).collect();
        let arg = lowering.numbers(&columns, at)?;
        let width = numbers.len();
        let with = Labels::F64(numbers);
        let id = lowering.push(Op::Impute(Impute { arg, nan: true, sentinel, with }), at)?;
        return Ok(elements(id, &vec![None; width]));
    }
    let mut output = Vec::with_capacity(kept.len());
    for (column, with) in kept {
        let (arg, kind) = lowering.scalar(column, kind_of(with), at)?;
        let with = match with {
            Scalar::Text(text) => Labels::Text(vec![text.clone()]),
            Scalar::F64(number) => Labels::F64(vec![*number]),
            Scalar::I64(number) => Labels::I64(vec![*number]),
            Scalar::Bool(truth) => Labels::Bool(vec![*truth]),
        };
        let op = Impute { arg, nan: kind == Kind::F64, sentinel: sentinel.clone(), with };
        let id = lowering.push(Op::Impute(op), at)?;
        output.push(Column { source: Origin::Scalar(id, kind), open: None });
    }
    Ok(output)
}

fn indicators(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[(Column, Scalar)],
) -> Result<Vec<Column>, Failure> {
    let at = estimator.value();
    let indicator = Estimator::new(&estimator.fitted("indicator_")?, estimator.version())?;
    let mut output = Vec::new();
    for position in indicator.fitted("features_")?.array()?.to_i64()? {
        let column = usize::try_from(position).ok().and_then(|i| columns.get(i));
        let (column, with) = column.ok_or_else(|| {
            at.failure(codes::SHAPE, format!("there is no column {position} to indicate"))
        })?;
        let (op, arg) = if let Origin::Element { .. } = column.source {
            (UnaryOp::IsNan, lowering.numbers(std::slice::from_ref(column), at)?)
        } else {
            let (arg, kind) = lowering.scalar(column, kind_of(with), at)?;
            (if kind == Kind::F64 { UnaryOp::IsNan } else { UnaryOp::IsMissing }, arg)
        };
        let arg = lowering.push(Op::Unary { op, arg }, at)?;
        let id = lowering.push(Op::Cast { arg, to: Kind::F64 }, at)?;
        output.push(if let Origin::Element { .. } = column.source {
            Column { source: Origin::Element { vector: id, width: 1, index: 0 }, open: None }
        } else {
            Column { source: Origin::Scalar(id, Kind::F64), open: None }
        });
    }
    Ok(output)
}
