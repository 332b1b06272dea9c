use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{VoteForm, Votes};

use super::{Columns, Kernel, Run};
use crate::{
    real::Real,
    value::{Element, Elements, Yield},
};

impl Kernel for Votes {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let classes = self.classes as usize;
        let narrow = matches!(
            run.value(self.arg)?.first().map(|element| &element.data),
            Some(Elements::F32(_))
        );
        let rows = run.rows_of(self.arg)?;
        let mut columns = Columns::new(classes, run.rows);
        for row in 0..run.rows {
            if rows.any_missing(row) {
                continue;
            }
            let decisions = rows.row(row);
            columns.set(
                row,
                match &self.form {
                    VoteForm::Count => votes(classes, decisions, false).0,
                    VoteForm::Confidence => confidence(classes, decisions),
                    VoteForm::Coupled { a, b } => coupled(classes, decisions, a, b),
                },
            );
        }
        let elements = columns.elements();
        if !narrow {
            return Ok(Yield::Value(elements));
        }
        let narrowed = elements.iter().map(|element| {
            let values = element.values::<f64>()?.iter().map(|&v| f32::narrow(v)).collect();
            Ok(Rc::new(Element { data: Elements::F32(values), missing: element.missing.clone() }))
        });
        Ok(Yield::Value(narrowed.collect::<Result<_, Failure>>()?))
    }
}

/// The pairs of classes in order.
fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |i| (i + 1..classes).map(move |j| (i, j)))
}

/// Pairs won and sums of decisions, both by class.
fn votes(classes: usize, decisions: &[f64], ties_to_first: bool) -> (Vec<f64>, Vec<f64>) {
    let (mut won, mut sums) = (vec![0.0; classes], vec![0.0; classes]);
    for ((i, j), &decision) in pairs(classes).zip(decisions) {
        let first = if ties_to_first { decision >= 0.0 } else { decision > 0.0 };
        won[if first { i } else { j }] += 1.0;
        sums[i] += decision;
        sums[j] -= decision;
    }
    (won, sums)
}

fn confidence(classes: usize, decisions: &[f64]) -> Vec<f64> {
    let (won, sums) = votes(classes, decisions, true);
    won.iter().zip(sums).map(|(won, sum)| won + sum / (3.0 * (sum.abs() + 1.0))).collect()
}

/// libsvm's `svm_predict_probability`.
fn coupled(classes: usize, decisions: &[f64], a: &[f64], b: &[f64]) -> Vec<f64> {
    const LEAST: f64 = 1e-7;
    let mut pair = vec![0.0; classes * classes];
    for (((i, j), &decision), (&a, &b)) in pairs(classes).zip(decisions).zip(a.iter().zip(b)) {
        let p = sigmoid(decision, a, b).clamp(LEAST, 1.0 - LEAST);
        pair[i * classes + j] = p;
        pair[j * classes + i] = 1.0 - p;
    }
    couple(classes, &pair)
}

/// 1 ÷ (1 + exp(a·d + b)) without overflow.
fn sigmoid(decision: f64, a: f64, b: f64) -> f64 {
    let f = decision * a + b;
    if f >= 0.0 { (-f).exp() / (1.0 + (-f).exp()) } else { 1.0 / (1.0 + f.exp()) }
}

/// T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for multi-class classification by pairwise
/// coupling", 2004, algorithm 2.
fn couple(classes: usize, pair: &[f64]) -> Vec<f64> {
    let r = |i: usize, j: usize| pair[i * classes + j];
    #[expect(clippy::cast_precision_loss, reason = "few classes")]
    let count = classes as f64;
    let mut q = vec![0.0; classes * classes];
    for t in 0..classes {
        for j in (0..classes).filter(|&j| j != t) {
            q[t * classes + t] += r(j, t) * r(j, t);
            q[t * classes + j] = if j < t { q[j * classes + t] } else { -r(j, t) * r(t, j) };
        }
    }
    let mut p = vec![1.0 / count; classes];
    let mut qp = vec![0.0; classes];
    let limit = 0.005 / count;
    for _ in 0..classes.max(100) {
        let mut pqp = 0.0;
        for t in 0..classes {
            qp[t] = (0..classes).fold(0.0, |sum, j| sum + q[t * classes + j] * p[j]);
            pqp += p[t] * qp[t];
        }
        let farthest = qp.iter().map(|v| (v - pqp).abs()).fold(0.0, f64::max);
        if farthest < limit {
            break;
        }
        for t in 0..classes {
            let diagonal = q[t * classes + t];
            let difference = (pqp - qp[t]) / diagonal;
            p[t] += difference;
            let share = 1.0 + difference;
            pqp = (pqp + difference * (difference * diagonal + 2.0 * qp[t])) / share / share;
            for j in 0..classes {
                qp[j] = (qp[j] + difference * q[t * classes + j]) / share;
                p[j] /= share;
            }
        }
    }
    p
}
