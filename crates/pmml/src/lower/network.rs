//! Bayesian networks: <https://dmg.org/pmml/v4-4-1/BayesianNetwork.html>. What is not observed is summed out. A discrete
//! node is predicted; of a continuous one the standard does not say which number of its distribution answers.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    BayesianNetwork, Classify, Decision, Estimator, Kind, Link, Matrix, NetworkEvidence,
    NetworkNode, Op, ValueId,
};

use super::{
    Answer, Lower,
    continuous::{Continuous, States},
    dictionary, invalid, number, required, unsupported,
};
use crate::{codes, doc::Element};

/// A node as the document has it.
pub(super) struct Discrete<'d> {
    pub(super) element: Element<'d>,
    name: &'d str,
    pub(super) states: Vec<&'d str>,
    pub(super) parents: Vec<&'d str>,
    /// The states of the parents, in their order, and the probabilities of the states.
    pub(super) rows: Vec<(Vec<&'d str>, BTreeMap<&'d str, f64>)>,
}

impl<'d> Discrete<'d> {
    /// The fields that are derived in it.
    fn derived(&self) -> impl Iterator<Item = &'d str> {
        let fields = self.element.children().filter(|child| child.name() == "DerivedField");
        fields.filter_map(|field| field.attribute("name"))
    }
}

impl<'d> Lower<'d> {
    pub(super) fn bayesian_network(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let holder = element.child("BayesianNetworkNodes").ok_or_else(|| unsupported(element))?;
        let (mut found, mut continuous) = (Vec::new(), Vec::new());
        for node in holder.proper_children() {
            match node.name() {
                "DiscreteNode" => found.push(discrete(node)?),
                "ContinuousNode" => continuous.push(Continuous::of(node)?),
                _ => return Err(unsupported(node)),
            }
        }
        let mut nodes = in_order(found)?;
        for node in &mut nodes {
            self.declared_first(node);
        }
        let target = dictionary::target(element).ok_or_else(|| unsupported(element))?;
        let places: BTreeMap<&str, usize> =
            nodes.iter().enumerate().map(|(i, node)| (node.name, i)).collect();
        let asked = *places.get(target).ok_or_else(|| {
            unsupported(holder).with_help(format!("`{target}` is predicted and is no node"))
        })?;
        let (mut network, mut evidence) = (Vec::with_capacity(nodes.len()), Vec::new());
        for (i, node) in nodes.iter().enumerate() {
            let (node, more) = self.network_node(node, &nodes, &places, i == asked)?;
            network.push(node);
            evidence.extend(more);
        }
        for node in &continuous {
            self.definitions(Some(node.element), node.element)?;
        }
        let states: States<'_, 'd> = (0_u32..)
            .zip(&nodes)
            .map(|(place, node)| (node.name, (place, node.states.as_slice())))
            .collect();
        evidence.extend(self.continuous_evidence(&continuous, &states)?);
        let states = network.get(asked).map(|node: &NetworkNode| node.states.clone());
        let classes = states.ok_or_else(|| unsupported(holder))?;
        let target = u32::try_from(asked).map_err(|_error| unsupported(holder))?;
        let network = BayesianNetwork { nodes: network, target, evidence };
        let network = Op::Estimator(Estimator::BayesianNetwork(Box::new(network)));
        let margins = self.model.push_at(network, element.location())?;
        let classify = Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link: Link::Identity,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        });
        let estimate = self.model.push_at(classify, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    fn network_node(
        &mut self,
        node: &Discrete<'d>,
        nodes: &[Discrete<'d>],
        places: &BTreeMap<&str, usize>,
        asked: bool,
    ) -> Result<(NetworkNode, Option<NetworkEvidence>), Failure> {
        // What is not in the mining schema is never observed.
        let observed = if asked { None } else { self.values.get(node.name).copied() };
        let observed: Option<ValueId> = observed.map(|value| self.scalar(value)).transpose()?;
        let declared = self.data.get(node.name);
        let kind = observed.map_or_else(
            || declared.map_or(Kind::Text, |field| field.kind),
            |value| self.kind(value),
        );
        let states = dictionary::labels(&node.states, kind)
            .ok_or_else(|| invalid(node.element, "name", "a field of the states' type"))?;
        self.definitions(Some(node.element), node.element)?;
        let (mut parents, mut counts, mut derived) = (Vec::new(), Vec::new(), Vec::new());
        for (i, parent) in node.parents.iter().enumerate() {
            if node.derived().any(|name| name == *parent) {
                let value = self.field(node.element, parent)?;
                derived.push((i, self.scalar(value)?));
                continue;
            }
            let place = places.get(parent).copied().ok_or_else(|| unsupported(node.element))?;
            parents.push(u32::try_from(place).map_err(|_error| unsupported(node.element))?);
            counts.push(
                nodes
                    .get(place)
                    .map(|node| &node.states)
                    .ok_or_else(|| unsupported(node.element))?,
            );
        }
        let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(node.element));
        if !derived.is_empty() {
            let own = places.get(node.name).copied().ok_or_else(|| unsupported(node.element))?;
            let lists: Vec<&[&str]> = counts.iter().map(|states| states.as_slice()).collect();
            let evidence = self.derived_evidence(node, (size(own)?, &parents), &lists, &derived)?;
            // The evidence has the probabilities.
            let columns = size(node.states.len())?;
            let data = vec![1.0; node.states.len()];
            let table = Matrix { rows: 1, columns, data };
            let node = NetworkNode { arg: observed, states, parents: Vec::new(), table };
            return Ok((node, Some(evidence)));
        }
        let combinations = counts.iter().try_fold(1_usize, |all, list| all.checked_mul(list.len()));
        let wanted = combinations.filter(|n| *n <= node.rows.len());
        let wanted = wanted.ok_or_else(|| incomplete(node))?;
        let mut data = vec![f64::NAN; wanted * node.states.len()];
        for (of_parents, probabilities) in &node.rows {
            let mut row = 0;
            for (state, list) in of_parents.iter().zip(&counts) {
                let at = list.iter().position(|known| known == state);
                row = row * list.len() + at.ok_or_else(|| incomplete(node))?;
            }
            for (column, state) in node.states.iter().enumerate() {
                let probability = probabilities.get(state).copied().unwrap_or(0.0);
                if let Some(cell) = data.get_mut(row * node.states.len() + column) {
                    *cell = probability;
                }
            }
        }
        if data.iter().any(|p| p.is_nan()) {
            return Err(incomplete(node));
        }
        let table = Matrix { rows: size(wanted)?, columns: size(node.states.len())?, data };
        Ok((NetworkNode { arg: observed, states, parents, table }, None))
    }

    /// The states of a node in the order in which its field declares them: of equally probable ones the first is
    /// predicted.
    fn declared_first(&self, node: &mut Discrete<'d>) {
        let declared = self.data.get(node.name);
        let listed = declared.map(dictionary::DataField::values).unwrap_or_default();
        let place = |state: &&str| listed.iter().position(|value| value == state);
        node.states.sort_by_key(|state| place(state).unwrap_or(usize::MAX));
    }
}

