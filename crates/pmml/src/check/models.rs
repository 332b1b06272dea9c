//! Models: references inside them, segments and nodes that are never reached, probabilities.

use std::collections::BTreeSet;

use super::Check;
use crate::{codes, doc::Element, lower::MODELS, number};

/// By how much probabilities may miss 1: files round them to as few as two digits.
const ROUNDING: f64 = 0.01;

pub(super) fn check(check: &mut Check, root: Element<'_>) {
    if crate::lower::model_of(root).is_none() {
        check.error(codes::MISSING_ELEMENT, root, "expected a model element, found none");
    }
    let segments: BTreeSet<&str> = root
        .descendants()
        .filter(|element| element.name() == "Segment")
        .filter_map(|element| element.attribute("id"))
        .collect();
    for element in root.descendants() {
        if check.is_full() {
            return;
        }
        match element.name() {
            "Segmentation" => segmentation(check, element),
            "Node" => node(check, element),
            "NeuralNetwork" => neurons(check, element),
            "SupportVectorMachineModel" => vectors(check, element),
            "TargetValueCounts" | "Discretize" => {}
            "OutputField" => {
                let wanted = element.attribute("segmentId");
                if let Some(id) = wanted.filter(|id| !segments.contains(id)) {
                    let message = format!("there is no segment `{id}`");
                    check.error(codes::UNDEFINED_REFERENCE, element, message);
                }
            }
            "Target" => priors(check, element),
            name if MODELS.contains(&name) => once(check, element, "MiningField", "name"),
            _ => {}
        }
    }
}

/// Members of a list that must differ: those directly inside `MiningSchema`.
fn once(check: &mut Check, model: Element<'_>, kind: &str, key: &str) {
    let Some(schema) = model.child("MiningSchema") else { return };
    let mut seen = BTreeSet::new();
    for member in schema.children().filter(|child| child.name() == kind) {
        if let Some(name) = member.attribute(key).filter(|name| !seen.insert(*name)) {
            check.error(codes::DUPLICATE, member, format!("the field `{name}` stands here twice"));
        }
    }
}

fn segmentation(check: &mut Check, segmentation: Element<'_>) {
    let first = segmentation.attribute("multipleModelMethod") == Some("selectFirst");
    let mut ids = BTreeSet::new();
    let mut decided = false;
    for segment in segmentation.children().filter(|child| child.name() == "Segment") {
        if let Some(id) = segment.attribute("id").filter(|id| !ids.insert(*id)) {
            check.error(codes::DUPLICATE, segment, format!("the segment `{id}` stands here twice"));
        }
        if decided {
            let message = "the segment is never reached: one before it always answers";
            check.warning(codes::UNREACHABLE, segment, message);
        } else if segment.child("False").is_some() {
            let message = "the segment is never reached: its predicate is `False`";
            check.warning(codes::UNREACHABLE, segment, message);
        }
        decided |= first && segment.child("True").is_some();
    }
}

fn node(check: &mut Check, node: Element<'_>) {
    let children: Vec<Element<'_>> = node.children().filter(|c| c.name() == "Node").collect();
    if let Some(wanted) = node.attribute("defaultChild")
        && !children.iter().any(|child| child.attribute("id") == Some(wanted))
    {
        let message = format!("`defaultChild` names `{wanted}`, and no child has that id");
        check.error(codes::UNDEFINED_REFERENCE, node, message);
    }
    let mut decided = false;
    for child in children {
        if decided {
            let message = "the node is never reached: one before it is always true";
            check.warning(codes::UNREACHABLE, child, message);
        }
        decided |= child.child("True").is_some();
    }
    let shares = node.children().filter(|child| child.name() == "ScoreDistribution");
    let shares: Vec<Option<f64>> =
        shares.map(|s| s.attribute("probability").and_then(number::parse_f64)).collect();
    if let Some(shares) = shares.into_iter().collect::<Option<Vec<f64>>>() {
        sums(check, node, &shares);
    }
}

fn priors(check: &mut Check, target: Element<'_>) {
    let values = target.children().filter(|child| child.name() == "TargetValue");
    let shares: Vec<Option<f64>> =
        values.map(|v| v.attribute("priorProbability").and_then(number::parse_f64)).collect();
    if let Some(shares) = shares.into_iter().collect::<Option<Vec<f64>>>() {
        sums(check, target, &shares);
    }
}

fn sums(check: &mut Check, element: Element<'_>, shares: &[f64]) {
    let sum: f64 = shares.iter().sum();
    if !shares.is_empty() && (sum - 1.0).abs() > ROUNDING {
        let message = format!("the probabilities in `{}` sum to {sum}, expected 1", element.name());
        check.error(codes::PROBABILITIES, element, message);
    }
}

fn neurons(check: &mut Check, network: Element<'_>) {
    let mut known = BTreeSet::new();
    for element in network.descendants() {
        match element.name() {
            "NeuralInput" | "Neuron" => {
                if let Some(id) = element.attribute("id").filter(|id| !known.insert(*id)) {
                    let message = format!("the neuron `{id}` stands here twice");
                    check.error(codes::DUPLICATE, element, message);
                }
            }
            "Con" => refers(check, element, "from", &known),
            "NeuralOutput" => refers(check, element, "outputNeuron", &known),
            _ => {}
        }
    }
}

fn vectors(check: &mut Check, model: Element<'_>) {
    let known = model.descendants().filter(|element| element.name() == "VectorInstance");
    let known: BTreeSet<&str> = known.filter_map(|element| element.attribute("id")).collect();
    for element in model.descendants().filter(|element| element.name() == "SupportVector") {
        refers(check, element, "vectorId", &known);
    }
}

fn refers(check: &mut Check, element: Element<'_>, attribute: &str, known: &BTreeSet<&str>) {
    if let Some(wanted) = element.attribute(attribute).filter(|wanted| !known.contains(wanted)) {
        let message = format!("`{attribute}` names `{wanted}`, which is not there");
        check.error(codes::UNDEFINED_REFERENCE, element, message);
    }
}
