//! Cox regression: <https://dmg.org/pmml/v4-4-1/GeneralRegression.html#xsdElement_BaseCumHazardTables>.
//!
//! What is predicted is the cumulative hazard H₀(t) · e^(r − s), as R's `pmml` writes its outputs for it; s is r at
//! the reference point.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Baseline, BinaryOp, Estimator, Kind, Labels, Link, Op, Regress, Survival, SurvivalForm, ValueId,
};

use super::{Answer, Lower, dictionary, invalid, number, required, unsupported};
use crate::doc::Element;

impl<'d> Lower<'d> {
    /// The cumulative hazard at the end time of a row.
    pub(super) fn cox_regression(
        &mut self,
        element: Element<'d>,
        parameters: &BTreeMap<&'d str, ValueId>,
    ) -> Result<Answer, Failure> {
        let reference = reference(element)?;
        let margin = self.predictor(element, parameters, None)?;
        let reference = self.float(Kind::F64, reference)?;
        let margin = self.bin(BinaryOp::Sub, margin, reference)?;
        let time = self.named(element, "endTimeVariable")?;
        let time = self.scalar(time)?;
        let time = self.cast(element, time, Kind::F64)?;
        let tables = element.child("BaseCumHazardTables").ok_or_else(|| unsupported(element))?;
        let (stratum, strata, baselines) = if element.attribute("baselineStrataVariable").is_some()
        {
            let stratum = self.named(element, "baselineStrataVariable")?;
            let stratum = self.scalar(stratum)?;
            let (mut names, mut baselines) = (Vec::new(), Vec::new());
            for table in tables.children().filter(|c| c.name() == "BaselineStratum") {
                names.push(required(table, "value")?);
                baselines.push(baseline(table)?);
            }
            let kind = self.kind(stratum);
            let strata = dictionary::labels(&names, kind)
                .ok_or_else(|| invalid(element, "baselineStrataVariable", "strata of its type"))?;
            (Some(stratum), strata, baselines)
        } else {
            (None, Labels::Text(Vec::new()), vec![baseline(tables)?])
        };
        let form = SurvivalForm::CumulativeHazard;
        let survival = Survival { margin, time, stratum, strata, baselines, form };
        let survival = Op::Estimator(Estimator::Survival(Box::new(survival)));
        let hazard = self.model.push_at(survival, element.location())?;
        let margins = self.push(Op::Concat(vec![hazard]))?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) })
    }
}

/// The linear predictor at the reference point, cell by cell.
fn reference(element: Element<'_>) -> Result<f64, Failure> {
    let mut points: BTreeMap<&str, f64> = BTreeMap::new();
    let list = element.child("ParameterList");
    let parameters = list.into_iter().flat_map(Element::children);
    for parameter in parameters.filter(|c| c.name() == "Parameter") {
        let point = number(parameter, "referencePoint", Some(0.0))?;
        points.insert(required(parameter, "name")?, point);
    }
    let mut sum = 0.0;
    let matrix = element.child("ParamMatrix");
    let cells = matrix.into_iter().flat_map(Element::children);
    for cell in cells.filter(|c| c.name() == "PCell") {
        let point = points.get(required(cell, "parameterName")?).copied().unwrap_or(0.0);
        sum += number(cell, "beta", None)? * point;
    }
    Ok(sum)
}

/// The steps of a table, by rising time.
fn baseline(table: Element<'_>) -> Result<Baseline, Failure> {
    let mut steps = Vec::new();
    for cell in table.children().filter(|c| c.name() == "BaselineCell") {
        steps.push((number(cell, "time", None)?, number(cell, "cumHazard", None)?));
    }
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (time, hazard) = steps.into_iter().unzip();
    Ok(Baseline { time, hazard, max_time: number(table, "maxTime", None)? })
}
