//! Estimators of kernels between a row and vectors of the model.
//!
//! | class | computes |
//! |---|---|
//! | `KernelRidge` | K(x, `X_fit_`) · `dual_coef_` |
//! | `Nystroem` | K(x, `components_`) · `normalization_`ᵀ |
//! | `KernelPCA` | K(x, `X_fit_`) centred · `eigenvectors_` ÷ √`eigenvalues_` (`alphas_`, `lambdas_` until 0.24) |
//! | `KernelCenterer` | K − mean of each fitted column − mean of the row + mean of all |
//! | `RBFSampler` | cos(x · `random_weights_` + `random_offset_`) · √(2 ÷ n) |
//! | `SkewedChi2Sampler` | the same of ln(x + `skewedness`) |
//! | `LabelPropagation`, `LabelSpreading` | K(x, `X_`) · `label_distributions_`, divided by its sum; of the nearest rows with `kernel='knn'` |
//! | `AdditiveChi2Sampler` | √(x I), then cos and sin of i I ln x times √(2 x I ÷ cosh(π i I)) |
//!
//! `kernel_ridge.py`, `kernel_approximation.py`, `decomposition/_kernel_pca.py`. `gamma` of `None` is 1 ÷ the
//! number of columns (1 for χ²).

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Comparison, Estimator as Family, Kernel, KernelMachine, Machine, Matrix, Metric,
    Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, NormalizeBy, Op, Part,
    Reduce, ReduceOp, Transform, UnaryOp, ValueId,
};

use super::{
    Step,
    answer::{Lowered, by_shares, values},
    cluster::distances,
    columns::{Lowering, fresh},
    estimator::{Estimator, classes, matrix},
    matrix::transposed,
    mixture::moved,
    shares::normalize,
    svm::kernel,
};

/// The kernel of an estimator whose parameters may be absent.
#[expect(clippy::cast_precision_loss, reason = "a number of columns")]
fn pairwise(estimator: &Estimator<'_>, width: usize) -> Result<Kernel, Failure> {
    let fitted = estimator.get("gamma_").or_else(|| estimator.get("gamma"));
    let chi = estimator.word("kernel") == Some("chi2");
    let gamma = match fitted {
        Some(gamma) => gamma.float()?,
        None if chi => 1.0,
        None => 1.0 / width as f64,
    };
    if estimator.get("kernel_params").is_some_and(|p| p.entries().is_ok_and(|e| e.len() > 0)) {
        return Err(estimator.unknown("kernel_params"));
    }
    let number = |key: &str, default: f64| match estimator.get(key) {
        Some(value) => value.float(),
        None => Ok(default),
    };
    match estimator.word("kernel") {
        Some("poly" | "polynomial") => {
            let (coef0, degree) = (number("coef0", 1.0)?, number("degree", 3.0)?);
            Ok(Kernel::Polynomial { gamma, coef0, degree })
        }
        Some("sigmoid") => Ok(Kernel::Sigmoid { gamma, coef0: number("coef0", 1.0)? }),
        _ => kernel(estimator, gamma),
    }
}

/// Sums of kernels: one machine a column of weights (one row a vector).
fn machines(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    vectors: Matrix,
    weights: &Matrix,
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    e.expect_width("X_fit_", vectors.columns as usize, step.columns.len())?;
    e.expect_width("dual_coef_", weights.columns as usize, vectors.rows as usize)?;
    let kernel = pairwise(e, step.columns.len())?;
    let terms = |row: usize| (0..vectors.rows).zip(weights.row(row).iter().copied()).collect();
    let machines = (0..weights.rows as usize)
        .map(|row| Machine { terms: terms(row), intercept: 0.0 })
        .collect();
    let arg = lowering.dense(step.columns, e.value())?;
    let machine = KernelMachine { arg, vectors, kernel, machines };
    lowering.op(Op::Estimator(Family::KernelMachine(Box::new(machine))))
}

/// K(x, vector) for each vector.
fn similarities(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    vectors: Matrix,
) -> Result<ValueId, Failure> {
    let e = step.estimator;
    e.expect_width("X_fit_", vectors.columns as usize, step.columns.len())?;
    let kernel = pairwise(e, step.columns.len())?;
    let machines =
        (0..vectors.rows).map(|v| Machine { terms: vec![(v, 1.0)], intercept: 0.0 }).collect();
    let arg = lowering.dense(step.columns, e.value())?;
    let machine = KernelMachine { arg, vectors, kernel, machines };
    lowering.op(Op::Estimator(Family::KernelMachine(Box::new(machine))))
}

pub(super) fn ridge(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let vectors = e.matrix("X_fit_", lowering.budget)?;
    let (dual, flat) = matrix(&e.fitted("dual_coef_")?)?;
    let weights = if flat { dual } else { transposed(&dual) };
    let margins = machines(lowering, step, vectors, &weights)?;
    values(lowering, margins)
}

