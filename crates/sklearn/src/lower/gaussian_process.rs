//! Gaussian processes: `X_train_`, `alpha_` and the tree of kernels `kernel_`; `gaussian_process/`.
//!
//! The regressor answers its mean. The classifier of two classes: the latent mean and variance at the
//! row, the logistic function averaged over it by five error functions (Williams and Barber); of several
//! classes one against the rest, the probabilities divided by their sum.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    BinaryOp, Covariance, CovarianceTerm, Decision, Estimator as Family, GaussianProcess, Matrix,
    Op, UnaryOp, ValueId,
};

use super::{
    Step,
    answer::{Classifier, Lowered, by_margins, by_shares, values},
    columns::Lowering,
    estimator::{Estimator, classes, floats, matrix},
    matrix::transposed,
    shares::pair,
};
use crate::codes;

/// Kernels within kernels.
const MOST_TERMS: usize = 1_000;

/// The kernel in postfix order.
fn covariance(e: &Estimator<'_>) -> Result<Covariance, Failure> {
    enum Open<'p> {
        Kernel(Value<'p>),
        Term(CovarianceTerm),
    }
    let mut open = vec![Open::Kernel(e.fitted("kernel_")?)];
    let mut terms = Vec::new();
    while let Some(next) = open.pop() {
        if terms.len() + open.len() > MOST_TERMS {
            return Err(Failure::limit(codes::DEPTH, "kernels within kernels go too deep"));
        }
        let value = match next {
            Open::Term(term) => {
                terms.push(term);
                continue;
            }
            Open::Kernel(value) => value,
        };
        let kernel = Estimator::new(&value, e.version())?;
        let number = |key: &str| kernel.number(key);
        let list = |key: &str| -> Result<Vec<f64>, Failure> {
            let value = kernel.fitted(key)?;
            value.as_float().map_or_else(|| floats(&value), |number| Ok(vec![number]))
        };
        terms.push(match kernel.object().name() {
            "Sum" | "Product" => {
                let sum = kernel.object().name() == "Sum";
                let term = if sum { CovarianceTerm::Sum } else { CovarianceTerm::Product };
                open.push(Open::Term(term));
                open.push(Open::Kernel(kernel.fitted("k2")?));
                open.push(Open::Kernel(kernel.fitted("k1")?));
                continue;
            }
            "Exponentiation" => {
                open.push(Open::Term(CovarianceTerm::Power(number("exponent")?)));
                open.push(Open::Kernel(kernel.fitted("kernel")?));
                continue;
            }
            "ConstantKernel" => CovarianceTerm::Constant(number("constant_value")?),
            "WhiteKernel" => CovarianceTerm::White(number("noise_level")?),
            "RBF" => CovarianceTerm::Rbf { length: list("length_scale")? },
            "Matern" => {
                let length = list("length_scale")?;
                match number("nu")? {
                    0.5 => CovarianceTerm::Matern { length, twice_nu: 1 },
                    1.5 => CovarianceTerm::Matern { length, twice_nu: 3 },
                    2.5 => CovarianceTerm::Matern { length, twice_nu: 5 },
                    nu if nu.is_infinite() => CovarianceTerm::Rbf { length },
                    _ => {
                        return Err(kernel
                            .unknown("nu")
                            .with_help("use 0.5, 1.5, 2.5 or infinity"));
                    }
                }
            }
            "RationalQuadratic" => CovarianceTerm::RationalQuadratic {
                length: number("length_scale")?,
                alpha: number("alpha")?,
            },
            "ExpSineSquared" => CovarianceTerm::ExpSineSquared {
                length: number("length_scale")?,
                period: number("periodicity")?,
            },
            "DotProduct" => CovarianceTerm::DotProduct { sigma: number("sigma_0")? },
            name => {
                return Err(kernel
                    .refuse(codes::PARAMETER, format!("the kernel `{name}` is not carried"))
                    .with_help("use the kernels of scikit-learn other than `PairwiseKernel`"));
            }
        });
    }
    Ok(Covariance { terms })
}

pub(super) fn regressor(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let vectors = e.matrix("X_train_", lowering.budget)?;
    e.expect_width("X_train_", vectors.columns as usize, step.columns.len())?;
    let (alpha, flat) = matrix(&e.fitted("alpha_")?)?;
    let alpha = if flat { alpha } else { transposed(&alpha) };
    let list = |key: &str| -> Result<Vec<f64>, Failure> {
        let value = e.fitted(key)?;
        value.as_float().map_or_else(|| floats(&value), |number| Ok(vec![number]))
    };
    // Until 0.22 the values were moved and not scaled.
    let scaled = e.get("_y_train_std").is_some() || e.since(0, 23);
    let scales = if scaled { list("_y_train_std")? } else { vec![1.0] };
    let offsets = list("_y_train_mean")?;
    let kernel = covariance(e)?;
    let arg = lowering.dense(step.columns, e.value())?;
    let copies = u64::from(alpha.rows).saturating_mul(vectors.data.len() as u64);
    lowering.budget.charge_elements(copies, 8)?;
    let mut parts = Vec::new();
    for target in 0..alpha.rows as usize {
        let of = |list: &[f64]| list.get(target).or(list.first()).copied();
        let process = GaussianProcess {
            arg,
            vectors: vectors.clone(),
            kernel: kernel.clone(),
            alpha: alpha.row(target).to_vec(),
            factor: None,
            scale: of(&scales).unwrap_or(1.0),
            offset: of(&offsets).unwrap_or(0.0),
        };
        let both = lowering.op(Op::Estimator(Family::GaussianProcess(Box::new(process))))?;
        parts.push(lowering.element(both, 0)?);
    }
    let all = lowering.op(Op::Concat(parts))?;
    values(lowering, all)
}

