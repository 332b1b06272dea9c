use holdall_diag::Failure;
use holdall_tabular::{Baseline, Categories, Survival, SurvivalForm};

use super::{Kernel, Run, one};
use crate::value::{CategoryIndex, Element, Yield, by_kind};

/// A proportional hazards model.
pub(super) struct SurvivalStep {
    op: Survival,
    strata: Option<CategoryIndex>,
}

impl SurvivalStep {
    pub(super) fn new(op: &Survival) -> Self {
        let index = || CategoryIndex::new(&Categories::new(op.strata.clone()));
        Self { op: op.clone(), strata: op.stratum.map(|_| index()) }
    }
}

impl Kernel for SurvivalStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let (margin, time) = (run.scalar(self.op.margin)?, run.scalar(self.op.time)?);
        let strata: Vec<Option<u32>> = match (&self.strata, self.op.stratum) {
            (Some(index), Some(stratum)) => {
                let element = run.scalar(stratum)?;
                by_kind!(&element.data, values => values.iter().enumerate().map(|(row, &v)| {
                    if element.is_missing(row) { None } else { index.find(v) }
                }).collect())
            }
            _ => vec![Some(0); run.rows],
        };
        let mut answers = Vec::with_capacity(run.rows);
        for (row, stratum) in strata.into_iter().enumerate() {
            let found = (margin.get::<f64>(row)?, time.get::<f64>(row)?, stratum);
            answers.push(match found {
                (Some(margin), Some(time), Some(stratum)) => {
                    hazard(&self.op.baselines[stratum as usize], time).map(|base| {
                        let hazard = base * margin.exp();
                        match self.op.form {
                            SurvivalForm::CumulativeHazard => hazard,
                            SurvivalForm::Survival => (-hazard).exp(),
                        }
                    })
                }
                _ => None,
            });
        }
        Ok(one(Element::optional(answers)))
    }
}

/// The cumulative baseline hazard at a time.
fn hazard(baseline: &Baseline, time: f64) -> Option<f64> {
    if time.is_nan() || time > baseline.max_time {
        return None;
    }
    let after = baseline.time.partition_point(|&step| step <= time);
    Some(after.checked_sub(1).map_or(0.0, |last| baseline.hazard[last]))
}