pub(super) fn nystroem(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let vectors = e.matrix("components_", lowering.budget)?;
    let weights = e.matrix("normalization_", lowering.budget)?;
    let similarities = similarities(lowering, step, vectors)?;
    let total = weights.rows as usize;
    let vector = lowering.linear(similarities, weights, vec![0.0; total])?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

/// K centred as when fitting.
fn centred(
    lowering: &mut Lowering<'_>,
    centerer: &Estimator<'_>,
    kernel: ValueId,
) -> Result<ValueId, Failure> {
    let rows = centerer.numbers("K_fit_rows_")?;
    let all = centerer.number("K_fit_all_")?;
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let total = rows.len() as f64;
    let sum = lowering.sum(kernel)?;
    let mean = lowering.with_number(BinaryOp::Div, sum, total)?;
    let kernel = moved(lowering, kernel, rows)?;
    let kernel = lowering.binary(BinaryOp::Sub, kernel, mean)?;
    lowering.with_number(BinaryOp::Add, kernel, all)
}

pub(super) fn centerer(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let arg = lowering.dense(step.columns, step.estimator.value())?;
    let vector = centred(lowering, step.estimator, arg)?;
    Ok(Lowered::Columns(fresh(vector, step.columns.len())))
}

pub(super) fn pca(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let fitted = step.estimator.matrix("X_fit_", lowering.budget)?;
    let similarities = similarities(lowering, step, fitted)?;
    let (vector, total) = components(lowering, step.estimator, similarities)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

/// The principal components of a kernel, and how many.
pub(super) fn components(
    lowering: &mut Lowering<'_>,
    e: &Estimator<'_>,
    kernel: ValueId,
) -> Result<(ValueId, usize), Failure> {
    let newer = e.get("eigenvalues_").is_some();
    let key = |new: &'static str, old: &'static str| if newer { new } else { old };
    let values = e.numbers(key("eigenvalues_", "lambdas_"))?;
    let vectors = e.matrix(key("eigenvectors_", "alphas_"), lowering.budget)?;
    let mut rows = transposed(&vectors);
    let width = rows.columns as usize;
    for (cell, value) in rows.data.chunks_mut(width.max(1)).zip(&values) {
        // Components without variance are 0.
        let by = if *value == 0.0 { 0.0 } else { 1.0 / value.sqrt() };
        for cell in cell {
            *cell *= by;
        }
    }
    let centerer = Estimator::new(&e.fitted("_centerer")?, e.version())?;
    let centred = centred(lowering, &centerer, kernel)?;
    let total = rows.rows as usize;
    Ok((lowering.linear(centred, rows, vec![0.0; total])?, total))
}

pub(super) fn sampler(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let rows = transposed(&e.matrix("random_weights_", lowering.budget)?);
    e.expect_width("random_weights_", rows.columns as usize, step.columns.len())?;
    let total = rows.rows as usize;
    let mut arg = lowering.dense(step.columns, e.value())?;
    if e.object().name() == "SkewedChi2Sampler" {
        let moved = lowering.with_number(BinaryOp::Add, arg, e.number("skewedness")?)?;
        arg = lowering.unary(UnaryOp::Ln, moved)?;
    }
    let angles = lowering.linear(arg, rows, e.numbers("random_offset_")?)?;
    let waves = lowering.unary(UnaryOp::Cos, angles)?;
    #[expect(clippy::cast_precision_loss, reason = "a number of components")]
    let by = (2.0 / total as f64).sqrt();
    let vector = lowering.with_number(BinaryOp::Mul, waves, by)?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

pub(super) fn additive_chi_squared(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let steps = e.fitted("sample_steps")?.int()?;
    let interval = match e.get("sample_interval_").or_else(|| e.get("sample_interval")) {
        Some(interval) => interval.float()?,
        None => match steps {
            1 => 0.8,
            2 => 0.5,
            3 => 0.4,
            _ => return Err(e.unknown("sample_interval")),
        },
    };
    let arg = lowering.dense(step.columns, e.value())?;
    let width = step.columns.len();
    let scaled = lowering.with_number(BinaryOp::Mul, arg, interval)?;
    lowering.budget.charge_elements((width as u64).saturating_mul(steps.unsigned_abs()), 64)?;
    let mut parts = vec![lowering.unary(UnaryOp::Sqrt, scaled)?];
    // Of 0 all terms are 0; its logarithm is taken of 1 instead.
    let zero = lowering.with_number(BinaryOp::Eq, arg, 0.0)?;
    let zero = lowering.op(Op::Cast { arg: zero, to: holdall_tabular::Kind::F64 })?;
    let safe = lowering.binary(BinaryOp::Add, arg, zero)?;
    let log = lowering.unary(UnaryOp::Ln, safe)?;
    let log = lowering.with_number(BinaryOp::Mul, log, interval)?;
    let double = lowering.with_number(BinaryOp::Mul, arg, 2.0 * interval)?;
    #[expect(clippy::cast_precision_loss, reason = "a small number of steps")]
    for j in 1..steps.min(1_000) {
        let wide = (std::f64::consts::PI * j as f64 * interval).cosh();
        let share = lowering.with_number(BinaryOp::Div, double, wide)?;
        let factor = lowering.unary(UnaryOp::Sqrt, share)?;
        let angle = lowering.with_number(BinaryOp::Mul, log, j as f64)?;
        for op in [UnaryOp::Cos, UnaryOp::Sin] {
            let wave = lowering.unary(op, angle)?;
            parts.push(lowering.binary(BinaryOp::Mul, factor, wave)?);
        }
    }
    let total = width * parts.len();
    let vector = lowering.op(Op::Concat(parts))?;
    Ok(Lowered::Columns(fresh(vector, total)))
}

/// `LabelPropagation` and `LabelSpreading`.
pub(super) fn propagation(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let rows = e.matrix("X_", lowering.budget)?;
    let shares = e.matrix("label_distributions_", lowering.budget)?;
    e.expect_width("X_", rows.columns as usize, step.columns.len())?;
    e.expect_width("label_distributions_", shares.rows as usize, rows.rows as usize)?;
    e.expect_width("classes_", classes.len(), shares.columns as usize)?;
    let sums = match e.word("kernel") {
        Some("rbf") => {
            let gamma = e.number("gamma")?;
            let arg = lowering.dense(step.columns, e.value())?;
            let weights = transposed(&shares);
            let terms = |row: usize| (0..rows.rows).zip(weights.row(row).iter().copied()).collect();
            let machines = (0..weights.rows as usize)
                .map(|row| Machine { terms: terms(row), intercept: 0.0 })
                .collect();
            let kernel = Kernel::Rbf { gamma };
            let machine = KernelMachine { arg, vectors: rows, kernel, machines };
            lowering.op(Op::Estimator(Family::KernelMachine(Box::new(machine))))?
        }
        Some("knn") => {
            let answer = NeighborAnswer::Values { targets: shares, combine: NeighborCombine::Mean };
            let near = e.fitted("n_neighbors")?.int()?;
            let near = Near::Count(u32::try_from(near).unwrap_or(0));
            let (comparison, ids) = (Comparison::plain(Metric::Euclidean), Vec::new());
            let weights = NeighborWeights::Uniform;
            let arg = lowering.dense(step.columns, e.value())?;
            let op = Neighbors { arg, rows, ids, comparison, near, weights, answer };
            let mean = lowering.op(Op::Estimator(Family::Neighbors(Box::new(op))))?;
            lowering.part(mean, Part::Values)?
        }
        Some(_) | None => return Err(e.unknown("kernel").with_help("use `rbf` or `knn`")),
    };
    let shares = normalize(lowering, sums, NormalizeBy::Sum)?;
    by_shares(lowering, classes, shares).map(Lowered::Classes)
}

/// `KernelDensity` with the normal kernel: ln of the mean density of the rows, which its tree keeps.
pub(super) fn density(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    if e.word("kernel") != Some("gaussian") {
        return Err(e.unknown("kernel").with_help("fit with `kernel='gaussian'`"));
    }
    if e.word("metric") != Some("euclidean") {
        return Err(e.unknown("metric").with_help("fit with `metric='euclidean'`"));
    }
    let tree = Estimator::new(&e.fitted("tree_")?, e.version())?;
    let state = tree.object().state().ok_or_else(|| e.unknown("tree_"))?;
    let (rows, _) = matrix(&state.item(0)?)?;
    if state.items()?.any(|item| item.as_object().is_some_and(|o| o.name() == "sample_weight")) {
        return Err(e.unknown("sample_weight"));
    }
    e.expect_width("tree_", rows.columns as usize, step.columns.len())?;
    let width = e.get("bandwidth_").or_else(|| e.get("bandwidth"));
    let width = width.ok_or_else(|| e.unknown("bandwidth"))?.float()?;
    let (count, dimensions) = (f64::from(rows.rows), f64::from(rows.columns));
    let arg = lowering.dense(step.columns, e.value())?;
    let squares = distances(lowering, arg, rows, Metric::SquaredEuclidean)?;
    let logs = lowering.with_number(BinaryOp::Mul, squares, -0.5 / (width * width))?;
    let most = ReduceOp::Max;
    let reduce = Reduce { arg: logs, op: most, skip_missing: false };
    let most = lowering.op(Op::Transform(Transform::Reduce(reduce)))?;
    let apart = lowering.binary(BinaryOp::Sub, logs, most)?;
    let powers = lowering.unary(UnaryOp::Exp, apart)?;
    let sum = lowering.sum(powers)?;
    let log = lowering.unary(UnaryOp::Ln, sum)?;
    let log = lowering.binary(BinaryOp::Add, log, most)?;
    let constant = -0.5 * dimensions * (2.0 * std::f64::consts::PI).ln()
        - dimensions * width.ln()
        - count.ln();
    let density = lowering.with_number(BinaryOp::Add, log, constant)?;
    let density = lowering.op(Op::Concat(vec![density]))?;
    Ok(Lowered::Columns(fresh(density, 1)))
}
