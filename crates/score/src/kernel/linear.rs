use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::Linear;

use crate::{
    real::Real,
    value::{Element, Shared, either_missing},
};

/// Weighted sums, at the precision of the summation. Rows lie side by side, so the order of addition
/// within a row is the order of the columns whatever the processor does.
pub(crate) enum LinearStep {
    F32(Weights<f32>),
    F64(Weights<f64>),
}

pub(crate) struct Weights<R> {
    rows: Vec<Vec<R>>,
    intercepts: Vec<R>,
}

impl LinearStep {
    pub(crate) fn new(linear: &Linear) -> Self {
        if linear.summation.is_f32() {
            Self::F32(Weights::new(linear))
        } else {
            Self::F64(Weights::new(linear))
        }
    }

    pub(crate) fn run<'a>(
        &self,
        arg: &[Shared<'a>],
        rows: usize,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        match self {
            Self::F32(weights) => weights.run(arg, rows),
            Self::F64(weights) => weights.run(arg, rows),
        }
    }
}

impl<R: Real> Weights<R> {
    fn new(linear: &Linear) -> Self {
        let matrix = &linear.coefficients;
        let row = |r| matrix.row(r).iter().map(|&c| R::narrow(c)).collect();
        Self {
            rows: (0..matrix.rows as usize).map(row).collect(),
            intercepts: linear.intercepts.iter().map(|&i| R::narrow(i)).collect(),
        }
    }

    fn run<'a>(&self, arg: &[Shared<'a>], rows: usize) -> Result<Vec<Shared<'a>>, Failure> {
        let missing = arg.iter().fold(None, |flags: Option<Vec<bool>>, element| {
            either_missing(flags.as_ref(), element.missing.as_ref())
        });
        let columns = arg.iter().map(|e| R::slice(e)).collect::<Result<Vec<_>, _>>()?;
        let margins = self.rows.iter().zip(&self.intercepts).map(|(coefficients, &intercept)| {
            let mut sums = vec![R::ZERO; rows];
            for (&coefficient, column) in coefficients.iter().zip(&columns) {
                for (sum, &x) in sums.iter_mut().zip(*column) {
                    *sum = *sum + coefficient * x;
                }
            }
            for sum in &mut sums {
                *sum = *sum + intercept;
            }
            Rc::new(Element { data: R::elements(sums), missing: missing.clone() })
        });
        Ok(margins.collect())
    }
}
