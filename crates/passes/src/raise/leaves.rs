//! Linear leaves: the leaf that a row ends in is numbered and its model looked up. What lowering writes for them
//! is recognised as a whole, its steps have no meaning of their own.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, AI_ONNX_ML, Graph, Node, Origin, ValueId};
use holdall_tabular::{Estimator, Kind, Labels, LeafModel, LinearTrees, Op};

use super::{
    Raise, attributes,
    attributes::refuse,
    read_weight,
    sym::{Const, Stage, Sym},
};

/// The model of a number, its value where an element is missing, and the weight of its tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) model: LeafModel,
    pub(super) plain: f64,
    pub(super) weight: f64,
}

/// Sums of models that are looked up.
#[derive(Debug)]
pub(super) struct Leaves {
    numbers: ValueId,
    rounds: u32,
    outputs: u32,
    models: Vec<Leaf>,
}

/// All of a graph by their sums, and the steps on the way there.
#[derive(Debug, Default)]
pub(super) struct Found {
    sums: BTreeMap<ValueId, Leaves>,
    steps: BTreeSet<ValueId>,
}

/// Everything of this form in a graph.
pub(super) fn find(graph: &Graph) -> Found {
    let mut found = Found::default();
    let sums = graph.nodes.iter().map(|(_, node)| node).filter(|node| node.op_type == "Gather");
    for sum in sums.filter_map(|node| node.outputs.first().copied().flatten()) {
        let mut reader = Reader { graph, taken: &found.steps, numbers: None, steps: Vec::new() };
        if let Some(leaves) = reader.leaves(sum) {
            let steps = reader.steps;
            found.steps.extend(steps.into_iter().filter(|step| *step != sum));
            found.sums.insert(sum, leaves);
        }
    }
    found
}

/// Walks from a sum to the numbers that it is made of.
struct Reader<'g> {
    graph: &'g Graph,
    /// The steps to other sums.
    taken: &'g BTreeSet<ValueId>,
    numbers: Option<ValueId>,
    steps: Vec<ValueId>,
}

