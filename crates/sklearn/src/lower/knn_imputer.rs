//! `KNNImputer`: gaps filled from the rows of `_fit_X` that are nearest in the columns that are there;
//! `impute/_knn.py`.
//!
//! Columns that had no value when fitting are left out, or 0 with `keep_empty_features` (from 1.2). Until 1.3 rows
//! that share no column with the row counted too where too few others do, whichever `argpartition` left there; here, as
//! since, they do not.

use holdall_diag::{Diagnostic, Failure};
use holdall_tabular::{
    Constant, Impute, ImputeNeighbors, Kind, Labels, NeighborWeights, Op, Scalar, Transform,
    UnaryOp, Width,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Column, Lowering, Origin, elements},
    estimator::{Estimator, count},
    neighbors::weights,
};
use crate::codes;

/// The mean, 0 of no number.
#[expect(clippy::cast_precision_loss, reason = "a number of rows")]
fn mean(values: &[f64]) -> f64 {
    let sum = values.iter().fold(0.0, |sum, value| sum + value);
    if values.is_empty() { 0.0 } else { sum / values.len() as f64 }
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if e.word("metric") != Some("nan_euclidean") {
        return Err(e.unknown("metric").with_help("fit with `metric='nan_euclidean'`"));
    }
    let mut rows = e.matrix("_fit_X", lowering.budget)?;
    e.expect_width("_fit_X", rows.columns as usize, step.columns.len())?;
    let gaps = e.fitted("_mask_fit_X")?.array()?.to_bool()?;
    e.expect_width("_mask_fit_X", gaps.len(), rows.data.len())?;
    for (cell, _) in rows.data.iter_mut().zip(&gaps).filter(|(_, gap)| **gap) {
        *cell = 0.0;
    }
    let near = e.fitted("n_neighbors")?;
    let near = u32::try_from(near.int()?).map_err(|error| {
        near.failure(codes::SHAPE, "`n_neighbors` is not a count").caused_by(error)
    })?;
    let weights: NeighborWeights = weights(e)?;
    if weights != NeighborWeights::Uniform {
        let message = "`KNNImputer` with `weights=\"distance\"`: scikit-learn takes distances from products, whose rounding \
                       leaves a row of the training some 1e-8 away from itself; here they come from differences. A \
                       later step that cuts exactly where a value was filled in may see the other side of it";
        let note = Diagnostic::note(codes::ROUNDED, message).at(lowering.place.clone());
        lowering.boosters.report.push(note);
    }
    let mut arg = lowering.numbers(step.columns, e.value())?;
    let width = step.columns.len();
    if let Some(sentinel) = e.get("missing_values").map(|value| value.float()).transpose()?
        && !sentinel.is_nan()
    {
        lowering.refuse_missing(step.columns);
        let (sentinel, with) = (Some(Scalar::F64(sentinel)), Labels::F64(vec![f64::NAN; width]));
        arg = lowering.op(Op::Impute(Impute { arg, nan: false, sentinel, with }))?;
    }
    let of = |column: usize| {
        let cells = rows.data.iter().zip(&gaps).skip(column).step_by(width);
        cells.filter(|(_, gap)| !**gap).map(|(value, _)| *value)
    };
    let with: Vec<f64> = (0..width).map(|column| mean(&of(column).collect::<Vec<f64>>())).collect();
    let known: Vec<bool> = (0..width).map(|column| of(column).next().is_some()).collect();
    let op = ImputeNeighbors { arg, rows, gaps, count: near, weights, with };
    let filled = lowering.op(Op::Transform(Transform::ImputeNeighbors(Box::new(op))))?;
    let keep = e.flag("keep_empty_features", false);
    let mut output: Vec<Column> = Vec::new();
    for (column, known) in elements(filled, &vec![None; width]).into_iter().zip(known) {
        if known {
            output.push(column);
        } else if keep {
            let values = Labels::F64(vec![0.0]);
            let zero = Constant { kind: Kind::F64, width: Width::Scalar, values };
            let id = lowering.op(Op::Constant(zero))?;
            output.push(Column { source: Origin::Scalar(id, Kind::F64), open: None });
        }
    }
    if e.flag("add_indicator", false) {
        let indicator = Estimator::new(&e.fitted("indicator_")?, e.version())?;
        let places = indicator.fitted("features_")?;
        let known = |&place: &i64| u32::try_from(place).ok().filter(|&i| (i as usize) < width);
        let indices: Option<Vec<u32>> = places.array()?.to_i64()?.iter().map(known).collect();
        let indices =
            indices.ok_or_else(|| places.failure(codes::SHAPE, "no such column to indicate"))?;
        if !indices.is_empty() {
            let total = count(e.value(), indices.len())? as usize;
            let chosen = lowering.op(Op::Select { arg, indices })?;
            let gaps = lowering.unary(UnaryOp::IsNan, chosen)?;
            let gaps = lowering.op(Op::Cast { arg: gaps, to: Kind::F64 })?;
            output.extend(elements(gaps, &vec![None; total]));
        }
    }
    Ok(Lowered::Columns(output))
}
