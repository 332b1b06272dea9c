//! Proportional hazards: the steps of the baseline looked up by how many of its times have come.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Baseline, Categories, Kind, Survival, SurvivalForm};

use super::{Context, build::inexpressible, value::Val};

impl Context<'_> {
    pub(super) fn survival(&mut self, op: &Survival) -> Result<Val, Failure> {
        let (margin, time) = (self.value(op.margin)?, self.value(op.time)?);
        let (of_margin, of_time) = (self.mask(&margin)?, self.mask(&time)?);
        let mut gap = self.either(of_margin, of_time)?;
        let (margin, time) = (self.as_f64(&margin)?, self.as_f64(&time)?);
        let mut base = None;
        let mut late = None;
        if let Some(stratum) = op.stratum {
            let stratum = self.value(stratum)?;
            let missing = self.mask(&stratum)?;
            gap = self.either(gap, missing)?;
            let place = self.category_place(&stratum, &Categories::new(op.strata.clone()))?;
            let nowhere = self.builder.whole(0)?;
            let unlisted = self.builder.two("Equal", place, nowhere)?;
            gap = self.either(gap, Some(unlisted))?;
            for (number, baseline) in (1_i64..).zip(&op.baselines) {
                let (hazard, beyond) = self.baseline(baseline, time)?;
                let number = self.builder.whole(number)?;
                let here = self.builder.two("Equal", place, number)?;
                base = Some(match base {
                    Some(other) => self.builder.choose(here, hazard, other)?,
                    None => hazard,
                });
                let beyond = self.builder.two("And", here, beyond)?;
                late = self.either(late, Some(beyond))?;
            }
        } else if let Some(baseline) = op.baselines.first() {
            let (hazard, beyond) = self.baseline(baseline, time)?;
            (base, late) = (Some(hazard), Some(beyond));
        }
        let base = base.ok_or_else(|| inexpressible("a hazard without a baseline"))?;
        let gap = self.either(gap, late)?;
        let power = self.builder.one("Exp", margin)?;
        let mut made = self.builder.two("Mul", base, power)?;
        if op.form == SurvivalForm::Survival {
            let negative = self.builder.one("Neg", made)?;
            made = self.builder.one("Exp", negative)?;
        }
        self.with_mask(Kind::F64, 1, made, gap)
    }

    /// `[N, 1]`: the last step at or before a time, 0 before the first, and where there is none.
    fn baseline(
        &mut self,
        baseline: &Baseline,
        time: ValueId,
    ) -> Result<(ValueId, ValueId), Failure> {
        let last = self.builder.number(baseline.max_time)?;
        let within = self.builder.two("LessOrEqual", time, last)?;
        let beyond = self.builder.one("Not", within)?;
        if baseline.time.is_empty() {
            return Ok((self.builder.number(0.0)?, beyond));
        }
        let steps = self.builder.row(&baseline.time)?;
        let come = self.builder.two("LessOrEqual", steps, time)?;
        let count = self.builder.true_count(come)?;
        let count = self.builder.cast(count, Kind::F32, Kind::I64)?;
        let table: Vec<f64> = std::iter::once(0.0).chain(baseline.hazard.iter().copied()).collect();
        let table = self.builder.floats(Kind::F64, &[table.len() as u64], &table)?;
        Ok((self.builder.looked_up(table, count)?, beyond))
    }
}
