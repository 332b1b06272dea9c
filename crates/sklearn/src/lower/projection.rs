//! Transformers that are one matrix product, the centre moved to 0 first.
//!
//! | class | computes |
//! |---|---|
//! | `PCA`, `IncrementalPCA` | (x − `mean_`) · `components_`ᵀ, ÷ √`explained_variance_` with `whiten` |
//! | `TruncatedSVD`, random projections, `NeighborhoodComponentsAnalysis` | x · `components_`ᵀ |
//! | `FastICA` | (x − `mean_`) · `components_`ᵀ |
//! | `FactorAnalysis` | (x − μ) · Wᵀ · (I + W Cᵀ)⁻¹, W = C ÷ `noise_variance_` |
//! | `SparsePCA` | (x − `mean_`) · Cᵀ · (C Cᵀ + α I)⁻¹ |
//! | `LinearDiscriminantAnalysis` | (x − `xbar_`) · `scalings_`, the first components |
//! | PLS | (x − mean) ÷ deviation · `x_rotations_` |
//! | `FeatureAgglomeration` | mean of the columns of each cluster |
//! | `BernoulliRBM` | logistic(x · `components_`ᵀ + `intercept_hidden_`) |
//!
//! `decomposition/`, `random_projection.py`, `cross_decomposition/_pls.py`. scikit-learn adds in the order
//! of BLAS, and from 1.5 subtracts the projected centre; both agree to rounding.

use holdall_diag::Failure;
use holdall_tabular::{Matrix, Op, Scale, ScaleForm, ValueId};

use super::{
    Step,
    answer::{Lowered, values},
    columns::{Lowering, fresh},
    estimator::{Estimator, count, floats},
    matrix::{inverse, product, transposed},
    mixture::moved,
    shares::logistic,
};
use crate::codes;

/// (x − centre) · rowsᵀ as columns.
fn project(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    centre: Option<Vec<f64>>,
    rows: Matrix,
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    e.expect_width("components_", rows.columns as usize, step.columns.len())?;
    let mut arg = lowering.dense(step.columns, e.value())?;
    if let Some(centre) = centre {
        e.expect_width("mean_", centre.len(), step.columns.len())?;
        arg = moved(lowering, arg, centre)?;
    }
    let zeros = vec![0.0; rows.rows as usize];
    lowering.linear(arg, rows, zeros)
}

fn columns(step: &Step<'_, '_>, vector: ValueId, rows: usize) -> Result<Lowered, Failure> {
    if rows == 0 {
        return Err(step
            .estimator
            .value()
            .failure(codes::SHAPE, "expected at least one component"));
    }
    Ok(Lowered::Columns(fresh(vector, rows)))
}

fn optional(estimator: &Estimator<'_>, key: &str) -> Result<Option<Vec<f64>>, Failure> {
    estimator.get(key).map(|value| floats(&value)).transpose()
}

/// `components_`, centred where there is a `mean_`; whitened.
pub(super) fn components(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let rows = e.matrix("components_", lowering.budget)?;
    let centre = match e.object().name() {
        "PCA" | "IncrementalPCA" | "FastICA" => optional(e, "mean_")?,
        _ => None,
    };
    let total = rows.rows as usize;
    let mut vector = project(lowering, step, centre, rows)?;
    if e.object().name().ends_with("PCA") && e.flag("whiten", false) {
        let variance = e.numbers("explained_variance_")?;
        e.expect_width("explained_variance_", variance.len(), total)?;
        let least = if e.since(1, 5) { f64::EPSILON } else { 0.0 };
        let factor = Some(variance.into_iter().map(|v| v.sqrt().max(least)).collect());
        let form = ScaleForm::SubtractDivide;
        vector = lowering.op(Op::Scale(Scale { arg: vector, form, offset: None, factor }))?;
    }
    columns(step, vector, total)
}

pub(super) fn factor_analysis(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let components = e.matrix("components_", lowering.budget)?;
    let noise = e.numbers("noise_variance_")?;
    e.expect_width("noise_variance_", noise.len(), components.columns as usize)?;
    let mut weighted = components.clone();
    for (cell, noise) in weighted.data.iter_mut().zip(noise.iter().cycle()) {
        *cell /= noise;
    }
    square(lowering, &components)?;
    let mut inner = product(&weighted, &transposed(&components));
    add_diagonal(&mut inner, 1.0);
    let inner = inverse(&inner, e, lowering.budget)?;
    let rows = product(&transposed(&inner), &weighted);
    let total = rows.rows as usize;
    let vector = project(lowering, step, optional(e, "mean_")?, rows)?;
    columns(step, vector, total)
}

pub(super) fn sparse(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let components = e.matrix("components_", lowering.budget)?;
    square(lowering, &components)?;
    let mut inner = product(&components, &transposed(&components));
    add_diagonal(&mut inner, e.number("ridge_alpha")?);
    let rows = product(&inverse(&inner, e, lowering.budget)?, &components);
    let total = rows.rows as usize;
    let vector = project(lowering, step, optional(e, "mean_")?, rows)?;
    columns(step, vector, total)
}

