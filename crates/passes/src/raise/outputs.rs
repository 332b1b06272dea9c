//! Outputs of graphs as answers: labels, probabilities and values find the estimate they are parts of.

use holdall_diag::{Failure, Location};
use holdall_graph::ValueId;
use holdall_tabular::{
    AnomalySide, Classify, Cluster, Decision, Detect, Estimator, EstimatorKind, Kind, Labels, Link,
    Model, Op, Output, Part, Regress, UnaryOp, ValueId as TabularId,
};

use super::{
    Raise, general,
    sym::{Chosen, Sym, Val},
};
use crate::{CLASSES_KEY, codes};

/// Names that say no more than the part does.
const USUAL: [&str; 12] = [
    "label",
    "output_label",
    "probabilities",
    "output_probability",
    "probability_tensor",
    "prediction",
    "variable",
    "margins",
    "y",
    "class",
    "distances",
    "score",
];

impl Raise<'_> {
    pub(super) fn read_outputs(&mut self) -> Result<(), Failure> {
        let graph = self.graph;
        let mut meanings = Vec::new();
        for &id in &graph.outputs {
            let sym = self.meanings.get(&id).cloned().ok_or_else(|| self.no_answer(id))?;
            meanings.push((id, sym));
        }
        // Labels first: they say which estimates there are.
        for (id, sym) in &mut meanings {
            if let Sym::Estimated(estimate) = sym
                && let Some(Op::Classify(classify)) =
                    self.model.nodes.get(*estimate).map(|node| &node.op)
            {
                self.classes = Some(classify.classes.clone());
            }
            if let Sym::Label(labels, chosen) = sym {
                self.classes = Some(labels.clone());
                let found = match self.elected(*id, labels, chosen)? {
                    Some(estimate) => Some(estimate),
                    None => self.classification(labels.clone(), chosen)?,
                };
                if let Some(estimate) = found {
                    *sym = Sym::Estimated(estimate);
                }
            }
        }
        for (id, sym) in meanings {
            let name = graph.values.get(id).map(|value| value.name.clone()).unwrap_or_default();
            let (value, part) = self.answer(&sym, &name)?.ok_or_else(|| self.no_answer(id))?;
            if part == Part::Whole && self.by_class(value, &name)? {
                continue;
            }
            // A value has no usual name but that of a transformed input.
            let usual = if part == Part::Whole {
                name == "y" || name == "variable"
            } else {
                USUAL.contains(&name.as_str()) || name.starts_with("probability_")
            };
            let name = (!usual).then_some(name);
            self.model.outputs.push(Output { name, value, part });
        }
        Ok(())
    }

    /// Probabilities that belong to no estimate: an output for each class, where the classes are known.
    fn by_class(&mut self, value: TabularId, name: &str) -> Result<bool, Failure> {
        let Some(&all) = self.values.get(&value) else { return Ok(false) };
        if !matches!(name, "probabilities" | "output_probability" | "probability_tensor") {
            return Ok(false);
        }
        let listed: Option<Vec<serde_json::Value>> =
            self.graph.metadata(CLASSES_KEY).and_then(|list| serde_json::from_str(list).ok());
        let classes = match (&self.classes, listed) {
            (_, Some(listed)) => listed
                .iter()
                .map(|class| class.as_str().map_or_else(|| class.to_string(), str::to_owned))
                .collect(),
            (Some(classes), None) => classes.texts(),
            (None, None) => return Ok(false),
        };
        if classes.len() != all.width as usize || !all.kind.is_float() {
            return Ok(false);
        }
        for (place, class) in (0_u32..).zip(classes) {
            let one = self.element(&general::unnamed("Gather"), all, place)?;
            let name = Some(format!("probability_{class}"));
            self.model.outputs.push(Output { name, value: one.id, part: Part::Whole });
        }
        Ok(true)
    }

    /// The value that another output of this name answers.
    fn answered_as(&mut self, name: &str) -> Result<Option<Val>, Failure> {
        let found = self
            .graph
            .outputs
            .iter()
            .find(|id| self.graph.values.get(**id).is_some_and(|value| value.name == name));
        match found.and_then(|id| self.meanings.get(id)).cloned() {
            Some(sym) => self.try_value(&sym),
            None => Ok(None),
        }
    }

    /// A cluster or a detector, where distances or a score are answered beside the label.
    fn elected(
        &mut self,
        label: ValueId,
        labels: &Labels,
        chosen: &Chosen,
    ) -> Result<Option<TabularId>, Failure> {
        let name = self.graph.values.get(label).map(|value| value.name.clone());
        if name.as_deref() != Some("label") {
            return Ok(None);
        }
        match chosen {
            Chosen::Largest(scores) => {
                let Some(distances) = self.answered_as("distances")? else { return Ok(None) };
                let Some(scores) = self.try_value(scores)? else { return Ok(None) };
                let negated = matches!(self.op_of(scores),
                    Some(&Op::Unary { op: UnaryOp::Neg, arg }) if arg == distances.id);
                if !(negated || scores == distances) || distances.width as usize != labels.len() {
                    return Ok(None);
                }
                let distances = self.vector(distances)?;
                let cluster =
                    Cluster { distances: distances.id, largest: !negated, labels: labels.clone() };
                let id = self.push_op(Op::Estimator(Estimator::Cluster(cluster)))?;
                self.answers.push((distances, Part::Distances, id));
                Ok(Some(id))
            }
            Chosen::By(score, decision) => {
                let Some(answered) = self.answered_as("score")? else { return Ok(None) };
                let Some(score) = self.try_value(score)? else { return Ok(None) };
                let (Decision::MarginAbove(threshold) | Decision::MarginAtLeast(threshold)) =
                    *decision
                else {
                    return Ok(None);
                };
                if score != answered || labels.len() != 2 {
                    return Ok(None);
                }
                let anomaly = if matches!(decision, Decision::MarginAbove(_)) {
                    AnomalySide::Above
                } else {
                    AnomalySide::AtLeast
                };
                let scalar = self.element(&general::unnamed("Detect"), score, 0)?;
                let detect =
                    Detect { score: scalar.id, threshold, anomaly, labels: labels.clone() };
                let id = self.push_op(Op::Estimator(Estimator::Detect(detect)))?;
                self.answers.push((score, Part::Score, id));
                Ok(Some(id))
            }
        }
    }

    fn no_answer(&self, id: ValueId) -> Failure {
        let name = self.graph.values.get(id).map(|value| value.name.clone()).unwrap_or_default();
        Failure::unsupported(
            codes::OUTPUT,
            format!("the output `{name}` has no counterpart in tabular models"),
        )
        .at(Location::model(format!("output `{name}`")))
    }

    /// The estimate that a label is part of.
    fn classification(
        &mut self,
        classes: Labels,
        chosen: &Chosen,
    ) -> Result<Option<TabularId>, Failure> {
        let (margins, link, decision) = match chosen {
            Chosen::Largest(scores) => match &**scores {
                Sym::Linked { link, margins, .. } => {
                    (*margins, Some(*link), Decision::LargestProbability)
                }
                other => {
                    let Some(margins) = self.try_value(other)? else { return Ok(None) };
                    (margins, None, Decision::LargestMargin)
                }
            },
            Chosen::By(scores, decision) => match &**scores {
                Sym::Probability { link, margins, class: 1, .. } => {
                    (*margins, Some(*link), above_probability(*decision, margins.kind))
                }
                other => {
                    let Some(margins) = self.try_value(other)? else { return Ok(None) };
                    (margins, None, *decision)
                }
            },
        };
        let margins = self.vector(margins)?;
        let (link, has_probabilities) = match link.or_else(|| self.link_answered(margins)) {
            Some(link) => (link, true),
            None => (Link::Identity, self.is_answered(margins)),
        };
        let binary = margins.width == 1;
        let decision = match decision {
            Decision::LargestMargin if binary => Decision::LargestProbability,
            other => other,
        };
        if margins.width as usize != if binary && classes.len() == 2 { 1 } else { classes.len() } {
            return Ok(None);
        }
        let op = Classify { margins: margins.id, classes, link, decision, has_probabilities };
        let id = self.push_op(Op::Classify(op))?;
        self.estimates.push((margins, link, id));
        Ok(Some(id))
    }

    /// The link under which some output answers these margins.
    fn link_answered(&self, margins: Val) -> Option<Link> {
        self.graph.outputs.iter().find_map(|id| match self.meanings.get(id) {
            Some(
                Sym::Linked { link, margins: found, .. }
                | Sym::Probability { link, margins: found, .. },
            ) if *found == margins => Some(*link),
            _ => None,
        })
    }

    fn is_answered(&self, margins: Val) -> bool {
        self.graph.outputs.iter().any(|id| match self.meanings.get(id) {
            Some(Sym::Value(found)) => *found == margins,
            _ => false,
        })
    }

    pub(super) fn estimate_of(&self, margins: Val, link: Link) -> Option<TabularId> {
        self.estimates
            .iter()
            .find(|(found, with, _)| *found == margins && *with == link)
            .map(|(_, _, id)| *id)
    }

    /// Gives an estimate another link.
    pub(super) fn relink(&mut self, estimate: TabularId, to: Link) {
        if let Some(node) = self.model.nodes.get_mut(estimate)
            && let Op::Classify(classify) = &mut node.op
        {
            classify.link = to;
        }
        for (_, link, id) in &mut self.estimates {
            if *id == estimate {
                *link = to;
            }
        }
    }

    /// The value and part that an output answers.
    fn answer(&mut self, sym: &Sym, name: &str) -> Result<Option<(TabularId, Part)>, Failure> {
        Ok(match sym {
            Sym::Estimated(id) => Some((*id, Part::Label)),
            Sym::Linked { link, margins, binary } => {
                if let Some(id) = self.estimate_of(*margins, *link) {
                    return Ok(Some((id, Part::Probabilities)));
                }
                let plain = name == "y";
                if plain || *binary || !matches!(link, Link::Identity | Link::Logistic | Link::Exp)
                {
                    let whole = self.whole(sym)?;
                    return Ok(whole.map(|value| (value.id, Part::Whole)));
                }
                let margins = self.vector(*margins)?;
                let op = Op::Regress(Regress { margins: margins.id, link: *link });
                Some((self.push_op(op)?, Part::Values))
            }
            Sym::Probability { link, margins, class, .. } => {
                match self.estimate_of(*margins, *link) {
                    Some(id) => Some((id, Part::Probability(*class))),
                    None => self.whole(sym)?.map(|value| (value.id, Part::Whole)),
                }
            }
            other => {
                let value = match self.try_value(other)? {
                    Some(value) => Some(value),
                    None => self.whole(other)?,
                };
                let Some(value) = value else { return Ok(None) };
                if let Some((_, part, id)) =
                    self.answers.iter().find(|(found, _, _)| *found == value)
                {
                    return Ok(Some((*id, *part)));
                }
                let estimate = self.estimates.iter().find(|(found, _, _)| *found == value);
                if let Some((_, link, id)) = estimate {
                    let plain = *link == Link::Identity && value.width > 1;
                    return Ok(Some((
                        *id,
                        if plain { Part::Probabilities } else { Part::Margins },
                    )));
                }
                let (margins, link) = match self.op_of(value) {
                    Some(&Op::Unary { op: UnaryOp::Exp, arg }) => {
                        (Val { id: arg, ..value }, Link::Exp)
                    }
                    _ => (value, Link::Identity),
                };
                let margins = if name == "prediction" { self.vector(margins)? } else { margins };
                if name != "y" && self.is_prediction(margins, name) {
                    let op = Op::Regress(Regress { margins: margins.id, link });
                    return Ok(Some((self.push_op(op)?, Part::Values)));
                }
                Some((value.id, Part::Whole))
            }
        })
    }

    /// Sums of trees and of weighted inputs are predictions; other values are transformed inputs.
    fn is_prediction(&self, value: Val, name: &str) -> bool {
        let sums = |op: Option<&Op>| match op {
            Some(Op::Estimator(estimator)) => estimator.kind() == EstimatorKind::LinearTrees,
            found => matches!(found, Some(Op::Trees(_) | Op::Linear(_))),
        };
        let found = self.op_of(value);
        // What an ensemble of binary64 answers is rounded, and may be widened again.
        let inner = |op: Option<&Op>| match op {
            Some(Op::Cast { arg, .. }) => self.op_of(Val { id: *arg, ..value }),
            _ => None,
        };
        let floats = value.kind.is_float() && !value.scalar;
        floats
            && (name == "prediction"
                || sums(found)
                || sums(inner(found))
                || sums(inner(inner(found))))
    }
}

