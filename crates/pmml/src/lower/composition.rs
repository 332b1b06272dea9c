//! Models of other models: <https://dmg.org/pmml/v4-4-1/MultipleModels.html>, "Model Composition". `Regression` and
//! `DecisionTree` stand in a `MiningModel` one after another, each naming what those before it found by their
//! `ResultField`s, or in the leaves of a tree, one of which is selected. (4.1 prefers `Segmentation`.)

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Classify, Combine, CombineMethod, Constant, Decision, Estimator, Kind, Labels, Link,
    Member, MissingMember, NodeAnswer, Op, Part, Regress, ValueId, Width,
};

use super::{
    Answer, Family, Lower, MAX_NESTING, decision::node_classes, function, number, required,
    unsupported, unsupported_value,
};
use crate::{
    codes,
    doc::{Element, MiningFunction},
};

/// The model inside a node or a mining model.
fn embedded(holder: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    holder.children().filter(|child| matches!(child.name(), "Regression" | "DecisionTree"))
}

/// Whether a leaf of a tree holds a model.
pub(super) fn selects(element: Element<'_>) -> bool {
    element.child("Node").is_some_and(|root| {
        root.descendants().any(|e| matches!(e.name(), "Regression" | "DecisionTree"))
    })
}

impl<'d> Lower<'d> {
    /// Models one after another; the last answers.
    pub(super) fn composition(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let saved = self.shared_classes.clone();
        if function(element)? == MiningFunction::Classification && saved.is_none() {
            self.shared_classes = Some(self.all_classes(element)?);
        }
        let mut last = None;
        for model in embedded(element) {
            last = Some(self.embedded_model(model)?);
        }
        self.shared_classes = saved;
        last.ok_or_else(|| unsupported(element))
    }

