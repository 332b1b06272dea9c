use holdall_diag::Failure;
use holdall_tabular::Distances;

use super::{Columns, Kernel, Run, compare::compare};
use crate::value::Yield;

impl Kernel for Distances {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.arg)?;
        let points = self.points.rows as usize;
        let mut columns = Columns::new(points, run.rows);
        for row in 0..run.rows {
            let (x, missing) = (rows.row(row), rows.missing(row));
            let point = |point| compare(&self.comparison, x, self.points.row(point), missing);
            let distances: Option<Vec<f64>> = (0..points).map(point).collect();
            if let Some(distances) = distances {
                columns.set(row, distances);
            }
        }
        Ok(Yield::Value(columns.elements()))
    }
}
