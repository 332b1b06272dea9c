//! Cox regression: <https://dmg.org/pmml/v4-4-1/GeneralRegression.html>.

use holdall_tabular::{Baseline, Estimator, Kind, Op, Survival, SurvivalForm, ValueId};

use super::{
    Item, NameId, Raise, Stop,
    expr::{Expr, apply, guarded, number as constant},
    model::{Frame, StageModel},
    regression::texts,
};
use crate::{doc::Builder, number};

impl Raise<'_> {
    fn survival_of(&self, id: ValueId) -> Result<&Survival, Stop> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::Survival(op))) => Ok(op),
            _ => Err(self.bug(id, "no hazard")),
        }
    }

    /// The model of a cumulative hazard: its linear predictor, its time and its stratum are fields.
    pub(super) fn hazard_model(&mut self, id: ValueId) -> Result<StageModel, Stop> {
        let op = self.survival_of(id)?;
        let args: Vec<ValueId> = [op.margin, op.time].into_iter().chain(op.stratum).collect();
        let fields = args.into_iter().map(|arg| self.field(arg, 0)).collect::<Result<_, _>>()?;
        Ok(StageModel::Hazard(id, fields))
    }

    pub(super) fn survival(&mut self, id: ValueId, op: &Survival) -> Result<Vec<Item>, Stop> {
        let model = self.hazard_model(id)?;
        let hazard = self.value_stage(id, model, "hazard");
        if op.form == SurvivalForm::CumulativeHazard {
            return Ok(vec![Item::Field(hazard)]);
        }
        let minus = apply("*", [constant(-1.0, Kind::F64), Expr::Field(hazard)]);
        let minus = self.bind(&format!("-{}", self.names.text(hazard)), Kind::F64, minus);
        let name = self.derive("survival", Kind::F64, false, guarded("exp", minus));
        Ok(vec![Item::Field(name)])
    }

    pub(super) fn cox_regression(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields): (ValueId, &[NameId]),
    ) -> Result<(), Stop> {
        let op = self.survival_of(id)?;
        let [margin, time, stratum @ ..] = fields else { return Err(self.bug(id, "no fields")) };
        let text = |name: &NameId| self.names.text(*name);
        self.open_model(out, "GeneralRegressionModel", model, frame);
        out.attribute("modelType", "CoxRegression")
            .attribute("endTimeVariable", text(time))
            .optional("baselineStrataVariable", stratum.first().map(text));
        self.inside(out, frame);
        out.open("ParameterList");
        out.open("Parameter").attribute("name", "p0").attribute("referencePoint", 0).close();
        out.close();
        out.open("CovariateList");
        out.open("Predictor").attribute("name", text(margin)).close().close();
        out.open("PPMatrix");
        out.open("PPCell")
            .attribute("value", 1)
            .attribute("predictorName", text(margin))
            .attribute("parameterName", "p0")
            .close()
            .close();
        out.open("ParamMatrix");
        out.open("PCell").attribute("parameterName", "p0").attribute("beta", 1).close().close();
        out.open("BaseCumHazardTables");
        if op.stratum.is_none() {
            for baseline in &op.baselines {
                out.attribute("maxTime", number::text(longest(baseline)));
                cells(out, baseline);
            }
        }
        for (baseline, stratum) in op.baselines.iter().zip(texts(&op.strata)) {
            out.open("BaselineStratum")
                .attribute("value", stratum)
                .attribute("maxTime", number::text(longest(baseline)));
            cells(out, baseline);
            out.close();
        }
        out.close().close();
        Ok(())
    }
}

/// The largest time with an answer, a finite number.
const fn longest(baseline: &Baseline) -> f64 {
    baseline.max_time.min(f64::MAX)
}

fn cells(out: &mut Builder, baseline: &Baseline) {
    for (time, hazard) in baseline.time.iter().zip(&baseline.hazard) {
        out.open("BaselineCell")
            .attribute("time", number::text(*time))
            .attribute("cumHazard", number::text(*hazard))
            .close();
    }
}
