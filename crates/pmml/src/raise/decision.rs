//! Trees with predicates, rule sets and scorecards: <https://dmg.org/pmml/v4-4-1/TreeModel.html>,
//! <https://dmg.org/pmml/v4-4-1/RuleSet.html>, <https://dmg.org/pmml/v4-4-1/Scorecard.html>.

use holdall_tabular::{
    DecisionTree, Estimator, MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses, Op,
    ReasonRanking, RuleSelection, Scorecard, ValueId,
};

use super::{
    Item, NameId, Raise, Stop,
    expression::scalar_text,
    model::{Frame, StageModel},
    predicate::Predicate,
    regression::texts,
};
use crate::{doc::Builder, number};

/// The points of an attribute: a number, or a field.
#[derive(Clone, Debug)]
pub(super) enum Points {
    Number(String),
    Field(NameId),
}

impl Points {
    pub(super) const fn field(&self) -> Option<NameId> {
        match self {
            Self::Number(_) => None,
            Self::Field(name) => Some(*name),
        }
    }
}

impl Raise<'_> {
    pub(super) fn decision_tree(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, tests): (ValueId, &[Predicate]),
    ) -> Result<(), Stop> {
        let Some(Op::Estimator(Estimator::DecisionTree(op))) = self.op(id) else {
            return Err(self.bug(id, "no tree"));
        };
        self.open_model(out, "TreeModel", model, frame);
        let missing = match op.missing {
            MissingStrategy::None => "none",
            MissingStrategy::LastPrediction => "lastPrediction",
            MissingStrategy::NullPrediction => "nullPrediction",
            MissingStrategy::DefaultChild => "defaultChild",
            MissingStrategy::WeightedConfidence => "weightedConfidence",
            MissingStrategy::AggregateNodes => "aggregateNodes",
        };
        let no_child = match op.no_true_child {
            NoTrueChild::Missing => "returnNullPrediction",
            NoTrueChild::Last => "returnLastPrediction",
        };
        out.attribute("missingValueStrategy", missing);
        if op.penalty.total_cmp(&1.0).is_ne() {
            out.attribute("missingValuePenalty", number::text(op.penalty));
        }
        out.attribute("noTrueChildStrategy", no_child)
            .attribute("splitCharacteristic", "multiSplit");
        self.inside(out, frame);
        // What is left to do, last first: a node to open, or one to close.
        let mut steps = vec![Some(0_u32)];
        while let Some(step) = steps.pop() {
            let Some(node) = step.map(|node| node as usize) else {
                out.close();
                continue;
            };
            steps.push(None);
            node_start(out, op, node);
            tests.get(node).unwrap_or(&Predicate::True).write(out, &self.names);
            if let NodeAnswer::Classes(classes) = &op.answer {
                distribution(out, classes, node);
            }
            let first = op.nodes.first_child.get(node).copied().unwrap_or_default();
            let count = op.nodes.children.get(node).copied().unwrap_or_default();
            steps.extend((first..first + count).rev().map(Some));
        }
        out.close();
        Ok(())
    }

    pub(super) fn rule_set(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, tests): (ValueId, &[Predicate]),
    ) -> Result<(), Stop> {
        let Some(Op::Estimator(Estimator::Rules(op))) = self.op(id) else {
            return Err(self.bug(id, "no rules"));
        };
        let classes = texts(&op.classes);
        let class = |place: u32| classes.get(place as usize).cloned();
        self.open_model(out, "RuleSetModel", model, frame);
        self.inside(out, frame);
        out.open("RuleSet")
            .optional("defaultScore", op.default.and_then(class))
            .attribute("defaultConfidence", number::text(op.default_confidence));
        let criterion = match op.select {
            RuleSelection::FirstHit => "firstHit",
            RuleSelection::WeightedSum => "weightedSum",
            RuleSelection::WeightedMax => "weightedMax",
        };
        out.open("RuleSelectionMethod").attribute("criterion", criterion).close();
        for (rule, test) in op.rules.iter().zip(tests) {
            out.open("SimpleRule")
                .attribute("id", &rule.id)
                .optional("score", class(rule.class))
                .attribute("weight", number::text(rule.weight))
                .attribute("confidence", number::text(rule.confidence));
            test.write(out, &self.names);
            out.close();
        }
        out.close().close();
        Ok(())
    }

    pub(super) fn card(&mut self, id: ValueId, op: &Scorecard) -> Result<StageModel, Stop> {
        let mut list = Vec::new();
        for attribute in op.characteristics.iter().flat_map(|c| &c.attributes) {
            let test = self.predicate_of(attribute.when)?;
            list.push((test, self.points(attribute.score)?));
        }
        if let Some(initial) = op.initial
            && let Points::Field(_) = self.points(initial)?
        {
            return Err(self.bug(id, "an initial score that depends on the row"));
        }
        Ok(StageModel::Card(id, list))
    }

    fn points(&mut self, id: ValueId) -> Result<Points, Stop> {
        Ok(match self.item(id, 0)? {
            Item::Constant(value, _) => Points::Number(scalar_text(&value)),
            Item::Field(_) | Item::Unused => Points::Field(self.field(id, 0)?),
        })
    }

    pub(super) fn scorecard(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, list): (ValueId, &[(Predicate, Points)]),
    ) -> Result<(), Stop> {
        let valid = self.valid;
        let Some(Op::Estimator(Estimator::Scorecard(op))) =
            valid.model().nodes.get(id).map(|node| &node.op)
        else {
            return Err(self.bug(id, "no scorecard"));
        };
        let initial = match op.initial.map(|initial| self.points(initial)).transpose()? {
            Some(Points::Number(text)) => text,
            Some(Points::Field(_)) | None => number::text(0.0),
        };
        self.open_model(out, "Scorecard", model, frame);
        out.attribute("initialScore", initial).attribute("useReasonCodes", op.reasons.is_some());
        match op.reasons {
            Some(ReasonRanking::PointsBelow) => {
                out.attribute("reasonCodeAlgorithm", "pointsBelow");
            }
            Some(ReasonRanking::PointsAbove) => {
                out.attribute("reasonCodeAlgorithm", "pointsAbove");
            }
            None => {}
        }
        self.inside(out, frame);
        out.open("Characteristics");
        let mut entries = list.iter();
        for characteristic in &op.characteristics {
            out.open("Characteristic")
                .attribute("name", &characteristic.name)
                .attribute("baselineScore", number::text(characteristic.baseline));
            for attribute in &characteristic.attributes {
                let Some((test, points)) = entries.next() else { break };
                out.open("Attribute");
                if !attribute.reason.is_empty() {
                    out.attribute("reasonCode", &attribute.reason);
                }
                if let Points::Number(text) = points {
                    out.attribute("partialScore", text);
                }
                test.write(out, &self.names);
                if let Points::Field(name) = points {
                    out.open("ComplexPartialScore");
                    out.open("FieldRef").attribute("field", self.names.text(*name)).close();
                    out.close();
                }
                out.close();
            }
            out.close();
        }
        out.close().close();
        Ok(())
    }
}

