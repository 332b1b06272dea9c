//! Scalers that move and stretch each column; `preprocessing/_data.py`. The same in all versions.
//!
//! | class | computes |
//! |---|---|
//! | `StandardScaler` | (x − `mean_`) ÷ `scale_`; each only with `with_mean`, `with_std` |
//! | `MinMaxScaler` | x × `scale_` + `min_`, then kept within `feature_range` with `clip` (from 0.24) |
//! | `MaxAbsScaler` | x ÷ `scale_`; `clip` (from 1.9) within ±1 |
//! | `RobustScaler` | (x − `center_`) ÷ `scale_`; each only with `with_centering`, `with_scaling` |
//!
//! NaN passes through all of them.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Constant, Kind, Labels, Op, Scale, ScaleForm, ValueId, Width};

use super::{
    columns::{Column, Lowering, elements},
    estimator::Estimator,
};

pub(crate) fn standard(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let offset = optional(estimator, "with_mean", "mean_", columns.len())?;
    let factor = optional(estimator, "with_std", "scale_", columns.len())?;
    scale(lowering, estimator, columns, ScaleForm::SubtractDivide, offset, factor, None)
}

pub(crate) fn robust(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let offset = optional(estimator, "with_centering", "center_", columns.len())?;
    let factor = optional(estimator, "with_scaling", "scale_", columns.len())?;
    scale(lowering, estimator, columns, ScaleForm::SubtractDivide, offset, factor, None)
}

pub(crate) fn max_abs(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let factor = Some(estimator.per_column("scale_", columns.len())?);
    let clip = estimator.flag("clip", false).then_some((-1.0, 1.0));
    scale(lowering, estimator, columns, ScaleForm::SubtractDivide, None, factor, clip)
}

pub(crate) fn min_max(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Vec<Column>, Failure> {
    let offset = Some(estimator.per_column("min_", columns.len())?);
    let factor = Some(estimator.per_column("scale_", columns.len())?);
    let clip = if estimator.flag("clip", false) {
        let range = estimator.fitted("feature_range")?;
        Some((range.item(0)?.float()?, range.item(1)?.float()?))
    } else {
        None
    };
    scale(lowering, estimator, columns, ScaleForm::MultiplyAdd, offset, factor, clip)
}

fn optional(
    estimator: &Estimator<'_>,
    switch: &str,
    key: &str,
    width: usize,
) -> Result<Option<Vec<f64>>, Failure> {
    if estimator.flag(switch, true) { estimator.per_column(key, width).map(Some) } else { Ok(None) }
}

fn scale(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
    form: ScaleForm,
    offset: Option<Vec<f64>>,
    factor: Option<Vec<f64>>,
    clip: Option<(f64, f64)>,
) -> Result<Vec<Column>, Failure> {
    let at = estimator.value();
    let opens: Vec<_> = columns.iter().map(|column| column.open).collect();
    let mut id = lowering.numbers(columns, at)?;
    if offset.is_some() || factor.is_some() {
        id = lowering.push(Op::Scale(Scale { arg: id, form, offset, factor }), at)?;
    }
    if let Some((low, high)) = clip {
        id = bound(lowering, estimator, BinaryOp::Max, id, low)?;
        id = bound(lowering, estimator, BinaryOp::Min, id, high)?;
    }
    Ok(elements(id, &opens))
}

fn bound(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    op: BinaryOp,
    left: ValueId,
    limit: f64,
) -> Result<ValueId, Failure> {
    let constant =
        Constant { kind: Kind::F64, width: Width::Scalar, values: Labels::F64(vec![limit]) };
    let right = lowering.push(Op::Constant(constant), estimator.value())?;
    lowering.push(Op::Binary { op, left, right }, estimator.value())
}
