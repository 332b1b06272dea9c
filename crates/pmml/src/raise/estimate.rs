//! Parts of estimates as fields.

use std::collections::{BTreeMap, BTreeSet};

use holdall_tabular::{
    Estimator, Kind, Labels, Link, NeighborAnswer, Op, Output, Part, RuleFeature, ValueId,
};

use super::{
    Item, NameId, Raise, Stop,
    answers::{AnswerField, Feature},
    association::Asked,
    expr::{Expr, apply, number, present},
    model::{Stage, StageModel, Table},
    predicate::Predicate,
    regression::texts,
};
use crate::doc::NormalizationMethod;

/// What is known of the parts of estimates.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    fields: BTreeMap<(ValueId, Part, usize), NameId>,
    /// Estimates that stages give.
    staged: BTreeSet<ValueId>,
    /// How estimates are written.
    forms: BTreeMap<ValueId, Form>,
}

/// What the model of an estimate gives by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A label and probabilities.
    Classes,
    /// A label.
    Label,
    /// The value of the first target.
    Value,
    /// A label, and the distance of each cluster.
    Clusters,
    /// Features of rules.
    Rules,
}

impl Raise<'_> {
    pub(super) fn op(&self, id: ValueId) -> Option<&Op> {
        self.valid.model().nodes.get(id).map(|node| &node.op)
    }

    pub(super) fn is_cluster(&self, id: ValueId) -> bool {
        matches!(self.op(id), Some(Op::Estimator(Estimator::Cluster(_))))
    }

    /// Whether the estimate is a model of clusters.
    pub(super) fn has_clusters(&self, id: ValueId) -> bool {
        self.parts.forms.get(&id) == Some(&Form::Clusters) && !self.parts.staged.contains(&id)
    }

    pub(super) fn set_form(&mut self, id: ValueId, form: Form) {
        self.parts.forms.insert(id, form);
    }

    pub(super) fn set_part(&mut self, id: ValueId, part: Part, element: usize, name: NameId) {
        self.parts.fields.insert((id, part, element), name);
    }

    /// The elements of a part, each of which is one column.
    pub(super) fn elements_of(&self, id: ValueId, part: Part) -> Vec<(Part, usize)> {
        let classes = self.valid.classes_of(id).map_or(0, Labels::len);
        match part {
            Part::Probabilities => {
                (0..classes).zip(0_u32..).map(|(i, class)| (Part::Probability(class), i)).collect()
            }
            Part::Probability(class) => vec![(part, class as usize)],
            Part::Distances => (0..classes).map(|i| (part, i)).collect(),
            Part::Values => (0..self.targets(id)).map(|i| (part, i)).collect(),
            Part::Margins => {
                let width = self.margins_of(id).map_or(1, |margins| self.valid.width_of(margins));
                (0..width as usize).map(|i| (part, i)).collect()
            }
            Part::Whole
            | Part::Label
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..) => vec![(part, 0)],
        }
    }

    /// Number of targets of a regression.
    pub(super) fn targets(&self, id: ValueId) -> usize {
        match self.op(id) {
            Some(Op::Regress(regress)) => self.valid.width_of(regress.margins) as usize,
            Some(Op::Estimator(Estimator::Neighbors(op))) => match &op.answer {
                NeighborAnswer::Values { targets, .. } => targets.columns as usize,
                NeighborAnswer::Classes { .. } => 1,
            },
            _ => 1,
        }
    }

    fn margins_of(&self, id: ValueId) -> Option<ValueId> {
        match self.op(id) {
            Some(Op::Classify(classify)) => Some(classify.margins),
            Some(Op::Regress(regress)) => Some(regress.margins),
            _ => None,
        }
    }

    pub(super) fn kind_of_part(&self, id: ValueId, part: Part) -> (Kind, bool) {
        match part {
            Part::Label => {
                let kind = self.valid.classes_of(id).map_or(Kind::Text, Labels::kind);
                (if self.is_cluster(id) { Kind::Text } else { kind }, true)
            }
            Part::Entity(_) | Part::Reason(_) => (Kind::Text, true),
            Part::Rule(_, feature) => (feature.kind(), feature.kind() == Kind::Text),
            Part::Whole
            | Part::Probabilities
            | Part::Probability(_)
            | Part::Values
            | Part::Margins
            | Part::Distances
            | Part::Score
            | Part::Confidence => (self.answer_kind(id), false),
        }
    }

    /// What the model of an estimate calls a part, where it gives that by itself.
    fn natural(&self, id: ValueId, part: Part, element: usize) -> Option<Feature> {
        let form = *self.parts.forms.get(&id)?;
        let classes = || self.valid.classes_of(id).map(texts).unwrap_or_default();
        let native = match self.op(id) {
            Some(Op::Estimator(op)) => Some(op),
            _ => None,
        };
        let named = matches!(
            native,
            Some(
                Estimator::DecisionTree(_)
                    | Estimator::Rules(_)
                    | Estimator::Neighbors(_)
                    | Estimator::Combine(_)
            )
        );
        match part {
            Part::Rule(rank, feature) => self.rules_of(id).map(|op| {
                Feature::Rule(Asked { rank: rank + 1, feature, by: op.rank, fires: op.fires })
            }),
            Part::Label if form != Form::Value => Some(Feature::Predicted),
            Part::Values if form == Form::Value && element == 0 => Some(Feature::Predicted),
            Part::Probability(_) if form == Form::Classes => {
                classes().get(element).cloned().map(Feature::Probability)
            }
            Part::Distances if form == Form::Clusters => {
                classes().get(element).cloned().map(Feature::Affinity)
            }
            Part::Entity(rank) if named => Some(Feature::Entity(rank + 1)),
            Part::Confidence if named => Some(Feature::Confidence),
            Part::Reason(rank) if matches!(native, Some(Estimator::Scorecard(_))) => {
                Some(Feature::Reason(rank + 1))
            }
            Part::Whole
            | Part::Label
            | Part::Values
            | Part::Probabilities
            | Part::Probability(_)
            | Part::Margins
            | Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_) => None,
        }
    }

    /// Whether the model of an estimate is one of rules.
    pub(super) fn has_rules(&self, id: ValueId) -> bool {
        self.parts.forms.get(&id) == Some(&Form::Rules) && !self.parts.staged.contains(&id)
    }

    /// Whether an output is the consequent of the best rule, which a model of rules predicts.
    pub(super) fn is_first_rule(&self, output: &Output, last: Option<ValueId>) -> bool {
        // Beside the fields of other models, it has to be asked for.
        let alone = self.valid.model().outputs.iter().all(|other| Some(other.value) == last);
        alone
            && self.has_rules(output.value)
            && output.part == Part::Rule(0, RuleFeature::Consequent)
            && output.name.as_deref() == Some("_target")
    }

    /// What the whole model calls a part; none where it is a field.
    pub(super) fn feature(
        &self,
        id: ValueId,
        part: Part,
        element: usize,
        last: Option<ValueId>,
    ) -> Option<Feature> {
        let own = Some(id) == last && !self.parts.staged.contains(&id);
        if own { self.natural(id, part, element) } else { None }
    }

    /// A stage for an estimate whose parts are used by further nodes or answered beside others.
    pub(super) fn estimate(&mut self, id: ValueId) -> Result<(), Stop> {
        if let Some(Op::Regress(regress)) = self.op(id)
            && regress.link == Link::Identity
            && !self.used.fused(regress.margins)
        {
            // The values are the margins.
            return Ok(());
        }
        let model = self.stage_of(id)?;
        let mut outputs = Vec::new();
        for part in self.used.asked(id).iter().copied().collect::<Vec<_>>() {
            for (part, element) in self.elements_of(id, part) {
                if self.parts.fields.contains_key(&(id, part, element)) {
                    continue;
                }
                let Some(feature) = self.natural(id, part, element) else { continue };
                let (kind, categorical) = self.kind_of_part(id, part);
                let base = match &feature {
                    Feature::Probability(class) => format!("p({class})"),
                    Feature::Affinity(cluster) => format!("affinity({cluster})"),
                    Feature::Entity(rank) => format!("stage entity {rank}"),
                    Feature::Reason(rank) => format!("stage reason {rank}"),
                    Feature::Confidence => "stage confidence".to_owned(),
                    Feature::Deviation => "stage deviation".to_owned(),
                    Feature::Rule(asked) => {
                        format!("stage {} {}", asked.feature.name(), asked.rank)
                    }
                    Feature::Predicted | Feature::Field(_) if categorical => {
                        "stage label".to_owned()
                    }
                    Feature::Predicted | Feature::Field(_) => "stage value".to_owned(),
                };
                let name = self.names.output(&base, kind);
                let text = self.names.text(name).to_owned();
                self.parts.fields.insert((id, part, element), name);
                outputs.push((name, AnswerField { name: text, kind, categorical, feature }));
            }
        }
        if !outputs.is_empty() {
            let target = self.inner_target(id, &model);
            self.push_stage(Stage { model, outputs, target });
            self.parts.staged.insert(id);
        }
        Ok(())
    }

    /// Declares what a stage predicts.
    pub(super) fn inner_target(&mut self, id: ValueId, model: &StageModel) -> Option<String> {
        let classes = self.valid.classes_of(id);
        let needed = model.names_target()
            || (classes.is_some() && !matches!(model, StageModel::Centers(..)));
        if !needed {
            return None;
        }
        let kind = classes.map_or_else(|| self.answer_kind(id), Labels::kind);
        let name = self.names.free("stage target");
        let classes = classes.cloned();
        let backwards = self.second_wins_ties(id);
        self.inner_targets.push((name.clone(), kind, classes, backwards));
        Some(name)
    }

    /// The model whose answer is what a stage or a field has.
    pub(super) fn last_model(&mut self, id: ValueId) -> Result<StageModel, Stop> {
        if !self.parts.staged.contains(&id) {
            return self.stage_of(id);
        }
        let Some(classes) = self.valid.classes_of(id).map(texts) else {
            let value = self.part_field(id, Part::Values, 0)?;
            return Ok(self.of_field(value));
        };
        let label = self.part_field(id, Part::Label, 0)?;
        Ok(of_label(label, classes))
    }

    /// A model that answers with a field.
    pub(super) fn of_field(&self, name: NameId) -> StageModel {
        let f32 = self.names.kind(name) == Kind::F32;
        StageModel::Regression {
            classification: false,
            method: NormalizationMethod::None,
            f32,
            tables: vec![Table { category: None, terms: vec![(name, 1.0)], intercept: 0.0 }],
        }
    }

    /// A part of an estimate as a field.
    pub(super) fn part_field(
        &mut self,
        id: ValueId,
        part: Part,
        element: usize,
    ) -> Result<NameId, Stop> {
        if let Some(name) = self.parts.fields.get(&(id, part, element)) {
            return Ok(*name);
        }
        let name = self.computed(id, part, element)?;
        self.parts.fields.insert((id, part, element), name);
        Ok(name)
    }

    /// A part that is worked out beside the model.
    fn computed(&mut self, id: ValueId, part: Part, element: usize) -> Result<NameId, Stop> {
        let valid = self.valid;
        match (valid.model().nodes.get(id).map(|node| &node.op), part) {
            (Some(Op::Classify(classify)), Part::Margins) => self.field(classify.margins, element),
            (Some(Op::Regress(regress)), Part::Margins) => self.field(regress.margins, element),
            (Some(Op::Regress(regress)), Part::Values) => {
                let margin = self.field(regress.margins, element)?;
                self.linked(id, regress.link, margin)
            }
            (Some(Op::Classify(classify)), Part::Probability(_))
                if valid.width_of(classify.margins) == 1 =>
            {
                let margin = self.field(classify.margins, 0)?;
                self.pair(id, classify.link, margin, element)
            }
            (Some(Op::Classify(classify)), Part::Probability(_))
                if matches!(classify.link, Link::Identity | Link::Logistic) =>
            {
                let margin = self.field(classify.margins, element)?;
                self.linked(id, classify.link, margin)
            }
            (Some(Op::Estimator(Estimator::Detect(op))), Part::Score) => self.field(op.score, 0),
            (Some(Op::Estimator(Estimator::Cluster(op))), Part::Distances) => {
                self.field(op.distances, element)
            }
            (Some(Op::Estimator(Estimator::Neighbors(op))), Part::Values) => {
                let fields = self.fields(op.arg)?;
                let model = StageModel::Neighbors(id, fields, element);
                let target = self.inner_target(id, &model);
                let name = self.names.output(&format!("stage value {element}"), Kind::F64);
                let text = self.names.text(name).to_owned();
                let output = AnswerField::predicted(text, Kind::F64, false);
                self.push_stage(Stage { model, outputs: vec![(name, output)], target });
                Ok(name)
            }
            (_, part) => Err(Self::no_part(part)),
        }
    }

    /// A margin through a link.
    pub(super) fn linked(
        &mut self,
        id: ValueId,
        link: Link,
        margin: NameId,
    ) -> Result<NameId, Stop> {
        let kind = self.names.kind(margin);
        let x = Expr::Field(margin);
        let base = format!("{}({})", link.name(), self.names.text(margin));
        let expr = match link {
            Link::Identity => return Ok(margin),
            Link::Logistic => self.logistic(&base, kind, x),
            Link::Exp => present(x.clone(), apply("exp", [x])),
            Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
                return Err(self.bug(id, "no such link"));
            }
        };
        Ok(self.derive(&base, kind, false, expr))
    }

    /// The probability of one of two classes.
    fn pair(
        &mut self,
        id: ValueId,
        link: Link,
        margin: NameId,
        class: usize,
    ) -> Result<NameId, Stop> {
        let kind = self.names.kind(margin);
        if link == Link::SoftmaxSymmetric {
            return Err(Self::no_part(Part::Probability(0)));
        }
        let second = self.linked(id, link, margin)?;
        if class == 1 {
            return Ok(second);
        }
        let rest = apply("-", [number(1.0, kind), Expr::Field(second)]);
        Ok(self.derive(&format!("1-{}", self.names.text(second)), kind, false, rest))
    }

    /// The elements of a part of an estimate.
    pub(super) fn part(&mut self, estimate: ValueId, part: Part) -> Result<Vec<Item>, Stop> {
        let elements = self.elements_of(estimate, part).into_iter();
        let items = elements
            .map(|(part, element)| Ok(Item::Field(self.part_field(estimate, part, element)?)));
        items.collect()
    }
}

/// A model whose label is that of a field.
pub(super) fn of_label(label: NameId, classes: Vec<String>) -> StageModel {
    let mut seen = BTreeSet::new();
    let classes = classes.into_iter().filter(|class| seen.insert(class.clone()));
    let test = |class: String| (Predicate::equal(label, class.clone()), class);
    StageModel::Choice(classes.map(test).collect())
}
