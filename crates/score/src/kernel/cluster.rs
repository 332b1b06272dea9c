use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::Cluster;

use super::{Kernel, Run, largest};
use crate::value::{Estimate, Yield, pick};

impl Kernel for Cluster {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.distances)?;
        let closest = |row: usize| {
            if rows.any_missing(row) {
                return None;
            }
            let sign = if self.largest { 1.0 } else { -1.0 };
            largest(rows.row(row).iter().map(|distance| distance * sign))
        };
        let chosen: Vec<Option<usize>> = (0..run.rows).map(closest).collect();
        Ok(Yield::Estimate(Estimate {
            label: Some(Rc::new(pick(&self.labels, &chosen))),
            margins: run.value(self.distances)?.to_vec(),
            ..Estimate::default()
        }))
    }
}
