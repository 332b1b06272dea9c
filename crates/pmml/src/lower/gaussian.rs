//! Gaussian processes: <https://dmg.org/pmml/v4-4-1/GaussianProcess.html>. The standard stores the training rows; what
//! is computed of them once, α = (K + σ²I)⁻¹y and the Cholesky factor of K + σ²I, is computed here.

use holdall_diag::Failure;
use holdall_tabular::{
    Covariance, CovarianceTerm, Estimator, GaussianProcess, Kind, Link, Matrix, Op, Regress,
    ValueId,
};

use super::{
    Answer, Lower, dictionary, function, invalid, number, required, tables::inline_rows,
    unsupported, unsupported_value, vectors::numbers,
};
use crate::{
    codes,
    doc::{Element, MiningFunction},
    number::parse_f64,
};

/// Most training rows: their covariance is a matrix of so many squared.
const MOST_ROWS: usize = 4096;

impl<'d> Lower<'d> {
    pub(super) fn gaussian_process(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if function(element)? != MiningFunction::Regression {
            return Err(unsupported_value(element, "functionName"));
        }
        let target = dictionary::target(element).ok_or_else(|| unsupported(element))?;
        let instances = element.child("TrainingInstances").ok_or_else(|| unsupported(element))?;
        let (names, rows) = training_rows(instances)?;
        let inputs: Vec<&str> = names.iter().copied().filter(|name| *name != target).collect();
        let at = names.iter().position(|name| *name == target);
        let at = at.ok_or_else(|| unsupported(instances).with_help("list the target as well"))?;
        let mut values = Vec::new();
        for name in &inputs {
            let value = self.field(instances, name)?;
            let value = self.scalar(value)?;
            values.push(self.cast(instances, value, Kind::F64)?);
        }
        let arg = self.push(Op::Concat(values))?;
        let (mut data, mut y) = (Vec::new(), Vec::new());
        for mut row in rows {
            y.push(row.remove(at));
            data.extend(row);
        }
        let wide = |n: usize| u32::try_from(n).map_err(|_error| unsupported(instances));
        let vectors = Matrix { rows: wide(y.len())?, columns: wide(inputs.len())?, data };
        let (gamma, noise, term) = kernel(element, inputs.len())?;
        let (alpha, factor) = solve(gamma, noise, &term, &vectors, y).ok_or_else(|| {
            Failure::malformed(
                codes::INVALID_ELEMENT,
                "the covariance of the training rows is not positive definite",
            )
            .at(instances.location())
            .with_help("two equal rows need a `noiseVariance` above 0")
        })?;
        let terms = vec![
            CovarianceTerm::Constant(gamma),
            term,
            CovarianceTerm::Product,
            CovarianceTerm::White(noise),
            CovarianceTerm::Sum,
        ];
        let process = GaussianProcess {
            arg,
            vectors,
            kernel: Covariance { terms },
            alpha,
            factor: Some(factor),
            scale: 1.0,
            offset: 0.0,
        };
        let process = Op::Estimator(Estimator::GaussianProcess(Box::new(process)));
        let both = self.model.push_at(process, element.location())?;
        let [margins, deviation] = [0, 1].map(|i| Op::Select { arg: both, indices: vec![i] });
        let margins = self.push(margins)?;
        let deviation = self.push(deviation)?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        let deviation: Option<ValueId> = Some(self.scalar(deviation)?);
        Ok(Answer { value: Some(margins), deviation, ..Answer::new(estimate, None) })
    }
}

/// The names of the fields of the training rows, and their numbers.
fn training_rows(instances: Element<'_>) -> Result<(Vec<&str>, Vec<Vec<f64>>), Failure> {
    let fields = instances.child("InstanceFields").ok_or_else(|| unsupported(instances))?;
    let table = instances.child("InlineTable").ok_or_else(|| unsupported(instances))?;
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    for field in fields.proper_children() {
        let name = required(field, "field")?;
        names.push(name);
        columns.push(field.attribute("column").unwrap_or(name));
    }
    let cells = inline_rows(table, &columns);
    if cells.is_empty() || cells.len() > MOST_ROWS {
        return Err(Failure::limit(
            codes::LIMIT,
            format!("expected 1 to {MOST_ROWS} training rows, found {}", cells.len()),
        )
        .at(table.location()));
    }
    let mut rows = Vec::with_capacity(cells.len());
    for (i, row) in cells.into_iter().enumerate() {
        let numbers = row.iter().map(|cell| cell.as_deref().and_then(parse_f64));
        let numbers =
            numbers.collect::<Option<Vec<f64>>>().filter(|n| n.iter().all(|x| x.is_finite()));
        rows.push(numbers.ok_or_else(|| {
            let message = format!("training row {}: expected a number for every field", i + 1);
            Failure::malformed(codes::INVALID_ELEMENT, message).at(table.location())
        })?);
    }
    Ok((names, rows))
}

