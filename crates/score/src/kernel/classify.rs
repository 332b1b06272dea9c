use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Decision, Labels, Link};

use super::link;
use crate::{
    real::Real,
    value::{Element, Elements, Estimate, Shared, either_missing, wrong_kind},
};

/// Margins made into label and probabilities.
pub(crate) struct ClassifyStep {
    pub(crate) classes: Labels,
    pub(crate) link: Link,
    pub(crate) decision: Decision,
}

impl ClassifyStep {
    pub(crate) fn run<'a>(
        &'a self,
        margins: &[Shared<'a>],
        rows: usize,
    ) -> Result<Estimate<'a>, Failure> {
        match margins.first().map(|e| &e.data) {
            Some(Elements::F32(_)) => self.compute::<f32>(margins, rows),
            Some(Elements::F64(_)) => self.compute::<f64>(margins, rows),
            Some(other @ (Elements::I64(_) | Elements::Bool(_) | Elements::Text(_))) => {
                Err(wrong_kind(other.kind()))
            }
            None => Err(wrong_kind(self.classes.kind())),
        }
    }

    fn compute<'a, R: Real>(
        &'a self,
        margins: &[Shared<'a>],
        rows: usize,
    ) -> Result<Estimate<'a>, Failure> {
        let missing = margins.iter().fold(None, |flags: Option<Vec<bool>>, element| {
            either_missing(flags.as_ref(), element.missing.as_ref())
        });
        let columns = margins.iter().map(|e| R::slice(e)).collect::<Result<Vec<_>, _>>()?;
        let classes = self.classes.len();
        let mut probabilities = vec![Vec::with_capacity(rows); classes];
        let mut chosen = Vec::with_capacity(rows);
        let mut scores = vec![R::ZERO; columns.len()];
        let mut row_probabilities = vec![R::ZERO; classes];
        for row in 0..rows {
            for (score, column) in scores.iter_mut().zip(&columns) {
                *score = column[row];
            }
            self.probabilities(&scores, &mut row_probabilities);
            chosen.push(self.decide(&scores, &row_probabilities));
            for (column, &p) in probabilities.iter_mut().zip(&row_probabilities) {
                column.push(p);
            }
        }
        let element = |data| Rc::new(Element { data, missing: missing.clone() });
        Ok(Estimate {
            label: Some(element(pick(&self.classes, &chosen))),
            answers: probabilities.into_iter().map(|p| element(R::elements(p))).collect(),
            margins: margins.to_vec(),
            ..Estimate::default()
        })
    }

    fn probabilities<R: Real>(&self, scores: &[R], out: &mut [R]) {
        let [margin] = *scores else {
            out.copy_from_slice(scores);
            return link::several(self.link, out);
        };
        // Validation gives one margin to two classes only.
        if self.link == Link::SoftmaxSymmetric {
            out[0] = -margin;
            out[1] = margin;
            return link::several(Link::SoftmaxSymmetric, out);
        }
        out[1] = link::single(self.link, margin);
        out[0] = R::ONE - out[1];
    }

    fn decide<R: Real>(&self, scores: &[R], probabilities: &[R]) -> usize {
        match self.decision {
            Decision::LargestProbability => largest(probabilities),
            Decision::LargestMargin => largest(scores),
            Decision::MarginAbove(limit) => usize::from(scores[0].widen() > limit),
            Decision::MarginAtLeast(limit) => usize::from(scores[0].widen() >= limit),
            Decision::ProbabilityAbove(limit) => usize::from(probabilities[1].widen() > limit),
        }
    }
}

/// The first of the largest; NaN is never it.
fn largest<R: Real>(values: &[R]) -> usize {
    let mut best: Option<(usize, R)> = None;
    for (i, &value) in values.iter().enumerate() {
        let better = best.is_none_or(|(_, most)| value > most);
        if better && !value.nan() {
            best = Some((i, value));
        }
    }
    best.map_or(0, |(i, _)| i)
}

fn pick<'a>(classes: &'a Labels, chosen: &[usize]) -> Elements<'a> {
    match classes {
        Labels::Text(v) => Elements::Text(chosen.iter().map(|&i| v[i].as_str()).collect()),
        Labels::I64(v) => Elements::I64(chosen.iter().map(|&i| v[i]).collect()),
        Labels::F64(v) => Elements::F64(chosen.iter().map(|&i| v[i]).collect()),
        Labels::Bool(v) => Elements::Bool(chosen.iter().map(|&i| v[i]).collect()),
    }
}