fn incomplete(node: &Discrete<'_>) -> Failure {
    let message = format!(
        "the node `{}` does not give probabilities for every combination of states of its parents",
        node.name
    );
    Failure::malformed(codes::INVALID_ELEMENT, message).at(node.element.location())
}

fn discrete<'d>(element: Element<'d>) -> Result<Discrete<'d>, Failure> {
    let name = required(element, "name")?;
    let (mut states, mut rows, mut parents) = (Vec::new(), Vec::new(), Vec::new());
    let mut probabilities = |holder: Element<'d>| -> Result<BTreeMap<&'d str, f64>, Failure> {
        let mut all = BTreeMap::new();
        for value in holder.children().filter(|c| c.name() == "ValueProbability") {
            let state = required(value, "value")?;
            if !states.contains(&state) {
                states.push(state);
            }
            all.insert(state, number(value, "probability", None)?);
        }
        Ok(all)
    };
    let own = probabilities(element)?;
    let mut tables = Vec::new();
    for table in element.children().filter(|c| c.name() == "DiscreteConditionalProbability") {
        let mut of_parents = BTreeMap::new();
        for parent in table.children().filter(|c| c.name() == "ParentValue") {
            of_parents.insert(required(parent, "parent")?, required(parent, "value")?);
        }
        tables.push((table, of_parents, probabilities(table)?));
    }
    if tables.is_empty() {
        rows.push((Vec::new(), own));
    } else if let Some((_, first, _)) = tables.first() {
        parents = first.keys().copied().collect();
    }
    for (table, of_parents, given) in tables {
        if !of_parents.keys().copied().eq(parents.iter().copied()) {
            return Err(unsupported(table).with_help("name the same parents in every table"));
        }
        rows.push((of_parents.into_values().collect(), given));
    }
    Ok(Discrete { element, name, states, parents, rows })
}

/// The nodes with parents before children, otherwise in their order.
fn in_order(mut left: Vec<Discrete<'_>>) -> Result<Vec<Discrete<'_>>, Failure> {
    let names: BTreeSet<&str> = left.iter().map(|node| node.name).collect();
    let (mut done, mut sorted) = (BTreeSet::new(), Vec::with_capacity(left.len()));
    while !left.is_empty() {
        let before = left.len();
        let mut later = Vec::new();
        for node in left {
            let is_derived = |parent: &str| node.derived().any(|name| name == parent);
            let mut parents = node.parents.iter().filter(|parent| !is_derived(parent));
            if let Some(unknown) = parents.clone().find(|parent| !names.contains(*parent)) {
                let message = format!("the parent `{unknown}` of `{}` is no node", node.name);
                return Err(Failure::malformed(codes::UNDEFINED_REFERENCE, message)
                    .at(node.element.location()));
            }
            if parents.all(|parent| done.contains(parent)) {
                done.insert(node.name);
                sorted.push(node);
            } else {
                later.push(node);
            }
        }
        if later.len() == before {
            let message = "nodes are their own ancestors";
            let place = later.first().map(|node| node.element.location());
            return Err(Failure::malformed(codes::CYCLE, message).at(place.unwrap_or_default()));
        }
        left = later;
    }
    Ok(sorted)
}
