//! Targets: <https://dmg.org/pmml/v4-4-1/Targets.html>.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Link, Op, Part, Regress, Scale, ScaleForm, UnaryOp, ValueId};

use super::{Answer, Family, Lower, dictionary, number, unsupported_value};
use crate::doc::Element;

impl<'d> Lower<'d> {
    /// A prediction after `Targets`, where that changes it.
    pub(super) fn targeted(
        &mut self,
        element: Element<'d>,
        answer: Answer,
    ) -> Result<Answer, Failure> {
        if answer.targeted || answer.family != Family::Regression || target(element).is_none() {
            return Ok(answer);
        }
        let plain = match answer.value {
            Some(value) => value,
            None => self.part(answer.estimate, Part::Values)?,
        };
        let value = self.rescaled(element, plain)?;
        if value == plain {
            return Ok(answer);
        }
        let regress = Op::Regress(Regress { margins: value, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { estimate, value: Some(value), targeted: true, ..answer })
    }

    /// A vector of predictions held between ends, times a factor, plus a constant, and made whole.
    pub(super) fn rescaled(
        &mut self,
        element: Element<'d>,
        margins: ValueId,
    ) -> Result<ValueId, Failure> {
        let Some(target) = target(element) else { return Ok(margins) };
        let kind = self.kind(margins);
        let mut value = margins;
        for (attribute, op) in [("min", BinaryOp::Max), ("max", BinaryOp::Min)] {
            if target.attribute(attribute).is_some() {
                let end = number(target, attribute, None)?;
                let end = self.float(kind, end)?;
                value = self.bin(op, value, end)?;
            }
        }
        if let Some(default) = target.child("TargetValue")
            && default.attribute("defaultValue").is_some()
        {
            let default = number(default, "defaultValue", None)?;
            let default = self.float(kind, default)?;
            let filled = self.coalesce(value, default)?;
            value = self.push(Op::Concat(vec![filled]))?;
        }
        let factor = number(target, "rescaleFactor", Some(1.0))?;
        let constant = number(target, "rescaleConstant", Some(0.0))?;
        if factor.total_cmp(&1.0).is_ne() || constant.total_cmp(&0.0).is_ne() {
            value = self.push(Op::Scale(Scale {
                arg: value,
                form: ScaleForm::MultiplyAdd,
                offset: constant.total_cmp(&0.0).is_ne().then(|| vec![constant]),
                factor: factor.total_cmp(&1.0).is_ne().then(|| vec![factor]),
            }))?;
        }
        match target.attribute("castInteger") {
            None => Ok(value),
            Some("ceiling") => self.un(UnaryOp::Ceil, value),
            Some("floor") => self.un(UnaryOp::Floor, value),
            Some("round") => {
                let half = self.float(kind, 0.5)?;
                let sum = self.bin(BinaryOp::Add, value, half)?;
                self.un(UnaryOp::Floor, sum)
            }
            Some(_) => Err(unsupported_value(target, "castInteger")),
        }
    }
}

/// The target that a model's `Targets` speaks of.
fn target(element: Element<'_>) -> Option<Element<'_>> {
    let targets = element.child("Targets")?;
    let name = dictionary::target(element);
    let mut all = targets.children().filter(|child| child.name() == "Target");
    all.find(|target| {
        let field = target.attribute("field");
        field.is_none() || name.is_none() || field == name
    })
}
