//! What no output depends on is left out: operators, and the constants that they alone take.

use std::collections::BTreeSet;

use holdall_diag::Failure;
use holdall_graph::{Attribute, Graph, Node, NodeId, Origin, Value, ValueId, Weight, WeightId};

use super::build::inexpressible;

/// The graph without what nothing depends on. Inputs stay.
pub(super) fn pruned(graph: Graph) -> Result<Graph, Failure> {
    let mut used: BTreeSet<ValueId> = graph.outputs.iter().copied().collect();
    let mut live = vec![false; graph.nodes.len()];
    for (id, node) in graph.nodes.iter().rev() {
        if !node.outputs.iter().flatten().any(|output| used.contains(output)) {
            continue;
        }
        if let Some(flag) = live.get_mut(id.index()) {
            *flag = true;
        }
        used.extend(node.inputs.iter().flatten());
        // What a subgraph takes of this graph it takes by name.
        let mut names = BTreeSet::new();
        for (_, attribute) in &node.attributes {
            if let Attribute::Graph(inner) = attribute {
                outer_names(inner, &mut names);
            }
        }
        if !names.is_empty() {
            let named = graph.values.iter().filter(|(_, value)| names.contains(&value.name));
            used.extend(named.map(|(id, _)| id));
        }
    }
    rebuilt(graph, &used, &live)
}

/// The names that a graph takes of those around it. It calls itself for subgraphs, which lowering nests no deeper
/// than a body in a body.
fn outer_names(graph: &Graph, names: &mut BTreeSet<String>) {
    let outer = graph.values.iter().filter(|(_, value)| matches!(value.origin, Origin::Outer));
    names.extend(outer.map(|(_, value)| value.name.clone()));
    for (_, node) in graph.nodes.iter() {
        for (_, attribute) in &node.attributes {
            if let Attribute::Graph(inner) = attribute {
                outer_names(inner, names);
            }
        }
    }
}

/// The graph of these values and nodes.
fn rebuilt(graph: Graph, used: &BTreeSet<ValueId>, live: &[bool]) -> Result<Graph, Failure> {
    let lost = || inexpressible("a graph that names what it does not hold");
    let mut made = Graph {
        name: graph.name,
        description: graph.description,
        stamp: graph.stamp,
        metadata: graph.metadata,
        ..Graph::default()
    };
    let mut weights: Vec<Option<Weight>> = graph.weights.into_vec().into_iter().map(Some).collect();
    let mut nodes = Vec::with_capacity(live.len());
    let mut count = 0_u32;
    for &alive in live {
        nodes.push(alive.then(|| NodeId::new(count)));
        count += u32::from(alive);
    }
    let mut values: Vec<Option<ValueId>> = Vec::with_capacity(graph.values.len());
    for (id, value) in (0_u32..).zip(graph.values.into_vec()) {
        let taken = used.contains(&ValueId::new(id));
        let origin = match value.origin {
            Origin::Input(weight) => Some(Origin::Input(match weight {
                Some(weight) => Some(moved(&mut made, &mut weights, weight).ok_or_else(lost)?),
                None => None,
            })),
            Origin::Weight(weight) if taken => {
                Some(Origin::Weight(moved(&mut made, &mut weights, weight).ok_or_else(lost)?))
            }
            Origin::Node(node, place) => {
                nodes.get(node.index()).copied().flatten().map(|node| Origin::Node(node, place))
            }
            Origin::Outer if taken => Some(Origin::Outer),
            Origin::Weight(_) | Origin::Outer => None,
        };
        let kept = origin.map(|origin| made.values.push(Value { origin, ..value }));
        values.push(match kept {
            Some(kept) => Some(kept.ok_or_else(lost)?),
            None => None,
        });
    }
    let at = |id: ValueId| values.get(id.index()).copied().flatten();
    let all = |ids: &[Option<ValueId>]| -> Vec<Option<ValueId>> {
        ids.iter().map(|id| id.and_then(at)).collect()
    };
    for (node, &alive) in graph.nodes.into_vec().into_iter().zip(live) {
        if alive {
            let (inputs, outputs) = (all(&node.inputs), all(&node.outputs));
            made.nodes.push(Node { inputs, outputs, ..node }).ok_or_else(lost)?;
        }
    }
    made.inputs = graph.inputs.iter().copied().filter_map(at).collect();
    made.outputs = graph.outputs.iter().copied().filter_map(at).collect();
    Ok(made)
}

/// A constant taken over.
fn moved(made: &mut Graph, weights: &mut [Option<Weight>], id: WeightId) -> Option<WeightId> {
    made.weights.push(weights.get_mut(id.index())?.take()?)
}
