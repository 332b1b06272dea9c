use std::rc::Rc;

use holdall_diag::{Failure, Location};
use holdall_tabular::{Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, TieRule};

use super::{Columns, Kernel, Run, cholesky::Cholesky, compare::compare, largest, median};
use crate::{
    codes,
    value::{Element, Estimate, Yield, pick},
};

/// The nearest training rows.
pub(super) struct NeighborsStep {
    op: Neighbors,
    ids: Vec<String>,
    location: Location,
}

impl NeighborsStep {
    pub(super) fn new(op: &Neighbors, location: Location) -> Self {
        let ids = if op.ids.is_empty() && matches!(op.near, Near::Count(_)) {
            (1..=op.rows.rows).map(|row| row.to_string()).collect()
        } else {
            op.ids.clone()
        };
        Self { op: op.clone(), ids, location }
    }

    /// The near rows with their distances, nearest first; none where a distance is missing.
    fn near(&self, x: &[f64], missing: &[bool]) -> Option<Vec<(usize, f64)>> {
        let op = &self.op;
        let closer = |distance: f64| {
            if op.comparison.metric.is_similarity() { -distance } else { distance }
        };
        let mut all = Vec::with_capacity(op.rows.rows as usize);
        for row in 0..op.rows.rows as usize {
            all.push((row, compare(&op.comparison, x, op.rows.row(row), missing)?));
        }
        let by_distance = |a: &(usize, f64), b: &(usize, f64)| {
            closer(a.1).total_cmp(&closer(b.1)).then(a.0.cmp(&b.0))
        };
        match op.near {
            Near::Count(count) => {
                let count = count as usize;
                if count < all.len() {
                    all.select_nth_unstable_by(count - 1, by_distance);
                    all.truncate(count);
                }
                all.sort_by(by_distance);
            }
            Near::Radius(radius) => all.retain(|(_, distance)| *distance <= radius),
        }
        Some(all)
    }

    fn weights(&self, x: &[f64], near: &[(usize, f64)]) -> Vec<f64> {
        match self.op.weights {
            NeighborWeights::Barycentric(by) => self.barycentric(x, near, by),
            form @ (NeighborWeights::Uniform
            | NeighborWeights::Inverse
            | NeighborWeights::InverseShifted(_)) => weights(form, near),
        }
    }

    /// The weights whose mean of the near rows comes closest to this one.
    fn barycentric(&self, x: &[f64], near: &[(usize, f64)], by: f64) -> Vec<f64> {
        let apart = |&(row, _): &(usize, f64)| {
            self.op.rows.row(row).iter().zip(x).map(|(y, x)| y - x).collect::<Vec<f64>>()
        };
        let apart: Vec<Vec<f64>> = near.iter().map(apart).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
        let trace = apart.iter().fold(0.0, |sum, line| sum + product(line, line));
        let ridge = if trace > 0.0 { by * trace } else { by };
        let mut factor = Cholesky::default();
        for line in &apart {
            let row: Vec<f64> = apart[..factor.len()].iter().map(|a| product(a, line)).collect();
            let (lower, rest) = factor.next(&row, product(line, line) + ridge);
            factor.push(lower, rest.sqrt());
        }
        factor.solve(&vec![1.0; near.len()])
    }

    fn refuse(&self, run: &mut Run<'_, '_>, row: usize) {
        run.errors.refuse(row, |number| {
            Failure::malformed(
                codes::INVALID,
                format!("row {number}: no training row lies within the radius of the model"),
            )
            .at(self.location.clone())
            .with_help("the model has no answer for rows this far from its training data")
        });
    }
}