/// γ, σ² and the kernel without them.
fn kernel(model: Element<'_>, inputs: usize) -> Result<(f64, f64, CovarianceTerm), Failure> {
    let element = model.proper_children().find(|child| child.name().ends_with("Kernel"));
    let element = element.ok_or_else(|| unsupported(model))?;
    let positive = |name: &str, default: f64| -> Result<f64, Failure> {
        let found = number(element, name, Some(default))?;
        let fits = found > 0.0 && found.is_finite();
        if fits { Ok(found) } else { Err(invalid(element, name, "a number above 0")) }
    };
    let gamma = positive("gamma", 1.0)?;
    let noise = number(element, "noiseVariance", Some(1.0))?;
    if noise.is_nan() || noise < 0.0 {
        return Err(invalid(element, "noiseVariance", "a number from 0"));
    }
    let lambdas = || -> Result<Vec<f64>, Failure> {
        let Some(holder) = element.child("Lambda") else { return Ok(vec![1.0; inputs]) };
        let list = numbers(holder, inputs)?;
        if list.iter().all(|x| *x > 0.0 && x.is_finite()) {
            return Ok(list);
        }
        let message = "expected numbers above 0, one an input";
        Err(Failure::malformed(codes::INVALID_ELEMENT, message).at(holder.location()))
    };
    let term = match element.name() {
        "RadialBasisKernel" => CovarianceTerm::Rbf { length: vec![positive("lambda", 1.0)?] },
        "ARDSquaredExponentialKernel" => CovarianceTerm::Rbf { length: lambdas()? },
        "AbsoluteExponentialKernel" => exponential(lambdas()?, 1.0),
        "GeneralizedExponentialKernel" => {
            let degree = positive("degree", 1.0)?;
            exponential(lambdas()?, degree)
        }
        _ => return Err(unsupported(element)),
    };
    Ok((gamma, noise, term))
}

/// exp(−½ Σ (|x − z| ÷ λ)^degree): the half becomes part of λ.
fn exponential(lambdas: Vec<f64>, degree: f64) -> CovarianceTerm {
    let half = 2.0_f64.powf(degree.recip());
    let length = lambdas.into_iter().map(|lambda| lambda * half).collect();
    CovarianceTerm::AbsoluteExponential { length, degree }
}

/// The covariance of two rows but for γ: squared distances halved, or powers of distances.
fn correlation(term: &CovarianceTerm, x: &[f64], z: &[f64]) -> f64 {
    let gaps = |length: &[f64]| -> Vec<f64> {
        let at = |i: usize| length.get(i).or(length.first()).copied().unwrap_or(1.0);
        x.iter().zip(z).enumerate().map(|(i, (x, z))| (x - z).abs() / at(i)).collect()
    };
    let exponent: f64 = if let CovarianceTerm::AbsoluteExponential { length, degree } = term {
        gaps(length).iter().map(|d| d.powf(*degree)).sum()
    } else if let CovarianceTerm::Rbf { length } = term {
        gaps(length).iter().map(|d| d * d).sum::<f64>() / 2.0
    } else {
        // No other kernel is made above.
        f64::NAN
    };
    (-exponent).exp()
}

/// The targets of the training rows that give the weights α: (γ·K + σ²I)·α.
pub(crate) fn targets(
    (gamma, noise, term): (f64, f64, &CovarianceTerm),
    vectors: &Matrix,
    alpha: &[f64],
) -> Vec<f64> {
    let row = |i: usize| {
        let terms = alpha.iter().enumerate().map(|(j, weight)| {
            let covariance = gamma * correlation(term, vectors.row(i), vectors.row(j));
            weight * if i == j { covariance + noise } else { covariance }
        });
        terms.sum()
    };
    (0..vectors.rows as usize).map(row).collect()
}

/// α and the lower Cholesky factor of γ·K + σ²I; none where that is not positive definite.
pub(crate) fn solve(
    gamma: f64,
    noise: f64,
    term: &CovarianceTerm,
    vectors: &Matrix,
    y: Vec<f64>,
) -> Option<(Vec<f64>, Matrix)> {
    let n = y.len();
    let row_of = |i: usize| vectors.row(i);
    let mut factor = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mut sum = gamma * correlation(term, row_of(i), row_of(j));
            if i == j {
                sum += noise;
            }
            let (a, b) = (factor.get(i * n..i * n + j)?, factor.get(j * n..j * n + j)?);
            sum -= a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let entry = if i == j {
                if sum.is_nan() || sum <= 0.0 {
                    return None;
                }
                sum.sqrt()
            } else {
                sum / factor.get(j * n + j)?
            };
            *factor.get_mut(i * n + j)? = entry;
        }
    }
    // L z = y, then Lᵀ α = z.
    let mut alpha = y;
    for i in 0..n {
        let known: f64 = factor.get(i * n..i * n + i)?.iter().zip(&alpha).map(|(l, z)| l * z).sum();
        let entry = (alpha.get(i)? - known) / factor.get(i * n + i)?;
        *alpha.get_mut(i)? = entry;
    }
    for i in (0..n).rev() {
        let mut known = 0.0;
        for j in i + 1..n {
            known += factor.get(j * n + i)? * alpha.get(j)?;
        }
        let entry = (alpha.get(i)? - known) / factor.get(i * n + i)?;
        *alpha.get_mut(i)? = entry;
    }
    let side = u32::try_from(n).ok()?;
    Some((alpha, Matrix { rows: side, columns: side, data: factor }))
}