fn node_start(out: &mut Builder, op: &DecisionTree, node: usize) {
    let name = |node: usize| op.nodes.id.get(node).cloned().unwrap_or_default();
    out.open("Node").attribute("id", name(node));
    let score = match &op.answer {
        NodeAnswer::Values(values) => values.get(node).copied().flatten().map(number::text),
        NodeAnswer::Classes(classes) => {
            let label = classes.label.get(node).copied().flatten();
            label.and_then(|label| texts(&classes.classes).get(label as usize).cloned())
        }
    };
    out.optional("score", score);
    let records = op.nodes.records.get(node).copied().filter(|r| r.total_cmp(&0.0).is_ne());
    out.optional("recordCount", records.map(number::text));
    let default = op.nodes.default_child.get(node).copied().flatten();
    out.optional("defaultChild", default.map(|child| name(child as usize)));
}

/// The distribution of a node; one that only names its class is sure of it.
fn distribution(out: &mut Builder, classes: &NodeClasses, node: usize) {
    let width = classes.classes.len();
    let row = |list: &[f64]| list.get(node * width..(node + 1) * width).map(<[f64]>::to_vec);
    let counts = row(&classes.counts).unwrap_or_default();
    let (shares, sure) = (row(&classes.probability), row(&classes.confidence));
    let label = classes.label.get(node).copied().flatten();
    let alone = |list: &Option<Vec<f64>>| {
        list.as_ref().is_none_or(|list| {
            let one = |i: usize| f64::from(u8::from(label.is_some_and(|l| l as usize == i)));
            list.iter().enumerate().all(|(i, v)| v.total_cmp(&one(i)).is_eq())
        })
    };
    let empty = counts.iter().all(|count| count.total_cmp(&0.0).is_eq());
    if empty && alone(&shares) && alone(&sure) {
        return;
    }
    for (i, class) in texts(&classes.classes).into_iter().enumerate() {
        let at = |list: &Option<Vec<f64>>| {
            // The share of a class among no records is none.
            let known = list.as_ref().and_then(|list| list.get(i)).filter(|v| !v.is_nan());
            known.map(|v| number::text(*v))
        };
        let count = counts.get(i).copied().unwrap_or_default();
        out.open("ScoreDistribution")
            .attribute("value", class)
            .attribute("recordCount", number::text(count))
            .optional("confidence", at(&sure))
            .optional("probability", at(&shares))
            .close();
    }
}
