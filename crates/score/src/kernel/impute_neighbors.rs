use holdall_diag::Failure;
use holdall_tabular::ImputeNeighbors;

use super::{
    Columns, Kernel, Run,
    neighbors::{mean, weights},
};
use crate::value::Yield;

/// The distance over the elements that both have; none where they share none.
fn distance(x: &[f64], y: &[f64], gaps: &[bool]) -> Option<f64> {
    let both = || {
        let pairs = x.iter().zip(y).zip(gaps).filter(|((x, _), gap)| !x.is_nan() && !**gap);
        pairs.map(|(pair, _)| pair)
    };
    let present = both().count();
    #[expect(clippy::cast_precision_loss, reason = "numbers of elements")]
    let share = x.len() as f64 / present as f64;
    let sum = both().fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y));
    (present > 0).then(|| (sum * share).sqrt())
}

impl Kernel for ImputeNeighbors {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.arg)?;
        let mut columns = Columns::new(self.with.len(), run.rows);
        for row in 0..run.rows {
            let mut x = rows.row(row).to_vec();
            for (x, missing) in x.iter_mut().zip(rows.missing(row)) {
                if *missing {
                    *x = f64::NAN;
                }
            }
            let gaps: Vec<usize> = (0..x.len()).filter(|&i| x[i].is_nan()).collect();
            if !gaps.is_empty() {
                let near = self.near(&x);
                for gap in gaps {
                    x[gap] = self.filled(&near, gap);
                }
            }
            columns.set(row, x);
        }
        Ok(Yield::Value(columns.elements()))
    }
}

/// How training rows are compared with one.
trait Near {
    /// All rows that have a distance, nearest first.
    fn near(&self, x: &[f64]) -> Vec<(usize, f64)>;
    /// What a gap is filled with.
    fn filled(&self, near: &[(usize, f64)], gap: usize) -> f64;
}

impl Near for ImputeNeighbors {
    fn near(&self, x: &[f64]) -> Vec<(usize, f64)> {
        let rows = 0..self.rows.rows as usize;
        let gaps = |row: usize| &self.gaps[row * x.len()..(row + 1) * x.len()];
        let apart = |row| Some((row, distance(x, self.rows.row(row), gaps(row))?));
        let mut near: Vec<(usize, f64)> = rows.filter_map(apart).collect();
        near.sort_by(|a, b| a.1.total_cmp(&b.1));
        near
    }

    fn filled(&self, near: &[(usize, f64)], gap: usize) -> f64 {
        let value = |row: usize| self.rows.row(row)[gap];
        let donors: Vec<(usize, f64)> = near
            .iter()
            .copied()
            .filter(|(row, _)| !self.gaps[row * self.with.len() + gap])
            .take(self.count as usize)
            .collect();
        if donors.is_empty() {
            return self.with[gap];
        }
        let values: Vec<f64> = donors.iter().map(|(row, _)| value(*row)).collect();
        mean(&values, &weights(self.weights, &donors))
    }
}