    /// A model that has no schema of its own. The scope is that of the caller afterwards, with its results.
    fn embedded_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if self.nesting == MAX_NESTING {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED_ELEMENT,
                format!("models inside models more than {MAX_NESTING} deep are not carried"),
            )
            .at(element.location()));
        }
        self.nesting += 1;
        let saved = (self.values.clone(), self.truncated.clone());
        self.definitions(element.child("LocalTransformations"), element)?;
        let answer = self.estimator(element)?;
        let answer = self.targeted(element, answer)?;
        for field in element.children().filter(|child| child.name() == "ResultField") {
            let name = required(field, "name")?;
            if let Some(found) = self.output(field, &answer)? {
                self.keep(name, found, &answer)?;
            }
        }
        let results: BTreeSet<&str> =
            element.descendants().filter(|e| e.name() == "ResultField").filter_map(name).collect();
        let kept: Vec<(String, ValueId)> = results
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), *self.values.get(name)?)))
            .collect();
        (self.values, self.truncated) = saved;
        self.values.extend(kept);
        self.nesting -= 1;
        Ok(answer)
    }

    /// A tree that selects a model, or a score, by its leaf.
    pub(super) fn selection(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if matches!(
            element.attribute("missingValueStrategy"),
            Some("weightedConfidence" | "aggregateNodes")
        ) {
            return Err(unsupported_value(element, "missingValueStrategy"));
        }
        let classifies = function(element)? == MiningFunction::Classification;
        let saved = self.shared_classes.clone();
        if classifies && saved.is_none() {
            self.shared_classes = Some(self.all_classes(element)?);
        }
        let classes = self.shared_classes.clone().filter(|_| classifies);
        let (nodes, elements) = self.decision_nodes(element)?;
        let numbers = (0..elements.len()).map(|place| {
            let place = u32::try_from(place).map_err(|_error| unsupported(element))?;
            Ok(Some(f64::from(place)))
        });
        let numbers = NodeAnswer::Values(numbers.collect::<Result<_, Failure>>()?);
        let ids = nodes.id.clone();
        let tree = self.grown(element, nodes, numbers)?;
        let reached = self.part(tree, Part::Values)?;
        let reached = self.scalar(reached)?;
        let mut members = Vec::new();
        let mut results: BTreeMap<&str, ValueId> = BTreeMap::new();
        for (place, (node, id)) in elements.into_iter().zip(ids).enumerate() {
            let model = embedded(node).next();
            if model.is_none() && node.attribute("score").is_none() {
                continue;
            }
            let place = u32::try_from(place).map_err(|_error| unsupported(element))?;
            let place = self.float(Kind::F64, f64::from(place))?;
            let here = self.bin(BinaryOp::Eq, reached, place)?;
            let mut estimate = match model {
                Some(model) => self.selected(model, here, &mut results, classes.as_ref())?,
                None => self.score(node, classes.as_ref())?,
            };
            if !classifies {
                let value = self.part(estimate, Part::Values)?;
                let margins = self.cast(node, value, Kind::F64)?;
                if margins != value {
                    estimate = self.push(Op::Regress(Regress { margins, link: Link::Identity }))?;
                }
            }
            members.push(Member { when: Some(here), estimate, weight: None, id });
        }
        self.shared_classes = saved;
        let results = results.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.values.extend(results);
        let combine = Combine {
            members,
            method: CombineMethod::SelectFirst,
            missing: MissingMember::Continue,
            threshold: 1.0,
        };
        let combine = Op::Estimator(Estimator::Combine(Box::new(combine)));
        let estimate = self.model.push_at(combine, element.location())?;
        Ok(Answer::new(estimate, classes))
    }

    /// The estimate of a model in a leaf. Its results are those of the selection where the leaf is reached.
    fn selected(
        &mut self,
        model: Element<'d>,
        here: ValueId,
        results: &mut BTreeMap<&'d str, ValueId>,
        classes: Option<&Labels>,
    ) -> Result<ValueId, Failure> {
        let answer = self.embedded_model(model)?;
        let fits = match answer.family {
            Family::Regression => classes.is_none(),
            Family::Classification => answer.classes.as_ref() == classes,
            Family::Clustering { .. } | Family::Ranking => false,
        };
        if !fits {
            return Err(unsupported(model).with_help("answer what the tree around it answers"));
        }
        for field in model.descendants().filter(|e| e.name() == "ResultField") {
            let (Some(name), Some(value)) =
                (name(field), name(field).and_then(|name| self.values.remove(name)))
            else {
                continue;
            };
            let value = self.scalar(value)?;
            let other = match results.get(name) {
                Some(other) => self.cast(field, *other, self.kind(value))?,
                None => self.missing(self.kind(value))?,
            };
            results.insert(name, self.choose(here, value, other)?);
        }
        Ok(answer.estimate)
    }

    /// The score of a node as an estimate of its own.
    fn score(&mut self, node: Element<'d>, classes: Option<&Labels>) -> Result<ValueId, Failure> {
        let values = match classes {
            None => vec![number(node, "score", None)?],
            Some(classes) => {
                let answer = node_classes(classes, &[node])?;
                let label = answer.label.first().copied().flatten();
                if first_largest(&answer.probability) != label {
                    // The label is that of the largest probability below.
                    return Err(unsupported(node).with_help("score the most probable class"));
                }
                answer.probability
            }
        };
        let width = u32::try_from(values.len()).map_err(|_error| unsupported(node))?;
        let (kind, width) = (Kind::F64, Width::Vector(width));
        let values = Labels::F64(values);
        let margins = self.push(Op::Constant(Constant { kind, width, values }))?;
        let Some(classes) = classes.cloned() else {
            return self.push(Op::Regress(Regress { margins, link: Link::Identity }));
        };
        self.push(Op::Classify(Classify {
            margins,
            classes,
            link: Link::Identity,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        }))
    }
}

/// The place of the first of the largest.
fn first_largest(list: &[f64]) -> Option<u32> {
    let mut best: Option<(u32, f64)> = None;
    for (place, value) in (0_u32..).zip(list) {
        if best.is_none_or(|(_, most)| *value > most) {
            best = Some((place, *value));
        }
    }
    best.map(|(place, _)| place)
}

fn name(element: Element<'_>) -> Option<&str> {
    element.attribute("name")
}
