//! Trees with predicates of any form: <https://dmg.org/pmml/v4-4-1/TreeModel.html>.

use std::collections::{BTreeMap, VecDeque};

use holdall_diag::Failure;
use holdall_tabular::{
    DecisionNodes, DecisionTree, Estimator, Labels, MissingStrategy, NoTrueChild, NodeAnswer,
    NodeClasses, Op, ValueId,
};

use super::{Answer, Lower, invalid, number, unsupported, word};
use crate::doc::{Element, MissingValueStrategy, NoTrueChildStrategy};

impl<'d> Lower<'d> {
    /// A tree as one estimate.
    pub(super) fn decision_tree(
        &mut self,
        element: Element<'d>,
        classes: Option<Labels>,
    ) -> Result<Answer, Failure> {
        let (nodes, elements) = self.decision_nodes(element)?;
        let answer = match &classes {
            None => NodeAnswer::Values(values(&elements)?),
            Some(classes) => NodeAnswer::Classes(node_classes(classes, &elements)?),
        };
        let estimate = self.grown(element, nodes, answer)?;
        Ok(Answer::new(estimate, classes))
    }

    /// The nodes of a tree, and their elements.
    pub(super) fn decision_nodes(
        &mut self,
        element: Element<'d>,
    ) -> Result<(DecisionNodes, Vec<Element<'d>>), Failure> {
        let root = element.child("Node").ok_or_else(|| unsupported(element))?;
        let ids: BTreeMap<usize, usize> = root
            .descendants()
            .filter(|e| e.name() == "Node")
            .enumerate()
            .map(|(place, node)| (node.index(), place + 1))
            .collect();
        let mut nodes = DecisionNodes::default();
        let mut elements = Vec::new();
        let mut queue = VecDeque::from([root]);
        let mut next = 1_u32;
        while let Some(node) = queue.pop_front() {
            let children: Vec<_> = node.children().filter(|c| c.name() == "Node").collect();
            let count = u32::try_from(children.len()).map_err(|_error| unsupported(node))?;
            let default = match node.attribute("defaultChild") {
                None => None,
                Some(wanted) => {
                    let mut ids = children.iter().map(|c| c.attribute("id"));
                    let place = ids
                        .position(|id| id == Some(wanted))
                        .and_then(|place| u32::try_from(place).ok())
                        .ok_or_else(|| invalid(node, "defaultChild", "the id of a child"))?;
                    Some(next + place)
                }
            };
            nodes.when.push(self.condition_in(node)?);
            nodes.first_child.push(if count == 0 { 0 } else { next });
            nodes.children.push(count);
            nodes.default_child.push(default);
            nodes.records.push(number(node, "recordCount", Some(0.0))?);
            let place = ids.get(&node.index()).map(ToString::to_string).unwrap_or_default();
            nodes.id.push(node.attribute("id").map_or(place, ToOwned::to_owned));
            elements.push(node);
            next += count;
            queue.extend(children);
        }
        Ok((nodes, elements))
    }

    /// The estimate of a tree of these nodes and answers.
    pub(super) fn grown(
        &mut self,
        element: Element<'d>,
        nodes: DecisionNodes,
        answer: NodeAnswer,
    ) -> Result<ValueId, Failure> {
        let tree = DecisionTree {
            nodes,
            answer,
            missing: match word(element, "missingValueStrategy", MissingValueStrategy::None)? {
                MissingValueStrategy::None => MissingStrategy::None,
                MissingValueStrategy::LastPrediction => MissingStrategy::LastPrediction,
                MissingValueStrategy::NullPrediction => MissingStrategy::NullPrediction,
                MissingValueStrategy::DefaultChild => MissingStrategy::DefaultChild,
                MissingValueStrategy::WeightedConfidence => MissingStrategy::WeightedConfidence,
                MissingValueStrategy::AggregateNodes => MissingStrategy::AggregateNodes,
            },
            no_true_child: match word(
                element,
                "noTrueChildStrategy",
                NoTrueChildStrategy::ReturnNullPrediction,
            )? {
                NoTrueChildStrategy::ReturnNullPrediction => NoTrueChild::Missing,
                NoTrueChildStrategy::ReturnLastPrediction => NoTrueChild::Last,
            },
            penalty: number(element, "missingValuePenalty", Some(1.0))?,
        };
        let estimate = Op::Estimator(Estimator::DecisionTree(Box::new(tree)));
        self.model.push_at(estimate, element.location())
    }
}

fn values(elements: &[Element<'_>]) -> Result<Vec<Option<f64>>, Failure> {
    let value = |node: &Element<'_>| match node.attribute("score") {
        None => Ok(None),
        Some(_) => number(*node, "score", None).map(Some),
    };
    elements.iter().map(value).collect()
}

pub(super) fn node_classes(
    classes: &Labels,
    elements: &[Element<'_>],
) -> Result<NodeClasses, Failure> {
    let kind = classes.kind();
    let texts = classes.texts();
    let place = |node: Element<'_>, attribute: &str| {
        let text = node.attribute(attribute).unwrap_or_default();
        super::class_place(&texts, kind, text)
            .ok_or_else(|| invalid(node, attribute, "a class of the target"))
    };
    let mut answer = NodeClasses {
        classes: classes.clone(),
        label: Vec::new(),
        counts: vec![0.0; elements.len() * texts.len()],
        probability: vec![0.0; elements.len() * texts.len()],
        confidence: vec![0.0; elements.len() * texts.len()],
    };
    let mut confident = false;
    for (row, node) in elements.iter().enumerate() {
        let label = match node.attribute("score") {
            Some(_) => Some(place(*node, "score")?),
            None => None,
        };
        answer.label.push(label.and_then(|label| u32::try_from(label).ok()));
        let shares: Vec<_> = node.children().filter(|c| c.name() == "ScoreDistribution").collect();
        let mut total = 0.0;
        for share in &shares {
            total += number(*share, "recordCount", Some(0.0))?;
        }
        for share in &shares {
            let at = row * texts.len() + place(*share, "value")?;
            let count = number(*share, "recordCount", Some(0.0))?;
            let probability = number(*share, "probability", Some(count / total))?;
            confident |= share.attribute("confidence").is_some();
            let confidence = number(*share, "confidence", Some(probability))?;
            for (list, value) in [
                (&mut answer.counts, count),
                (&mut answer.probability, probability),
                (&mut answer.confidence, confidence),
            ] {
                if let Some(slot) = list.get_mut(at) {
                    *slot = value;
                }
            }
        }
        // A node that only names its class is sure of it.
        if let (Some(label), true) = (label, shares.is_empty()) {
            for list in [&mut answer.probability, &mut answer.confidence] {
                if let Some(slot) = list.get_mut(row * texts.len() + label) {
                    *slot = 1.0;
                }
            }
        }
    }
    if !confident {
        answer.confidence.clear();
    }
    Ok(answer)
}
