use holdall_diag::Failure;
use holdall_tabular::{Kernel as Similarity, KernelMachine};

use super::{Columns, Kernel, Run};
use crate::value::Yield;

impl Kernel for KernelMachine {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.arg)?;
        let mut columns = Columns::new(self.machines.len(), run.rows);
        let vectors = self.vectors.rows as usize;
        let mut values = vec![0.0; vectors];
        for row in 0..run.rows {
            if rows.any_missing(row) {
                continue;
            }
            let x = rows.row(row);
            for (vector, value) in values.iter_mut().enumerate() {
                *value = similarity(self.kernel, x, self.vectors.row(vector));
            }
            columns.set(
                row,
                self.machines.iter().map(|machine| {
                    let terms = machine.terms.iter();
                    terms.fold(0.0, |sum, (vector, by)| sum + by * values[*vector as usize])
                        + machine.intercept
                }),
            );
        }
        Ok(Yield::Value(columns.elements()))
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
}

fn sum(x: &[f64], y: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (&x, &y)| sum + term(x, y))
}

fn chi_squared(x: &[f64], y: &[f64]) -> f64 {
    sum(x, y, |x, y| if x + y == 0.0 { 0.0 } else { (x - y) * (x - y) / (x + y) })
}

/// A power; whole exponents by repeated squaring, as libsvm forms them.
fn power(base: f64, degree: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a small whole number")]
    if degree.fract() == 0.0 && (0.0..=1024.0).contains(&degree) {
        let (mut square, mut result, mut left) = (base, 1.0, degree as i32);
        while left > 0 {
            if left % 2 == 1 {
                result *= square;
            }
            square *= square;
            left /= 2;
        }
        return result;
    }
    base.powf(degree)
}

/// K(x, y).
pub(super) fn similarity(kernel: Similarity, x: &[f64], y: &[f64]) -> f64 {
    match kernel {
        Similarity::Linear => dot(x, y),
        Similarity::Polynomial { gamma, coef0, degree } => power(gamma * dot(x, y) + coef0, degree),
        Similarity::Rbf { gamma } => (-gamma * sum(x, y, |x, y| (x - y) * (x - y))).exp(),
        Similarity::Sigmoid { gamma, coef0 } => (gamma * dot(x, y) + coef0).tanh(),
        Similarity::Laplacian { gamma } => (-gamma * sum(x, y, |x, y| (x - y).abs())).exp(),
        Similarity::Cosine => {
            let length = |v: &[f64]| {
                let square = dot(v, v);
                if square > 0.0 { square.sqrt() } else { 1.0 }
            };
            dot(x, y) / (length(x) * length(y))
        }
        Similarity::ChiSquared { gamma } => (-gamma * chi_squared(x, y)).exp(),
        Similarity::AdditiveChiSquared => -chi_squared(x, y),
    }
}
