use holdall_diag::Failure;
use holdall_tabular::{BayesForm, Likelihood, NaiveBayes, ValueId};

use super::{Columns, Kernel, Run};
use crate::value::{CategoryIndex, Cell, Yield, by_kind};

/// A naive Bayes model.
pub(super) struct BayesStep {
    op: NaiveBayes,
    /// For each input with a table, where its categories stand.
    indices: Vec<Option<CategoryIndex>>,
}

impl BayesStep {
    pub(super) fn new(op: &NaiveBayes) -> Self {
        let index = |likelihood: &Likelihood| match likelihood {
            Likelihood::Table { categories, table: _ } => Some(CategoryIndex::new(categories)),
            Likelihood::Normal { .. } | Likelihood::Poisson { .. } | Likelihood::Uniform { .. } => {
                None
            }
        };
        let indices = op.inputs.iter().map(|input| index(&input.likelihood)).collect();
        Self { op: op.clone(), indices }
    }

    /// What an input is in each row: a row of the table, or a number.
    fn observe(
        &self,
        run: &Run<'_, '_>,
        input: usize,
        arg: ValueId,
    ) -> Result<Vec<Option<Observed>>, Failure> {
        let element = run.scalar(arg)?;
        let index = self.indices[input].as_ref();
        Ok(by_kind!(&element.data, values => values.iter().enumerate().map(|(row, &value)| {
            match index {
                Some(index) if element.is_missing(row) => index.missing().map(Observed::Row),
                Some(index) => index.find(value).map(Observed::Row),
                None if element.is_missing(row) => None,
                None => value.number().map(Observed::Number),
            }
        }).collect()))
    }

    fn joint(&self, observed: &[Vec<Option<Observed>>], row: usize) -> Vec<f64> {
        let logarithm = self.op.form == BayesForm::Logarithm;
        let mut joint: Vec<f64> = self.op.priors.clone();
        if logarithm {
            for prior in &mut joint {
                *prior = prior.ln();
            }
        }
        for (input, column) in self.op.inputs.iter().zip(observed) {
            let Some(found) = column[row] else { continue };
            for (class, sum) in joint.iter_mut().enumerate() {
                if logarithm && self.op.threshold <= 0.0 {
                    *sum += ln_likelihood(&input.likelihood, found, class);
                    continue;
                }
                let likelihood = likelihood(&input.likelihood, found, class);
                let held =
                    if likelihood < self.op.threshold { self.op.threshold } else { likelihood };
                if logarithm {
                    *sum += held.ln();
                } else {
                    *sum *= held;
                }
            }
        }
        joint
    }
}

#[derive(Clone, Copy)]
enum Observed {
    Row(u32),
    Number(f64),
}

impl Kernel for BayesStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let inputs = self.op.inputs.iter().enumerate();
        let observed = inputs
            .map(|(i, input)| self.observe(run, i, input.arg))
            .collect::<Result<Vec<_>, _>>()?;
        let mut columns = Columns::new(self.op.priors.len(), run.rows);
        for row in 0..run.rows {
            columns.set(row, self.joint(&observed, row));
        }
        Ok(Yield::Value(columns.elements()))
    }
}

fn likelihood(of: &Likelihood, found: Observed, class: usize) -> f64 {
    match (of, found) {
        (Likelihood::Table { table, categories: _ }, Observed::Row(row)) => {
            table.row(row as usize)[class]
        }
        (Likelihood::Uniform { low, high }, Observed::Number(x)) => {
            let inside = x >= low[class] && x <= high[class];
            if inside { 1.0 / (high[class] - low[class]) } else { 0.0 }
        }
        (Likelihood::Normal { mean, variance }, Observed::Number(x)) => {
            ln_normal(x, mean[class], variance[class]).exp()
        }
        (Likelihood::Poisson { mean }, Observed::Number(x)) => ln_poisson(x, mean[class]).exp(),
        // Tables are asked for rows, distributions for numbers.
        (Likelihood::Table { .. }, Observed::Number(_))
        | (
            Likelihood::Uniform { .. } | Likelihood::Normal { .. } | Likelihood::Poisson { .. },
            Observed::Row(_),
        ) => f64::NAN,
    }
}

fn ln_likelihood(of: &Likelihood, found: Observed, class: usize) -> f64 {
    match (of, found) {
        (Likelihood::Normal { mean, variance }, Observed::Number(x)) => {
            ln_normal(x, mean[class], variance[class])
        }
        (Likelihood::Poisson { mean }, Observed::Number(x)) => ln_poisson(x, mean[class]),
        (of, found) => likelihood(of, found, class).ln(),
    }
}

fn ln_normal(x: f64, mean: f64, variance: f64) -> f64 {
    let distance = x - mean;
    -0.5 * (2.0 * std::f64::consts::PI * variance).ln() - 0.5 * (distance * distance / variance)
}

fn ln_poisson(x: f64, mean: f64) -> f64 {
    x * mean.ln() - mean - libm::lgamma(x + 1.0)
}
