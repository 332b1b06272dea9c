use holdall_diag::Failure;
use holdall_tabular::{Covariance, CovarianceTerm, GaussianProcess};

use super::{Columns, Kernel, Run};
use crate::value::Yield;

impl Kernel for GaussianProcess {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.arg)?;
        let mut columns = Columns::new(2, run.rows);
        let count = self.vectors.rows as usize;
        let mut stack = Vec::new();
        for row in 0..run.rows {
            if rows.any_missing(row) {
                continue;
            }
            let x = rows.row(row);
            let k: Vec<f64> = (0..count)
                .map(|i| covariance(&self.kernel, x, self.vectors.row(i), false, &mut stack))
                .collect();
            let mean = k.iter().zip(&self.alpha).fold(0.0, |sum, (k, alpha)| sum + k * alpha);
            let mut variance = covariance(&self.kernel, x, x, true, &mut stack);
            if let Some(factor) = &self.factor {
                // L v = k by forward substitution; the variance falls by |v|².
                let mut v = vec![0.0; count];
                for i in 0..count {
                    let line = factor.row(i);
                    let known = (0..i).fold(0.0, |sum, j| sum + line[j] * v[j]);
                    v[i] = (k[i] - known) / line[i];
                }
                variance -= v.iter().fold(0.0, |sum, v| sum + v * v);
            }
            let deviation = variance.max(0.0).sqrt();
            columns.set(row, [mean * self.scale + self.offset, deviation * self.scale]);
        }
        Ok(Yield::Value(columns.elements()))
    }
}

/// Squared distance, each element divided by its length.
fn scaled(x: &[f64], y: &[f64], length: &[f64]) -> f64 {
    let at = |i: usize| length.get(i).or(length.first()).copied().unwrap_or(1.0);
    (0..x.len()).fold(0.0, |sum, i| {
        let d = x[i] / at(i) - y[i] / at(i);
        sum + d * d
    })
}

fn squared(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y))
}

/// The covariance of two rows; `same` says that they are one.
fn covariance(kernel: &Covariance, x: &[f64], y: &[f64], same: bool, stack: &mut Vec<f64>) -> f64 {
    stack.clear();
    for term in &kernel.terms {
        // Validation made sure that each term finds what it takes.
        let mut pop = || stack.pop().unwrap_or(f64::NAN);
        let value = match term {
            CovarianceTerm::Constant(value) => *value,
            CovarianceTerm::White(noise) => {
                if same {
                    *noise
                } else {
                    0.0
                }
            }
            CovarianceTerm::Rbf { length } => (-0.5 * scaled(x, y, length)).exp(),
            CovarianceTerm::Matern { length, twice_nu } => {
                matern(scaled(x, y, length).sqrt(), *twice_nu)
            }
            CovarianceTerm::RationalQuadratic { length, alpha } => {
                (1.0 + squared(x, y) / (2.0 * alpha * length * length)).powf(-alpha)
            }
            CovarianceTerm::ExpSineSquared { length, period } => {
                let angle = std::f64::consts::PI * squared(x, y).sqrt() / period;
                (-2.0 * (angle.sin() / length).powi(2)).exp()
            }
            CovarianceTerm::DotProduct { sigma } => {
                x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y) + sigma * sigma
            }
            CovarianceTerm::AbsoluteExponential { length, degree } => {
                let at = |i: usize| length.get(i).or(length.first()).copied().unwrap_or(1.0);
                let sum = (0..x.len())
                    .fold(0.0, |sum, i| sum + ((x[i] - y[i]).abs() / at(i)).powf(*degree));
                (-sum).exp()
            }
            CovarianceTerm::Sum => pop() + pop(),
            CovarianceTerm::Product => pop() * pop(),
            CovarianceTerm::Power(exponent) => pop().powf(*exponent),
        };
        stack.push(value);
    }
    stack.pop().unwrap_or(f64::NAN)
}

fn matern(distance: f64, twice_nu: u32) -> f64 {
    match twice_nu {
        1 => (-distance).exp(),
        3 => {
            let k = distance * 3.0_f64.sqrt();
            (1.0 + k) * (-k).exp()
        }
        _ => {
            let k = distance * 5.0_f64.sqrt();
            (1.0 + k + k * k / 3.0) * (-k).exp()
        }
    }
}
