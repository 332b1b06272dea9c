//! Ensembles of any models: <https://dmg.org/pmml/v4-4-1/MultipleModels.html>.

use holdall_codec::Support;
use holdall_tabular::{
    Combine, CombineMethod, Construct, Estimator, EstimatorKind, MissingMember, Op, Part, ValueId,
};

use super::{
    Item, NameId, Raise, Stop,
    estimate::Form,
    expression::scalar_text,
    model::{Frame, StageModel},
    predicate::Predicate,
};
use crate::{doc::Builder, number};

const COMBINE: Construct = Construct::Estimator(EstimatorKind::Combine);

/// The members of an ensemble.
#[derive(Clone, Debug)]
pub(super) struct Members {
    pub(super) node: ValueId,
    pub(super) list: Vec<MemberModel>,
}

/// One member.
#[derive(Clone, Debug)]
pub(super) struct MemberModel {
    pub(super) when: Predicate,
    pub(super) model: StageModel,
    pub(super) weight: Option<Weight>,
    target: Option<String>,
}

/// The weight of a member: a number, or a field.
#[derive(Clone, Debug)]
pub(super) enum Weight {
    Number(String),
    Field(NameId),
}

impl Weight {
    pub(super) const fn field(&self) -> Option<NameId> {
        match self {
            Self::Number(_) => None,
            Self::Field(name) => Some(*name),
        }
    }
}

impl StageModel {
    /// The names of what members predict.
    pub(super) fn inner_targets<'m>(&'m self, found: &mut std::collections::BTreeSet<&'m str>) {
        let Self::Combine(members) = self else { return };
        for member in &members.list {
            found.extend(member.target.as_deref());
            member.model.inner_targets(found);
        }
    }
}

impl Raise<'_> {
    pub(super) fn combined(&mut self, id: ValueId, op: &Combine) -> Result<StageModel, Stop> {
        let mut list = Vec::new();
        for member in &op.members {
            let when = self.predicate_of(member.when)?;
            let weight = match member.weight {
                None => None,
                Some(weight) => Some(match self.item(weight, 0)? {
                    Item::Constant(value, _) => Weight::Number(scalar_text(&value)),
                    Item::Field(_) | Item::Unused => Weight::Field(self.field(weight, 0)?),
                }),
            };
            let model = self.last_model(member.estimate)?;
            let target = if model.names_target() {
                self.inner_target(member.estimate, &model)
            } else {
                None
            };
            if matches!(model, StageModel::Choice(_)) && !self.labels_suffice(id, op.method) {
                let why = "a member whose probabilities are worked out beside its model";
                return Err(Stop::refuse(COMBINE, why));
            }
            list.push(MemberModel { when, model, weight, target });
        }
        let classifies = self.valid.classes_of(id).is_some();
        let goes_on = op.missing == MissingMember::Continue
            && !classifies
            && op.method != CombineMethod::SelectFirst;
        if goes_on {
            let how = "equal where every member has an answer: PMML has none where one is missing";
            self.note(COMBINE, Support::approximate(how));
        }
        self.set_form(id, if classifies { Form::Classes } else { Form::Value });
        Ok(StageModel::Combine(Box::new(Members { node: id, list })))
    }

    /// Whether the labels of members are all that is asked for.
    fn labels_suffice(&self, id: ValueId, method: CombineMethod) -> bool {
        let of_labels = match method {
            CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote => return true,
            CombineMethod::SelectFirst => true,
            CombineMethod::Average
            | CombineMethod::WeightedAverage
            | CombineMethod::Sum
            | CombineMethod::WeightedSum
            | CombineMethod::Median
            | CombineMethod::WeightedMedian
            | CombineMethod::Max => false,
        };
        let asked = self.used.asked(id);
        of_labels && !asked.iter().any(|p| matches!(p, Part::Probabilities | Part::Probability(_)))
    }

    pub(super) fn combination(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        members: &Members,
    ) -> Result<(), Stop> {
        let valid = self.valid;
        let Some(Op::Estimator(Estimator::Combine(op))) =
            valid.model().nodes.get(members.node).map(|node| &node.op)
        else {
            return Err(self.bug(members.node, "no members"));
        };
        self.open_model(out, "MiningModel", model, frame);
        self.inside(out, frame);
        out.open("Segmentation").attribute("multipleModelMethod", method(op.method));
        let missing = match op.missing {
            MissingMember::Continue => "continue",
            MissingMember::Skip => "skipSegment",
            MissingMember::Missing => "returnMissing",
        };
        out.attribute("missingPredictionTreatment", missing);
        if op.threshold.total_cmp(&1.0).is_ne() {
            out.attribute("missingThreshold", number::text(op.threshold));
        }
        for (i, (member, of)) in members.list.iter().zip(&op.members).enumerate() {
            let name = if of.id.is_empty() { (i + 1).to_string() } else { of.id.clone() };
            out.open("Segment").attribute("id", name);
            if let Some(Weight::Number(weight)) = &member.weight {
                out.attribute("weight", weight);
            }
            member.when.write(out, &self.names);
            if let Some(Weight::Field(name)) = &member.weight {
                out.open("VariableWeight").attribute("field", self.names.text(*name)).close();
            }
            let mut needed = std::collections::BTreeSet::new();
            self.needs(&member.model, &mut needed);
            let roots = needed.iter().flat_map(|name| self.names.roots(*name)).copied().collect();
            let inner = Frame { target: member.target.clone(), ..Frame::inner(roots) };
            self.model(out, &member.model, &inner)?;
            out.close();
        }
        out.close().close();
        Ok(())
    }
}

const fn method(method: CombineMethod) -> &'static str {
    match method {
        CombineMethod::Average => "average",
        CombineMethod::WeightedAverage => "weightedAverage",
        CombineMethod::Sum => "sum",
        CombineMethod::WeightedSum => "weightedSum",
        CombineMethod::Median => "median",
        CombineMethod::WeightedMedian => "weightedMedian",
        CombineMethod::Max => "max",
        CombineMethod::MajorityVote => "majorityVote",
        CombineMethod::WeightedMajorityVote => "weightedMajorityVote",
        CombineMethod::SelectFirst => "selectFirst",
    }
}
