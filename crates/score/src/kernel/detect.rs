use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{AnomalySide, Detect};

use super::{Kernel, Run};
use crate::{
    run::widened,
    value::{Estimate, Yield, pick},
};

impl Kernel for Detect {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let score = run.scalar(self.score)?;
        let chosen = |(row, x): (usize, f64)| {
            let anomaly = match self.anomaly {
                AnomalySide::Below => x < self.threshold,
                AnomalySide::Above => x > self.threshold,
                AnomalySide::AtMost => x <= self.threshold,
                AnomalySide::AtLeast => x >= self.threshold,
            };
            (!score.is_missing(row)).then_some(usize::from(anomaly))
        };
        let chosen: Vec<_> = widened(score)?.into_iter().enumerate().map(chosen).collect();
        Ok(Yield::Estimate(Estimate {
            label: Some(Rc::new(pick(&self.labels, &chosen))),
            answers: run.value(self.score)?.to_vec(),
            ..Estimate::default()
        }))
    }
}