/// Slopes and weights of the five error functions.
const SLOPES: [f64; 5] = [0.41, 0.4, 0.37, 0.44, 0.39];
const WEIGHTS: [f64; 5] =
    [-1_854.821_415_1, 3_516.898_936_46, 221.293_467_12, 128.123_238_05, -2_010.494_226_54];

/// The latent mean and the probability of 1, vectors of one, of `_BinaryGaussianProcessClassifierLaplace`.
fn binary(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    e: &Estimator<'_>,
) -> Result<(ValueId, ValueId), Failure> {
    let vectors = e.matrix("X_train_", lowering.budget)?;
    e.expect_width("X_train_", vectors.columns as usize, step.columns.len())?;
    let targets = e.fitted("y_train_")?.array()?;
    let targets = targets.to_f64().or_else(|_not_floats| -> Result<Vec<f64>, Failure> {
        Ok(targets.to_i64()?.into_iter().map(|t| if t == 0 { 0.0 } else { 1.0 }).collect())
    })?;
    let shares = e.numbers("pi_")?;
    let alpha = targets.iter().zip(&shares).map(|(y, p)| y - p).collect();
    let roots = e.numbers("W_sr_")?;
    let mut factor = e.matrix("L_", lowering.budget)?;
    let width = (factor.columns as usize).max(1);
    for (row, root) in factor.data.chunks_mut(width).zip(&roots) {
        for cell in row {
            *cell /= root;
        }
    }
    let arg = lowering.dense(step.columns, e.value())?;
    let kernel = covariance(e)?;
    let (scale, offset) = (1.0, 0.0);
    let factor = Some(factor);
    let process = GaussianProcess { arg, vectors, kernel, alpha, factor, scale, offset };
    let both = lowering.op(Op::Estimator(Family::GaussianProcess(Box::new(process))))?;
    let mean = lowering.element(both, 0)?;
    let deviation = lowering.element(both, 1)?;
    let variance = lowering.binary(BinaryOp::Mul, deviation, deviation)?;
    // √(π ÷ α) ÷ (2 √(2 π v)) with α = 1 ÷ 2v is ½; √(α ÷ (α + λ²)) is √(1 ÷ (1 + 2 v λ²)).
    let mut terms = Vec::new();
    for slope in SLOPES {
        let gamma = lowering.with_number(BinaryOp::Mul, mean, slope)?;
        let wide = lowering.with_number(BinaryOp::Mul, variance, 2.0 * slope * slope)?;
        let wide = lowering.with_number(BinaryOp::Add, wide, 1.0)?;
        let wide = lowering.unary(UnaryOp::Sqrt, wide)?;
        let inner = lowering.binary(BinaryOp::Div, gamma, wide)?;
        let erf = lowering.unary(UnaryOp::Erf, inner)?;
        terms.push(lowering.with_number(BinaryOp::Mul, erf, 0.5)?);
    }
    let terms = lowering.op(Op::Concat(terms))?;
    let coefficients = Matrix { rows: 1, columns: 5, data: WEIGHTS.to_vec() };
    let share = lowering.linear(terms, coefficients, vec![0.5 * WEIGHTS.iter().sum::<f64>()])?;
    Ok((mean, share))
}

pub(super) fn classifier(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let classes = classes(e)?;
    let base = Estimator::new(&e.fitted("base_estimator_")?, e.version())?;
    if base.object().name() != "OneVsRestClassifier" {
        if base.get("W_sr_").is_none() {
            return Err(e.unknown("multi_class").with_help("fit with `multi_class='one_vs_rest'`"));
        }
        let (mean, share) = binary(lowering, step, &base)?;
        let above = Decision::MarginAbove(0.0);
        let answer = by_margins(lowering, classes.clone(), mean, None, above)?;
        let shares = pair(lowering, share)?;
        let probabilities = by_shares(lowering, classes, shares)?.probabilities;
        return Ok(Lowered::Classes(Classifier { probabilities, decision: None, ..answer }));
    }
    let mut positive = Vec::new();
    for member in base.members("estimators_")? {
        let member = Estimator::new(&member, e.version())?;
        positive.push(binary(lowering, step, &member)?.1);
    }
    let positive = lowering.op(Op::Concat(positive))?;
    let by = holdall_tabular::NormalizeBy::Sum;
    let shares = super::shares::normalize(lowering, positive, by)?;
    let none = by_margins(lowering, classes.clone(), positive, None, Decision::LargestMargin)?;
    let probabilities = by_shares(lowering, classes, shares)?.probabilities;
    Ok(Lowered::Classes(Classifier { probabilities, decision: None, ..none }))
}