/// The same decision about a probability: at least a number is above the number before it.
fn above_probability(decision: Decision, kind: Kind) -> Decision {
    match decision {
        Decision::MarginAbove(than) => Decision::ProbabilityAbove(than),
        #[expect(clippy::cast_possible_truncation, reason = "a constant of binary32")]
        Decision::MarginAtLeast(than) if kind == Kind::F32 => {
            Decision::ProbabilityAbove(f64::from((than as f32).next_down()))
        }
        Decision::MarginAtLeast(than) => Decision::ProbabilityAbove(than.next_down()),
        Decision::LargestProbability | Decision::LargestMargin | Decision::ProbabilityAbove(_) => {
            decision
        }
    }
}

/// The same model without nodes on which no answer depends.
pub(super) fn without_the_unused(model: Model) -> Result<Model, Failure> {
    let mut used = vec![false; model.nodes.len()];
    for output in &model.outputs {
        if let Some(flag) = used.get_mut(output.value.index()) {
            *flag = true;
        }
    }
    let nodes: Vec<_> = model.nodes.iter().collect();
    for (id, node) in nodes.iter().rev() {
        let input = matches!(node.op, Op::Input(_));
        if used.get(id.index()).copied().unwrap_or(false) || input {
            if let Some(flag) = used.get_mut(id.index()) {
                *flag = true;
            }
            node.op.each_arg(&mut |arg| {
                if let Some(flag) = used.get_mut(arg.index()) {
                    *flag = true;
                }
            });
        }
    }
    let mut places: Vec<TabularId> = Vec::with_capacity(nodes.len());
    let mut kept = Model {
        header: model.header.clone(),
        fields: model.fields.clone(),
        named_inputs: model.named_inputs,
        target: model.target.clone(),
        ..Model::default()
    };
    for (id, node) in nodes {
        let place = TabularId::new(u32::try_from(kept.nodes.len()).unwrap_or(u32::MAX));
        places.push(place);
        if used.get(id.index()).copied().unwrap_or(false) {
            let mut op = node.op.clone();
            op.each_arg_mut(&mut |arg| {
                if let Some(place) = places.get(arg.index()) {
                    *arg = *place;
                }
            });
            kept.push(op)?;
        }
    }
    kept.outputs = model.outputs;
    for output in &mut kept.outputs {
        if let Some(place) = places.get(output.value.index()) {
            output.value = *place;
        }
    }
    Ok(kept)
}