impl Kernel for NeighborsStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.op.arg)?;
        let width = match &self.op.answer {
            NeighborAnswer::Values { targets, combine: _ } => targets.columns as usize,
            NeighborAnswer::Classes { classes, .. } => classes.len(),
        };
        let mut answers = Columns::new(width, run.rows);
        let mut labels = vec![None; run.rows];
        let ranks = if let Near::Count(count) = self.op.near { count as usize } else { 0 };
        let mut entities: Vec<Vec<Option<&'a str>>> = vec![vec![None; run.rows]; ranks];
        for row in 0..run.rows {
            let Some(near) = self.near(rows.row(row), rows.missing(row)) else { continue };
            for (entity, (found, _)) in entities.iter_mut().zip(&near) {
                entity[row] = Some(self.ids[*found].as_str());
            }
            let weights = self.weights(rows.row(row), &near);
            match &self.op.answer {
                NeighborAnswer::Values { targets, combine } => {
                    let column = |target: usize| {
                        let of = |found: usize| targets.row(found)[target];
                        let values: Vec<f64> = near.iter().map(|(found, _)| of(*found)).collect();
                        combined(*combine, &values, &near, &weights)
                    };
                    let values: Option<Vec<f64>> = (0..width).map(column).collect();
                    match values {
                        Some(values) => answers.set(row, values),
                        None => self.refuse(run, row),
                    }
                }
                NeighborAnswer::Classes { classes: _, of_row, outlier, ties } => {
                    let mut shares = vec![0.0; width];
                    for ((found, _), weight) in near.iter().zip(&weights) {
                        shares[of_row[*found] as usize] += weight;
                    }
                    let total = shares.iter().fold(0.0, |sum, share| sum + share);
                    if near.is_empty() {
                        match outlier {
                            Some(class) => {
                                labels[row] = Some(*class as usize);
                                answers.set(
                                    row,
                                    (0..width).map(|i| f64::from(u8::from(i == *class as usize))),
                                );
                            }
                            None => self.refuse(run, row),
                        }
                        continue;
                    }
                    labels[row] = winner(&shares, *ties, of_row);
                    answers.set(row, shares.iter().map(|share| share / total));
                }
            }
        }
        let answers = answers.elements();
        let entities = entities.into_iter().map(|ids| Rc::new(Element::optional(ids))).collect();
        Ok(Yield::Estimate(match &self.op.answer {
            NeighborAnswer::Values { .. } => {
                Estimate { margins: answers.clone(), answers, entities, ..Estimate::default() }
            }
            NeighborAnswer::Classes { classes, .. } => Estimate {
                label: Some(Rc::new(pick(classes, &labels))),
                answers,
                entities,
                ..Estimate::default()
            },
        }))
    }
}

/// The class with the largest share.
fn winner(shares: &[f64], ties: TieRule, of_row: &[u32]) -> Option<usize> {
    let first = largest(shares.iter().copied())?;
    match ties {
        TieRule::FirstClass => Some(first),
        TieRule::MostFrequent => {
            let mut counts = vec![0_usize; shares.len()];
            for &class in of_row {
                counts[class as usize] += 1;
            }
            let tied = (0..shares.len()).filter(|&i| shares[i] >= shares[first]);
            // `max_by_key` gives the last of equals: ask backwards for the first.
            tied.rev().max_by_key(|&i| counts[i])
        }
    }
}

/// How much rows count by their distances; [`NeighborWeights::Barycentric`] asks for more than these.
pub(super) fn weights(form: NeighborWeights, near: &[(usize, f64)]) -> Vec<f64> {
    match form {
        NeighborWeights::Uniform | NeighborWeights::Barycentric(_) => vec![1.0; near.len()],
        NeighborWeights::Inverse if near.iter().any(|(_, d)| *d == 0.0) => {
            near.iter().map(|(_, d)| f64::from(u8::from(*d == 0.0))).collect()
        }
        NeighborWeights::Inverse => near.iter().map(|(_, d)| 1.0 / d).collect(),
        NeighborWeights::InverseShifted(by) => near.iter().map(|(_, d)| 1.0 / (d + by)).collect(),
    }
}

/// The mean of values by weight.
pub(super) fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let total = weights.iter().fold(0.0, |sum, w| sum + w);
    let sum = values.iter().zip(weights).fold(0.0, |sum, (v, w)| sum + v * w);
    sum / total
}

/// What the values of rows at distances come to; none where there is no value.
fn combined(
    combine: NeighborCombine,
    values: &[f64],
    near: &[(usize, f64)],
    weights: &[f64],
) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let pairs = || values.iter().zip(near).map(|(value, (_, distance))| (*value, *distance));
    Some(match combine {
        NeighborCombine::Mean => mean(values, weights),
        NeighborCombine::Median => median(values.to_vec()),
        NeighborCombine::ShortestPath => pairs().map(|(v, d)| v + d).fold(f64::INFINITY, f64::min),
        NeighborCombine::Reach => {
            let reach: Vec<f64> = pairs().map(|(v, d)| v.max(d)).collect();
            mean(&reach, weights)
        }
    })
}
