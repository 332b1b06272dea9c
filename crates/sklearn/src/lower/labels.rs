//! Encoders of labels and of categories by their targets; `preprocessing/_label.py`,
//! `_target_encoder.py`.
//!
//! `LabelEncoder` gives positions and refuses what it does not know. `LabelBinarizer` gives indicators
//! (of two classes the second's), `neg_label` and `pos_label` for 0 and 1. `TargetEncoder` gives the number
//! in `encodings_` of a category, `target_mean_` for others; of several classes one after the other.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{Categories, Kind, OneHot, Op, Ordinal, Scale, ScaleForm, UnaryOp, Unknown};

use super::{
    Step,
    answer::Lowered,
    columns::{Column, Lowering, Origin, fresh},
    estimator::{count, floats, labels},
    one_hot::{categories, scalar},
};
use crate::codes;

/// The only column of an encoder of labels.
fn only(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<(holdall_tabular::ValueId, Categories), Failure> {
    let e = step.estimator;
    let [column] = step.columns else {
        return Err(e.refuse(codes::COLUMNS, "an encoder of labels takes one column"));
    };
    let value = e.fitted("classes_")?;
    let (classes, missing) = labels(&value)?;
    if missing {
        return Err(e.refuse(codes::OUTPUTS, "a label that is missing is not carried"));
    }
    let (arg, kind) = lowering.scalar(column, classes.kind(), e.value())?;
    if kind != classes.kind() {
        return Err(e.refuse(codes::KIND, "labels of another kind than the column"));
    }
    lowering.refuse_missing(step.columns);
    Ok((arg, Categories::new(classes)))
}

pub(super) fn encoder(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let (arg, categories) = only(lowering, step)?;
    let total = count(step.estimator.value(), categories.len())?;
    let codes = (0..total).map(f64::from).collect();
    let (unknown, kind) = (Unknown::Reject, Kind::F64);
    let id = lowering.op(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))?;
    Ok(Lowered::Columns(vec![scalar(id, None)]))
}

pub(super) fn binarizer(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let (arg, categories) = only(lowering, step)?;
    let total = categories.len();
    let drop = (total == 2).then_some(0);
    let width = if total == 2 { 1 } else { total };
    let (unknown, kind) = (Unknown::None, Kind::F64);
    let mut id = lowering.op(Op::OneHot(OneHot { arg, categories, drop, unknown, kind }))?;
    let (low, high) = (e.number("neg_label")?, e.number("pos_label")?);
    if low.to_bits() != 0 || high.to_bits() != 1.0_f64.to_bits() {
        let scale = Scale {
            arg: id,
            form: ScaleForm::MultiplyAdd,
            offset: Some(vec![low; width]),
            factor: Some(vec![high - low; width]),
        };
        id = lowering.op(Op::Scale(scale))?;
    }
    Ok(Lowered::Columns(fresh(id, width)))
}

pub(super) fn target(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let lists: Vec<Value<'_>> = e.fitted("categories_")?.items()?.collect();
    e.expect_width("categories_", lists.len(), step.columns.len())?;
    let encodings: Vec<Value<'_>> = e.fitted("encodings_")?.items()?.collect();
    let mean = e.fitted("target_mean_")?;
    let means = mean.as_float().map_or_else(|| floats(&mean), |number| Ok(vec![number]))?;
    e.expect_width("encodings_", encodings.len(), lists.len() * means.len())?;
    let mut rest = encodings.iter();
    let mut output = Vec::new();
    for (column, list) in step.columns.iter().zip(&lists) {
        for &mean in &means {
            let Some(encoding) = rest.next() else { break };
            let (arg, categories) = categories(lowering, column, list)?;
            let codes = floats(encoding)?;
            e.expect_width("encodings_", codes.len(), categories.len())?;
            let (unknown, kind) = (Unknown::Code(mean), Kind::F64);
            let id = lowering.op(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))?;
            output.push(scalar(id, None));
        }
    }
    Ok(Lowered::Columns(output))
}

/// `MissingIndicator`: 1 where a value is missing, in the columns `features_`.
pub(super) fn missing(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if e.get("missing_values").is_some_and(|v| v.as_float().is_none_or(|v| !v.is_nan())) {
        return Err(e.unknown("missing_values").with_help("mark missing values as NaN"));
    }
    let mut output: Vec<Column> = Vec::new();
    for position in e.fitted("features_")?.array()?.to_i64()? {
        let column = usize::try_from(position).ok().and_then(|i| step.columns.get(i));
        let column = column.ok_or_else(|| e.value().failure(codes::SHAPE, "no such column"))?;
        let scalars = lowering.scalars(std::slice::from_ref(column), e.value())?;
        for arg in scalars {
            let test = lowering.unary(UnaryOp::IsNan, arg)?;
            let id = lowering.op(Op::Cast { arg: test, to: Kind::F64 })?;
            output.push(Column { source: Origin::Scalar(id, Kind::F64), open: None });
        }
    }
    if output.is_empty() {
        return Err(e.refuse(codes::SHAPE, "no column had missing values"));
    }
    Ok(Lowered::Columns(output))
}
