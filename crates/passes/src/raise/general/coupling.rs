//! Coupled probabilities, a `Loop`: the graph is held against the one that lowering writes for them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdall_diag::Failure;
use holdall_graph::{Attribute, Graph, Node, Origin, ValueId};
use holdall_tabular::{Estimator, Kind, Op, VoteForm, Votes};

use super::Operand;
use crate::{
    lower::coupled_graph,
    raise::{Raise, attributes::refuse, read_weight, sym::Sym},
};

/// The most classes whose coupling is looked for.
const MAX_CLASSES: u32 = 1 << 8;

impl Raise<'_> {
    pub(super) fn coupling(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        let unfit = || refuse(node, "a loop that is not the coupling of probabilities");
        let graph = self.graph;
        let Some(Attribute::Graph(body)) = node.attribute("body") else { return Err(unfit()) };
        let outer = body.values.iter().find(|(_, value)| value.origin == Origin::Outer);
        let matrix = outer.and_then(|(_, value)| named(graph, &value.name)).ok_or_else(unfit)?;
        let (a, b) = sigmoid(graph, matrix).ok_or_else(unfit)?;
        let pairs = u32::try_from(a.len()).unwrap_or(u32::MAX);
        let classes = (2..MAX_CLASSES).find(|k| k * (k - 1) / 2 == pairs).ok_or_else(unfit)?;
        let wanted = coupled_graph(&graph.stamp, classes, &a, &b)?;
        let (Some(&theirs), Some(ours)) =
            (wanted.outputs.first(), node.outputs.first().copied().flatten())
        else {
            return Err(unfit());
        };
        let decisions = same(&wanted, theirs, graph, ours).ok_or_else(unfit)?;
        let sym = self.meanings.get(&decisions).cloned().ok_or_else(unfit)?;
        let Some(Operand::Block(block)) = self.operand_of(&sym)? else { return Err(unfit()) };
        let arg = self.vector(block.value)?;
        if arg.width != pairs || arg.kind != Kind::F64 {
            return Err(unfit());
        }
        let votes = Votes { arg: arg.id, classes, form: VoteForm::Coupled { a, b } };
        let op = Op::Estimator(Estimator::Votes(votes));
        self.push(op, Kind::F64, classes, false).map(|value| vec![Sym::Value(value)])
    }
}

fn named(graph: &Graph, name: &str) -> Option<ValueId> {
    graph.values.iter().find(|(_, value)| value.name == name).map(|(id, _)| id)
}

fn producer(graph: &Graph, id: ValueId) -> Option<&Node> {
    match graph.values.get(id)?.origin {
        Origin::Node(node, _) => graph.nodes.get(node),
        Origin::Input(_) | Origin::Weight(_) | Origin::Outer => None,
    }
}

/// The a and b of the nearest x · a + b that a value is made of.
fn sigmoid(graph: &Graph, from: ValueId) -> Option<(Vec<f64>, Vec<f64>)> {
    let floats = |id: ValueId| read_weight(graph.weight_of(id)?).ok()?.floats();
    let mut left = VecDeque::from([from]);
    let mut seen = BTreeSet::new();
    while let Some(id) = left.pop_front() {
        let Some(node) = producer(graph, id) else { continue };
        if node.op_type == "Add"
            && let [Some(product), Some(b)] = *node.inputs.as_slice()
            && let Some(b) = floats(b)
            && let Some(product) = producer(graph, product)
            && product.op_type == "Mul"
        {
            let a = floats(product.inputs.get(1).copied().flatten()?)?;
            return (a.len() == b.len()).then_some((a, b));
        }
        left.extend(node.inputs.iter().flatten().filter(|input| seen.insert(**input)));
    }
    None
}

/// What stands for the one input of a graph in another graph that computes the same by the same operators.
fn same(wanted: &Graph, theirs: ValueId, graph: &Graph, ours: ValueId) -> Option<ValueId> {
    let mut input = None;
    let mut known: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    let mut left = vec![(theirs, ours)];
    while let Some((theirs, ours)) = left.pop() {
        if let Some(found) = known.insert(theirs, ours) {
            if found != ours {
                return None;
            }
            continue;
        }
        if matches!(wanted.values.get(theirs)?.origin, Origin::Input(_)) {
            input = Some(ours);
            continue;
        }
        let mut outer = Vec::new();
        match_value((wanted, theirs), (graph, ours), &mut left, &mut outer)?;
        for (theirs, ours) in outer {
            left.push((named(wanted, &theirs)?, named(graph, &ours)?));
        }
    }
    input
}

/// Whether two values are made alike; their operands are left to be compared.
fn match_value(
    (wanted, theirs): (&Graph, ValueId),
    (graph, ours): (&Graph, ValueId),
    left: &mut Vec<(ValueId, ValueId)>,
    outer: &mut Vec<(String, String)>,
) -> Option<()> {
    let (a, b) = (wanted.values.get(theirs)?, graph.values.get(ours)?);
    match (a.origin, b.origin) {
        (Origin::Weight(a), Origin::Weight(b)) => {
            (wanted.weights.get(a) == graph.weights.get(b)).then_some(())
        }
        (Origin::Outer, Origin::Outer) => {
            outer.push((a.name.clone(), b.name.clone()));
            Some(())
        }
        (Origin::Node(a, at), Origin::Node(b, place)) if at == place => {
            let (a, b) = (wanted.nodes.get(a)?, graph.nodes.get(b)?);
            let alike = a.op_type == b.op_type
                && a.domain == b.domain
                && a.inputs.len() == b.inputs.len()
                && a.attributes.len() == b.attributes.len();
            if !alike {
                return None;
            }
            for (theirs, ours) in a.inputs.iter().zip(&b.inputs) {
                match (theirs, ours) {
                    (Some(theirs), Some(ours)) => left.push((*theirs, *ours)),
                    (None, None) => {}
                    _ => return None,
                }
            }
            for (name, value) in &a.attributes {
                match (value, b.attribute(name)?) {
                    (Attribute::Graph(a), Attribute::Graph(b)) => match_body(a, b, outer)?,
                    (a, b) if a == b => {}
                    _ => return None,
                }
            }
            Some(())
        }
        _ => None,
    }
}

/// Whether two bodies compute the same; what they take from outside is left to be compared.
fn match_body(wanted: &Graph, graph: &Graph, outer: &mut Vec<(String, String)>) -> Option<()> {
    if wanted.inputs.len() != graph.inputs.len() || wanted.outputs.len() != graph.outputs.len() {
        return None;
    }
    let mut known: BTreeMap<ValueId, ValueId> =
        wanted.inputs.iter().copied().zip(graph.inputs.iter().copied()).collect();
    let mut left: Vec<(ValueId, ValueId)> =
        wanted.outputs.iter().copied().zip(graph.outputs.iter().copied()).collect();
    while let Some((theirs, ours)) = left.pop() {
        match known.insert(theirs, ours) {
            Some(found) if found != ours => return None,
            Some(_) => {}
            None => {
                // A loop within the loop is none that lowering writes.
                let nested = producer(wanted, theirs).is_some_and(|node| node.op_type == "Loop");
                if nested {
                    return None;
                }
                match_value((wanted, theirs), (graph, ours), &mut left, outer)?;
            }
        }
    }
    Some(())
}