impl<'g> Reader<'g> {
    fn producer(&self, id: ValueId, domain: &str, op_type: &str) -> Option<&'g Node> {
        let Origin::Node(node, 0) = self.graph.values.get(id)?.origin else { return None };
        let node = self.graph.nodes.get(node)?;
        let known = node.domain == domain || (domain == AI_ONNX && node.domain == "ai.onnx");
        (known && node.op_type == op_type).then_some(node)
    }

    /// The operands of a step.
    fn step<const N: usize>(&mut self, id: ValueId, op_type: &str) -> Option<[ValueId; N]> {
        let node = self.producer(id, AI_ONNX, op_type).filter(|_| !self.taken.contains(&id))?;
        self.steps.push(id);
        operands(node)
    }

    /// The same along an axis.
    fn along<const N: usize>(
        &mut self,
        id: ValueId,
        op_type: &str,
        axis: i64,
    ) -> Option<[ValueId; N]> {
        let given = attributes::int(self.producer(id, AI_ONNX, op_type)?, "axis", 0).ok()?;
        (given == axis).then(|| self.step(id, op_type)).flatten()
    }

    fn constant(&self, id: ValueId) -> Option<Const> {
        read_weight(self.graph.weight_of(id)?).ok()
    }

    fn ints(&self, id: ValueId) -> Option<Vec<i64>> {
        self.constant(id)?.ints().map(<[i64]>::to_vec)
    }

    fn is_zero(&self, id: ValueId) -> bool {
        self.constant(id).is_some_and(|constant| constant.is_all(0.0))
    }

    /// What is added in order along an axis, and how many.
    fn summed(&mut self, id: ValueId, axis: i64) -> Option<(ValueId, i64)> {
        let [running, last] = self.along(id, "Gather", axis)?;
        let plain = ["exclusive", "reverse"].iter().all(|name| {
            let node = self.producer(running, AI_ONNX, "CumSum");
            node.is_some_and(|node| attributes::int(node, name, 0).is_ok_and(|flag| flag == 0))
        });
        let [parts, along] = self.step(running, "CumSum")?;
        let last = self.constant(last)?;
        let (&[last_at], true) = (last.ints()?, last.shape.is_empty()) else { return None };
        (plain && self.ints(along)? == [axis]).then_some((parts, last_at.checked_add(1)?))
    }

    /// A table looked up by the numbers of leaves.
    fn table(&mut self, id: ValueId) -> Option<Const> {
        let [table, at] = self.along(id, "Gather", 0)?;
        let numbers = *self.numbers.get_or_insert(at);
        (numbers == at).then(|| self.constant(table)).flatten()
    }

    /// A table of one binary64 for each number.
    fn numbers(&mut self, id: ValueId) -> Option<Vec<f64>> {
        let table = self.table(id)?;
        match (table.kind, table.shape.as_slice(), table.values) {
            (Kind::F64, [_], Labels::F64(values)) => Some(values),
            _ => None,
        }
    }

    fn leaves(&mut self, sum: ValueId) -> Option<Leaves> {
        let (rounds, count) = self.summed(sum, 1)?;
        let [mut values, shape] = self.step(rounds, "Reshape")?;
        let &[-1, rounds, outputs] = self.ints(shape)?.as_slice() else { return None };
        if rounds != count {
            return None;
        }
        let mut weights = None;
        if let Some([unweighted, by]) = self.step(values, "Mul") {
            values = unweighted;
            weights = Some(self.numbers(by)?);
        }
        let [gap, plain, linear] = self.step(values, "Where")?;
        let plain = self.numbers(plain)?;
        let models = self.models(gap, linear, rounds.checked_mul(outputs)?)?;
        let weights = weights.unwrap_or_else(|| vec![1.0; plain.len()]);
        if plain.len() != models.len() || weights.len() != models.len() {
            return None;
        }
        let rows = models.into_iter().zip(plain.into_iter().zip(weights));
        Some(Leaves {
            numbers: self.numbers?,
            rounds: u32::try_from(rounds).ok()?,
            outputs: u32::try_from(outputs).ok()?,
            models: rows.map(|(model, (plain, weight))| Leaf { model, plain, weight }).collect(),
        })
    }

    /// Constants plus products, and whether an element of those is missing.
    fn models(&mut self, gap: ValueId, linear: ValueId, places: i64) -> Option<Vec<LeafModel>> {
        let (parts, count) = self.summed(linear, 2)?;
        let [start, products] = self.along(parts, "Concat", 2)?;
        let [start, axis] = self.step(start, "Unsqueeze")?;
        let constants = self.numbers(start)?;
        let [by, elements] = self.step(products, "Mul")?;
        let by = self.table(by)?;
        let [used, picked, zero] = self.step(elements, "Where")?;
        let used = self.table(used)?;
        let [flat, shape] = self.step(picked, "Reshape")?;
        let [x, at] = self.along(flat, "GatherElements", 1)?;
        let [at, row] = self.step(at, "Reshape")?;
        let features = self.table(at)?;
        let terms = count.checked_sub(1)?;
        let shaped = self.ints(axis)? == [2]
            && self.ints(shape)? == [-1, places, terms]
            && self.ints(row)? == [0, -1]
            && self.is_zero(zero);
        if !shaped || !self.is_gap(gap, elements)? || !self.is_of_the_trees(x)? {
            return None;
        }
        let wanted = [constants.len() as u64, u64::try_from(terms).ok()?];
        let tables = [&by, &used, &features];
        let (Labels::F64(by), Labels::Bool(used), Labels::I64(features)) =
            (&by.values, &used.values, &features.values)
        else {
            return None;
        };
        if tables.iter().any(|table| table.shape != wanted) || terms == 0 {
            return None;
        }
        let terms = usize::try_from(terms).ok()?;
        let rows = by.chunks(terms).zip(used.chunks(terms).zip(features.chunks(terms)));
        constants
            .into_iter()
            .zip(rows)
            .map(|(constant, (by, (used, features)))| {
                let mut terms = Vec::new();
                for (by, (used, feature)) in by.iter().zip(used.iter().zip(features)) {
                    if *used {
                        terms.push((u32::try_from(*feature).ok()?, *by));
                    } else if by.total_cmp(&0.0).is_ne() {
                        return None;
                    }
                }
                Some(LeafModel { constant, terms })
            })
            .collect()
    }

    /// Whether something says that any of these elements is NaN.
    fn is_gap(&mut self, gap: ValueId, elements: ValueId) -> Option<bool> {
        let [count, none] = self.step(gap, "Greater")?;
        let node = self.producer(count, AI_ONNX, "ReduceSum")?;
        let dropped = attributes::int(node, "keepdims", 1).ok()? == 0;
        let [flags, axis] = self.step(count, "ReduceSum")?;
        let [tests] = self.step(flags, "Cast")?;
        let to = attributes::int(self.producer(flags, AI_ONNX, "Cast")?, "to", 0).ok()?;
        let [of] = self.step(tests, "IsNaN")?;
        let over = self.ints(axis)? == [2];
        Some(dropped && over && to == 1 && self.is_zero(none) && of == elements)
    }

    /// Whether the models are of the elements that the trees are of.
    fn is_of_the_trees(&self, x: ValueId) -> Option<bool> {
        let [direct] = operands(self.producer(self.numbers?, AI_ONNX, "Cast")?)?;
        let [of] = operands(self.producer(direct, AI_ONNX_ML, "TreeEnsembleRegressor")?)?;
        Some(of == x)
    }
}

fn operands<const N: usize>(node: &Node) -> Option<[ValueId; N]> {
    let given: Option<Vec<ValueId>> = node.inputs.iter().copied().collect();
    given?.try_into().ok()
}

impl Raise<'_> {
    /// What a node is in the sums of linear leaves: nothing, a step, or the sums.
    pub(super) fn linear_leaves(&mut self, node: &Node) -> Result<Option<Vec<Sym>>, Failure> {
        let Some(output) = node.outputs.first().copied().flatten() else { return Ok(None) };
        if self.leaves.steps.contains(&output) {
            return Ok(Some(Vec::new()));
        }
        let Some(leaves) = self.leaves.sums.remove(&output) else { return Ok(None) };
        let Some(Sym::Trees(ensemble, Stage::Numbers)) = self.meanings.get(&leaves.numbers) else {
            return Err(refuse(node, "linear leaves by numbers of no trees"));
        };
        let trees = ensemble.linear(leaves.rounds, leaves.outputs, &leaves.models);
        let (trees, models) = trees
            .filter(|_| ensemble.arg.kind == Kind::F64)
            .ok_or_else(|| refuse(node, "trees and linear leaves that do not fit"))?;
        let op = Op::Estimator(Estimator::LinearTrees(Box::new(LinearTrees { trees, models })));
        let sums = self.push(op, Kind::F64, leaves.outputs, false)?;
        Ok(Some(vec![Sym::Value(sums)]))
    }
}
