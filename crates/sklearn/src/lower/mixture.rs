//! Gaussian mixtures: `means_`, `weights_`, `precisions_cholesky_`; `mixture/_gaussian_mixture.py`,
//! `_bayesian_mixture.py`. The label is the most probable component. The same in all versions.
//!
//! ln p(x, k) = −½ (n ln 2π + |(x − μ) P|²) + ln det P + ln weight, P by `covariance_type`; the Bayesian one
//! has n ln ν and ψ in place of parts of it.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Cluster, Estimator as Family, Matrix, NormalizeBy, Op, Scale, ScaleForm, ValueId,
};

use super::{
    Step,
    answer::{Clusters, Lowered},
    cluster::positions,
    columns::Lowering,
    estimator::{Estimator, count, floats},
    matrix::transposed,
    shares::{normalize, squared},
};
use crate::codes;

/// The Cholesky factors of the precisions, a matrix a component.
fn factors(estimator: &Estimator<'_>, rows: usize, width: usize) -> Result<Vec<Matrix>, Failure> {
    let value = estimator.fitted("precisions_cholesky_")?;
    let numbers = floats(&value)?;
    let side = count(estimator.value(), width)?;
    let square = |data: Vec<f64>| Matrix { rows: side, columns: side, data };
    let diagonal = |diagonal: &[f64]| {
        let mut data = vec![0.0; width * width];
        data.iter_mut().step_by(width + 1).zip(diagonal).for_each(|(cell, value)| *cell = *value);
        square(data)
    };
    let expected = |n: usize| estimator.expect_width("precisions_cholesky_", numbers.len(), n);
    Ok(match estimator.word("covariance_type") {
        Some("full") => {
            expected(rows * width * width)?;
            numbers.chunks_exact(width * width).map(|m| square(m.to_vec())).collect()
        }
        Some("tied") => {
            expected(width * width)?;
            vec![square(numbers); rows]
        }
        Some("diag") => {
            expected(rows * width)?;
            numbers.chunks_exact(width).map(diagonal).collect()
        }
        Some("spherical") => {
            expected(rows)?;
            numbers.iter().map(|&p| diagonal(&vec![p; width])).collect()
        }
        Some(_) | None => return Err(estimator.unknown("covariance_type")),
    })
}

/// What does not depend on the row, added to −½ |…|².
fn constants(
    estimator: &Estimator<'_>,
    factors: &[Matrix],
    width: f64,
) -> Result<Vec<f64>, Failure> {
    let determinants = factors.iter().map(|factor| {
        let diagonal = factor.data.iter().step_by(factor.columns as usize + 1);
        diagonal.map(|p| p.ln()).sum::<f64>()
    });
    let plain = -0.5 * width * (2.0 * std::f64::consts::PI).ln();
    if estimator.object().name() == "GaussianMixture" {
        let weights = estimator.numbers("weights_")?;
        return Ok(determinants.zip(weights).map(|(d, w)| plain + d + w.ln()).collect());
    }
    let freedom = estimator.numbers("degrees_of_freedom_")?;
    let precision = estimator.numbers("mean_precision_")?;
    let weights = log_weights(estimator)?;
    let each = determinants.zip(&freedom).zip(&precision).zip(weights);
    Ok(each
        .map(|(((determinant, freedom), precision), weight)| {
            let gauss = plain + determinant - 0.5 * width * freedom.ln();
            let mut halves = 0.0;
            let mut i = 0.0;
            while i < width {
                halves += digamma(0.5 * (freedom - i));
                i += 1.0;
            }
            let lambda = width * std::f64::consts::LN_2 + halves;
            gauss + 0.5 * (lambda - width / precision) + weight
        })
        .collect())
}

/// E ln weight of a Dirichlet process or distribution.
fn log_weights(estimator: &Estimator<'_>) -> Result<Vec<f64>, Failure> {
    let concentration = estimator.fitted("weight_concentration_")?;
    if estimator.word("weight_concentration_prior_type") == Some("dirichlet_distribution") {
        let all = floats(&concentration)?;
        let total = digamma(all.iter().sum());
        return Ok(all.into_iter().map(|a| digamma(a) - total).collect());
    }
    let (a, b) = (floats(&concentration.item(0)?)?, floats(&concentration.item(1)?)?);
    let mut before = 0.0;
    let log = |(a, b): (&f64, &f64)| {
        let total = digamma(a + b);
        let here = digamma(*a) - total + before;
        before += digamma(*b) - total;
        here
    };
    Ok(a.iter().zip(&b).map(log).collect())
}

/// ψ(x) for x above 0: the recurrence up to 10, then the asymptotic series.
fn digamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = inverse
        * (1.0 / 12.0
            - inverse
                * (1.0 / 120.0
                    - inverse
                        * (1.0 / 252.0
                            - inverse
                                * (1.0 / 240.0
                                    - inverse
                                        * (1.0 / 132.0
                                            - inverse
                                                * (691.0 / 32760.0 - inverse * (1.0 / 12.0)))))));
    below + x.ln() - 0.5 / x - series
}

pub(super) fn lower(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let means = e.matrix("means_", lowering.budget)?;
    e.expect_width("means_", means.columns as usize, step.columns.len())?;
    let width = step.columns.len() as u64;
    let cells = width.saturating_mul(width).saturating_mul(u64::from(means.rows));
    lowering.budget.charge_elements(cells, 8)?;
    let factors = factors(e, means.rows as usize, step.columns.len())?;
    let constants = constants(e, &factors, f64::from(means.columns))?;
    if constants.len() != means.rows as usize {
        return Err(e.value().failure(codes::SHAPE, "expected a weight for each component"));
    }
    let arg = lowering.dense(step.columns, e.value())?;
    let mut squares = Vec::with_capacity(factors.len());
    for (component, factor) in factors.iter().enumerate() {
        let moved = moved(lowering, arg, means.row(component).to_vec())?;
        let zeros = vec![0.0; factor.columns as usize];
        let projected = lowering.linear(moved, transposed(factor), zeros)?;
        let squared = squared(lowering, projected)?;
        squares.push(lowering.sum(squared)?);
    }
    let squares = lowering.op(Op::Concat(squares))?;
    let halved = lowering.with_number(BinaryOp::Mul, squares, -0.5)?;
    let constants = lowering.constants(constants)?;
    let logs = lowering.binary(BinaryOp::Add, halved, constants)?;
    let cluster = Cluster { distances: logs, largest: true, labels: positions(means.rows) };
    let label = lowering.op(Op::Estimator(Family::Cluster(cluster)))?;
    let shares = Some(normalize(lowering, logs, NormalizeBy::Softmax)?);
    Ok(Lowered::Clusters(Clusters { label, distances: false, shares }))
}

/// x − offset.
pub(super) fn moved(
    lowering: &mut Lowering<'_>,
    arg: ValueId,
    offset: Vec<f64>,
) -> Result<ValueId, Failure> {
    let (form, offset) = (ScaleForm::SubtractDivide, Some(offset));
    lowering.op(Op::Scale(Scale { arg, form, offset, factor: None }))
}
