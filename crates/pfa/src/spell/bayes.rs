//! Naive Bayes: likelihoods of each input, multiplied or their logarithms added.

use std::f64::consts::PI;

use holdall_diag::Failure;
use holdall_tabular::{
    BayesForm, BayesInput, BinaryOp, Categories, Kind, Labels, Likelihood, Matrix, NaiveBayes,
    OneHot, Op, Ordinal, ScaleForm, UnaryOp, Unknown, ValueId,
};

use super::{Spell, Step, float, impossible, number};

/// Why a model cannot be said; none where it can.
pub(crate) fn refused(op: &NaiveBayes) -> Option<&'static str> {
    op.inputs.iter().find_map(|input| match &input.likelihood {
        Likelihood::Normal { .. } => None,
        Likelihood::Table { table, .. } => {
            table.data.iter().any(|p| !p.is_finite()).then_some("likelihoods that are not finite")
        }
        Likelihood::Poisson { .. } => Some("Poisson distributions"),
        Likelihood::Uniform { .. } => Some("uniform distributions"),
    })
}

impl Spell<'_> {
    pub(super) fn naive_bayes(&mut self, op: &NaiveBayes) -> Step {
        let logarithm = op.form == BayesForm::Logarithm;
        let priors = op.priors.iter().map(|&p| if logarithm { p.ln() } else { p }).collect();
        let mut joint = self.floats(priors)?;
        for input in &op.inputs {
            let term = self.likelihood(op, input)?;
            let step = if logarithm { BinaryOp::Add } else { BinaryOp::Mul };
            joint = self.binary(step, joint, term)?;
        }
        Ok(joint)
    }

    /// What an input adds to the classes, or by what it multiplies them; nothing where it is missing.
    fn likelihood(&mut self, op: &NaiveBayes, input: &BayesInput) -> Step {
        let classes = op.priors.len();
        let logarithm = op.form == BayesForm::Logarithm;
        // The logarithm of the likelihood itself, where nothing holds it.
        let plain = logarithm && op.threshold <= 0.0;
        let arg = self.value(input.arg)?;
        let held = |p: f64| if p < op.threshold { op.threshold } else { p };
        match &input.likelihood {
            Likelihood::Table { categories, table } => {
                let value = |p: f64| match (plain, logarithm) {
                    (true, _) => p.ln(),
                    (false, true) => held(p).ln(),
                    (false, false) => held(p),
                };
                let nothing = if logarithm { 0.0 } else { 1.0 };
                self.row_of_table(arg, categories, table, value, nothing)
            }
            Likelihood::Normal { mean, variance } => {
                let x = self.cast(arg, Kind::F64)?;
                let x = self.push(Op::Select { arg: x, indices: vec![0; classes] })?;
                let distance = self.moved(x, ScaleForm::SubtractDivide, mean, None)?;
                let square = self.binary(BinaryOp::Mul, distance, distance)?;
                let shares = holdall_tabular::Scale {
                    arg: square,
                    form: ScaleForm::SubtractDivide,
                    offset: None,
                    factor: Some(variance.clone()),
                };
                let share = self.push(Op::Scale(shares))?;
                let offsets: Vec<f64> =
                    variance.iter().map(|v| -0.5 * (2.0 * PI * v).ln()).collect();
                let half = Some(vec![-0.5; classes]);
                let mut term = self.moved(share, ScaleForm::MultiplyAdd, &offsets, half)?;
                if !plain {
                    let likelihood = self.unary(UnaryOp::Exp, term)?;
                    let least = self.floats(vec![op.threshold; classes])?;
                    term = self.binary(BinaryOp::Max, likelihood, least)?;
                    if logarithm {
                        term = self.unary(UnaryOp::Ln, term)?;
                    }
                }
                let nothing = if logarithm { 0.0 } else { 1.0 };
                self.filled(term, false, Labels::F64(vec![nothing; classes]))
            }
            Likelihood::Poisson { .. } | Likelihood::Uniform { .. } => {
                Err(impossible("distribution"))
            }
        }
    }

    /// The row of a category; the same number throughout where it is not listed.
    fn row_of_table(
        &mut self,
        arg: ValueId,
        categories: &Categories,
        table: &Matrix,
        value: impl Fn(f64) -> f64,
        nothing: f64,
    ) -> Result<ValueId, Failure> {
        let (rows, classes) = (table.rows as usize, table.columns as usize);
        let place = self.push(Op::Ordinal(Ordinal {
            arg,
            categories: categories.clone(),
            codes: super::positions(rows),
            unknown: Unknown::Code(float(rows)),
            kind: Kind::F64,
        }))?;
        // Logarithms of 0 are infinite, and nothing times that is no number: entries, not products.
        let finite = table.data.iter().all(|&p| value(p).is_finite());
        if !finite {
            let mut entries = Vec::with_capacity(classes);
            for class in 0..classes {
                let of = |row: usize| table.row(row).get(class).map_or(f64::NAN, |&p| value(p));
                let list = (0..rows).map(of).chain([nothing]).collect();
                entries.push(self.entry(place, Labels::F64(list))?);
            }
            return self.concat(entries);
        }
        let hot = self.push(Op::OneHot(OneHot {
            arg: place,
            categories: Categories::new(Labels::F64(super::positions(rows + 1))),
            drop: None,
            unknown: Unknown::None,
            kind: Kind::F64,
        }))?;
        let mut data = Vec::with_capacity((rows + 1) * classes);
        for class in 0..classes {
            let of = |row: usize| table.row(row).get(class).map_or(f64::NAN, |&p| value(p));
            data.extend((0..rows).map(of).chain([nothing]));
        }
        let matrix = Matrix { rows: number(classes)?, columns: number(rows + 1)?, data };
        self.linear(hot, matrix, vec![0.0; classes])
    }
}