/// What the product of components with themselves costs.
fn square(lowering: &mut Lowering<'_>, components: &Matrix) -> Result<(), Failure> {
    let cells = u64::from(components.rows).saturating_pow(2);
    lowering.budget.charge_elements(cells, 8)?;
    lowering.budget.step(cells.saturating_mul(u64::from(components.columns)))
}

fn add_diagonal(matrix: &mut Matrix, by: f64) {
    matrix.data.iter_mut().step_by(matrix.columns as usize + 1).for_each(|cell| *cell += by);
}

/// `LinearDiscriminantAnalysis` as a step.
pub(super) fn discriminant(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mut rows = transposed(&e.matrix("scalings_", lowering.budget)?);
    let kept = e.fitted("_max_components")?.int()?;
    let kept = u32::try_from(kept).unwrap_or(0).min(rows.rows);
    rows.data.truncate(kept as usize * rows.columns as usize);
    rows.rows = kept;
    let centre = match e.word("solver") {
        Some("svd") => Some(e.numbers("xbar_")?),
        Some("eigen") => None,
        Some(_) | None => return Err(e.unknown("solver")),
    };
    let vector = project(lowering, step, centre, rows)?;
    columns(step, vector, kept as usize)
}

/// (x − mean) ÷ deviation.
fn standardized(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<ValueId, Failure> {
    let e = step.estimator;
    // Until 0.23 these were public.
    let key = |new: &'static str, old| if e.get(old).is_some() { old } else { new };
    let offset = Some(e.numbers(key("_x_mean", "x_mean_"))?);
    let factor = Some(e.numbers(key("_x_std", "x_std_"))?);
    let arg = lowering.dense(step.columns, e.value())?;
    let form = ScaleForm::SubtractDivide;
    lowering.op(Op::Scale(Scale { arg, form, offset, factor }))
}

/// `PLSRegression`, `PLSCanonical`, `CCA`, as steps and as regressors. Until 1.4 coefficients are those
/// of standardised columns: `coef_`, in 1.1 and 1.2 `_coef_`, before transposed and the mean the intercept.
pub(super) fn pls(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if step.transforms || e.object().name() == "PLSSVD" {
        let key = if e.object().name() == "PLSSVD" { "x_weights_" } else { "x_rotations_" };
        let rows = transposed(&e.matrix(key, lowering.budget)?);
        let total = rows.rows as usize;
        let arg = standardized(lowering, step)?;
        let vector = lowering.linear(arg, rows, vec![0.0; total])?;
        return columns(step, vector, total);
    }
    if !e.since(1, 5) {
        let rows = if e.since(1, 3) {
            e.matrix("coef_", lowering.budget)?
        } else if e.get("_coef_").is_some() {
            e.matrix("_coef_", lowering.budget)?
        } else {
            transposed(&e.matrix("coef_", lowering.budget)?)
        };
        let keys = ["intercept_", "_y_mean", "y_mean_"];
        let key = keys.into_iter().find(|key| e.get(key).is_some()).unwrap_or("intercept_");
        let intercepts = e.numbers(key)?;
        let arg = standardized(lowering, step)?;
        let margins = lowering.linear(arg, rows, intercepts)?;
        return values(lowering, margins);
    }
    let rows = e.matrix("coef_", lowering.budget)?;
    let arg = lowering.dense(step.columns, e.value())?;
    let arg = moved(lowering, arg, e.numbers("_x_mean")?)?;
    let margins = lowering.linear(arg, rows, e.numbers("intercept_")?)?;
    values(lowering, margins)
}

pub(super) fn agglomeration(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mean = e.get("pooling_func").is_none_or(|f| f.as_global() == Some(("numpy", "mean")));
    if !mean {
        return Err(e.unknown("pooling_func").with_help("fit with `pooling_func=numpy.mean`"));
    }
    let labels = e.fitted("labels_")?.array()?.to_i64()?;
    e.expect_width("labels_", labels.len(), step.columns.len())?;
    let clusters = labels.iter().copied().max().map_or(0, |most| most + 1);
    let width = count(e.value(), labels.len())?;
    let (mut data, mut sizes) = (Vec::new(), Vec::new());
    lowering.budget.charge_elements(clusters.unsigned_abs() * u64::from(width), 8)?;
    for cluster in 0..clusters {
        data.extend(labels.iter().map(|&label| f64::from(u8::from(label == cluster))));
        sizes.push(labels.iter().map(|&label| f64::from(u8::from(label == cluster))).sum());
    }
    let rows = Matrix { rows: count(e.value(), sizes.len())?, columns: width, data };
    let total = sizes.len();
    let sums = project(lowering, step, None, rows)?;
    let (form, factor) = (ScaleForm::SubtractDivide, Some(sizes));
    let vector = lowering.op(Op::Scale(Scale { arg: sums, form, offset: None, factor }))?;
    columns(step, vector, total)
}

pub(super) fn boltzmann(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let rows = e.matrix("components_", lowering.budget)?;
    e.expect_width("components_", rows.columns as usize, step.columns.len())?;
    let total = rows.rows as usize;
    let arg = lowering.dense(step.columns, e.value())?;
    let sums = lowering.linear(arg, rows, e.numbers("intercept_hidden_")?)?;
    let vector = logistic(lowering, sums)?;
    columns(step, vector, total)
}
