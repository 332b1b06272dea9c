//! Naive Bayes: prior and likelihoods, multiplied or as logarithms added, in order, in binary64.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{BayesForm, Kind, Likelihood, Matrix, NaiveBayes};

use super::{Context, value::Val};

/// Why a model has no operators; none where it has.
pub(super) fn refused(op: &NaiveBayes) -> Option<&'static str> {
    let poisson = |input: &holdall_tabular::BayesInput| {
        matches!(input.likelihood, Likelihood::Poisson { .. })
    };
    op.inputs.iter().any(poisson).then_some("there is no logarithm of the gamma function")
}

impl Context<'_> {
    pub(super) fn naive_bayes(&mut self, op: &NaiveBayes) -> Result<Val, Failure> {
        let logarithm = op.form == BayesForm::Logarithm;
        let priors: Vec<f64> =
            op.priors.iter().map(|p| if logarithm { p.ln() } else { *p }).collect();
        let mut joint = self.builder.row(&priors)?;
        let join = if logarithm { "Add" } else { "Mul" };
        let width = u32::try_from(priors.len()).unwrap_or(u32::MAX);
        for input in &op.inputs {
            let arg = self.value(input.arg)?;
            let term = match &input.likelihood {
                Likelihood::Table { categories, table } => {
                    let position = self.category_place(&arg, categories)?;
                    self.listed(op, table, position)?
                }
                Likelihood::Normal { mean, variance } => {
                    let x = self.as_f64(&arg)?;
                    let ln = self.ln_normal(x, mean, variance)?;
                    let held = if logarithm && op.threshold <= 0.0 {
                        ln
                    } else {
                        let likely = self.builder.one("Exp", ln)?;
                        self.held(op, likely)?
                    };
                    self.passed_over(op, &arg, held)?
                }
                Likelihood::Uniform { low, high } => {
                    let x = self.as_f64(&arg)?;
                    let likely = self.uniform(x, low, high)?;
                    let held = self.held(op, likely)?;
                    self.passed_over(op, &arg, held)?
                }
                Likelihood::Poisson { .. } => {
                    return Err(super::build::inexpressible("a Poisson distribution"));
                }
            };
            joint = self.builder.two(join, joint, term)?;
        }
        if op.inputs.is_empty() {
            let labels = holdall_tabular::Labels::F64(priors);
            let store = super::value::Store::Constant(labels);
            let gaps = super::value::Gaps::None;
            return Ok(Val { kind: Kind::F64, width, store, gaps });
        }
        Ok(Val::rows(Kind::F64, width, joint))
    }

    /// Likelihoods as they are joined: held at the threshold, as logarithms where these are added.
    fn held(&mut self, op: &NaiveBayes, likely: ValueId) -> Result<ValueId, Failure> {
        let threshold = self.builder.number(op.threshold)?;
        let below = self.builder.two("Less", likely, threshold)?;
        let held = self.builder.choose(below, threshold, likely)?;
        if op.form == BayesForm::Logarithm { self.builder.one("Log", held) } else { Ok(held) }
    }

    /// Something neutral where the input is missing.
    fn passed_over(
        &mut self,
        op: &NaiveBayes,
        arg: &Val,
        term: ValueId,
    ) -> Result<ValueId, Failure> {
        let Some(mask) = self.mask(arg)? else { return Ok(term) };
        let neutral = self.builder.number(neutral(op))?;
        self.builder.choose(mask, neutral, term)
    }

    /// The row of a table, a neutral one where the category is not listed.
    fn listed(
        &mut self,
        op: &NaiveBayes,
        table: &Matrix,
        position: ValueId,
    ) -> Result<ValueId, Failure> {
        let hold = |p: f64| {
            let held = if p < op.threshold { op.threshold } else { p };
            if op.form == BayesForm::Logarithm { held.ln() } else { held }
        };
        let first = std::iter::repeat_n(neutral(op), table.columns as usize);
        let values: Vec<f64> = first.chain(table.data.iter().map(|&p| hold(p))).collect();
        let shape = [u64::from(table.rows) + 1, u64::from(table.columns)];
        let values = self.builder.floats(Kind::F64, &shape, &values)?;
        let found = self.builder.looked_up(values, position)?;
        self.builder.flattened(found, 1)
    }

    /// −½ ln(2πσ²) − ½ (x − μ)² ÷ σ².
    fn ln_normal(
        &mut self,
        x: ValueId,
        mean: &[f64],
        variance: &[f64],
    ) -> Result<ValueId, Failure> {
        let start: Vec<f64> =
            variance.iter().map(|v| -0.5 * (2.0 * std::f64::consts::PI * v).ln()).collect();
        let (mean, variance) = (self.builder.row(mean)?, self.builder.row(variance)?);
        let distance = self.builder.two("Sub", x, mean)?;
        let square = self.builder.two("Mul", distance, distance)?;
        let ratio = self.builder.two("Div", square, variance)?;
        let half = self.builder.number(0.5)?;
        let half = self.builder.two("Mul", half, ratio)?;
        let start = self.builder.row(&start)?;
        self.builder.two("Sub", start, half)
    }

    fn uniform(&mut self, x: ValueId, low: &[f64], high: &[f64]) -> Result<ValueId, Failure> {
        let likely: Vec<f64> = low.iter().zip(high).map(|(l, h)| 1.0 / (h - l)).collect();
        let (low, high) = (self.builder.row(low)?, self.builder.row(high)?);
        let above = self.builder.two("GreaterOrEqual", x, low)?;
        let below = self.builder.two("LessOrEqual", x, high)?;
        let inside = self.builder.two("And", above, below)?;
        let likely = self.builder.row(&likely)?;
        let zero = self.builder.number(0.0)?;
        self.builder.choose(inside, likely, zero)
    }
}

/// What changes nothing.
fn neutral(op: &NaiveBayes) -> f64 {
    if op.form == BayesForm::Logarithm { 0.0 } else { 1.0 }
}
