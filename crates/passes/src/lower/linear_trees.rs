//! Trees with linear leaves: which leaf a row ends in by the tree operator, then the leaf's model looked up.
//!
//! A leaf's terms are padded to the most that any has. Constant, products and trees are added in the model's order.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Aggregate, Kind, Labels, LeafModel, LinearTrees, Test, Tree, TreeEnsemble};

use super::{Context, value::Val};

/// Leaves have binary32 numbers on the way through the operator.
const MOST_LEAVES: usize = 1 << 24;

/// Why trees have no operators; none where they have.
pub(super) fn refused(op: &LinearTrees) -> Option<&'static str> {
    if op.trees.nodes.may_lose(true) {
        return Some("rows without an answer");
    }
    (op.models.len() + op.trees.outputs as usize >= MOST_LEAVES)
        .then_some("more than 2²⁴ leaves, which binary32 cannot number")
}

/// The models in the order of their numbers.
struct Models {
    leaves: Vec<LeafModel>,
    plain: Vec<f64>,
    weights: Vec<f64>,
    terms: u32,
}

impl Models {
    /// One for each entry of a table of leaves; the first is no leaf.
    fn new(op: &LinearTrees, weight_of: &[f64], table: &[f64]) -> Self {
        let nothing = LeafModel { constant: 0.0, terms: Vec::new() };
        let (mut models, mut plain, mut weights) = (vec![nothing], vec![0.0], vec![1.0]);
        for leaf in table.iter().skip(1) {
            #[expect(clippy::cast_possible_truncation, reason = "a number below 2²⁴")]
            #[expect(clippy::cast_sign_loss, reason = "a number of a leaf")]
            let leaf = *leaf as usize;
            let own = op.models.get(leaf).zip(op.trees.leaves.get(leaf));
            let (model, value) = if let Some((model, value)) = own {
                (model.clone(), *value)
            } else {
                // Behind the leaves stand the values that the sums start from.
                let base = op.trees.base.get(leaf.saturating_sub(op.models.len())).copied();
                let constant = base.unwrap_or_default();
                (LeafModel { constant, terms: Vec::new() }, constant)
            };
            models.push(model);
            plain.push(value);
            weights.push(weight_of.get(leaf).copied().unwrap_or(1.0));
        }
        let terms = models.iter().map(|model| model.terms.len()).max().unwrap_or(0);
        Self { leaves: models, plain, weights, terms: u32::try_from(terms).unwrap_or(u32::MAX) }
    }

    /// A table with a row a model, of what a term (or the lack of one) says.
    fn of_terms<T>(&self, of: impl Fn(Option<&(u32, f64)>) -> T) -> Vec<T> {
        let terms = self.terms as usize;
        let row =
            |model: &LeafModel| (0..terms).map(|i| of(model.terms.get(i))).collect::<Vec<T>>();
        self.leaves.iter().flat_map(row).collect()
    }

    fn shape(&self) -> [u64; 2] {
        [self.leaves.len() as u64, u64::from(self.terms)]
    }
}

/// The same trees, their leaves giving their own numbers; the start of the sums as trees of one leaf.
fn numbered(op: &LinearTrees) -> (TreeEnsemble, Vec<f64>) {
    let mut trees = op.trees.clone();
    let count = u32::try_from(trees.leaves.len()).unwrap_or(u32::MAX);
    let mut starts = Vec::new();
    if !trees.base_last {
        for output in (0..trees.outputs).take(trees.base.len()) {
            let root = u32::try_from(trees.nodes.len()).unwrap_or(u32::MAX);
            trees.nodes.push_leaf(count + output);
            starts.push(Tree { root, weight: 1.0, output });
        }
    }
    let total = count + u32::try_from(starts.len()).unwrap_or(u32::MAX);
    trees.leaves = (0..total).map(f64::from).collect();
    let weights = weights(&op.trees);
    trees.trees = starts.into_iter().chain(trees.trees).collect();
    trees.trees.iter_mut().for_each(|tree| tree.weight = 1.0);
    (trees.base, trees.aggregate) = (Vec::new(), Aggregate::Sum);
    (trees, weights)
}

/// The weight of the tree that each leaf is of.
fn weights(trees: &TreeEnsemble) -> Vec<f64> {
    let mut weights = vec![1.0; trees.leaves.len()];
    for tree in trees.trees.iter().filter(|tree| tree.weight.total_cmp(&1.0).is_ne()) {
        let mut open = vec![tree.root];
        while let Some(at) = open.pop().map(|node| node as usize) {
            let nodes = &trees.nodes;
            let (Some(test), Some(yes), Some(no)) =
                (nodes.test.get(at), nodes.yes.get(at), nodes.no.get(at))
            else {
                continue;
            };
            if *test != Test::Leaf {
                open.extend([*yes, *no]);
            } else if let Some(cell) = weights.get_mut(*yes as usize) {
                *cell = tree.weight;
            }
        }
    }
    weights
}

impl Context<'_> {
    pub(super) fn linear_trees(&mut self, op: &LinearTrees) -> Result<Val, Failure> {
        let arg = self.value(op.trees.arg)?;
        let x = self.full(&arg)?;
        let x = self.builder.cast(x, arg.kind, Kind::F64)?;
        let (trees, weights) = numbered(op);
        let (numbers, table, rounds) = self.leaf_numbers(&trees, x)?;
        let models = Models::new(op, &weights, &table);
        let outputs = op.trees.outputs;
        let id = self.leaf_values(x, numbers, &models, rounds * outputs)?;
        let shape = [-1, i64::from(rounds), i64::from(outputs)];
        let shape = self.builder.constant(Kind::I64, &[3], &Labels::I64(shape.to_vec()))?;
        let id = self.builder.two("Reshape", id, shape)?;
        let mut id = self.builder.sum_in_order(id, rounds, 1)?;
        if let Aggregate::DivideBy(by) = op.trees.aggregate {
            let by = self.builder.number(by)?;
            id = self.builder.two("Div", id, by)?;
        }
        if op.trees.base_last && !op.trees.base.is_empty() {
            let base = self.builder.row(&op.trees.base)?;
            id = self.builder.two("Add", id, base)?;
        }
        Ok(Val::rows(Kind::F64, outputs, id))
    }

    /// `[N, places]` values of the models with these numbers.
    fn leaf_values(
        &mut self,
        x: ValueId,
        numbers: ValueId,
        models: &Models,
        places: u32,
    ) -> Result<ValueId, Failure> {
        let count = [models.leaves.len() as u64];
        let constants: Vec<f64> = models.leaves.iter().map(|model| model.constant).collect();
        let constants = self.builder.floats(Kind::F64, &count, &constants)?;
        let mut id = self.builder.looked_up(constants, numbers)?;
        if models.terms > 0 {
            let shape = models.shape();
            let features =
                models.of_terms(|term| term.map_or(0, |(feature, _)| i64::from(*feature)));
            let features = self.builder.constant(Kind::I64, &shape, &Labels::I64(features))?;
            let features = self.builder.looked_up(features, numbers)?;
            let flat = self.builder.ints(&[0, -1])?;
            let features = self.builder.two("Reshape", features, flat)?;
            let x = self.builder.picked(x, features)?;
            let shaped = self.builder.ints(&[-1, i64::from(places), i64::from(models.terms)])?;
            let x = self.builder.two("Reshape", x, shaped)?;
            let by = models.of_terms(|term| term.map_or(0.0, |(_, by)| *by));
            let by = self.builder.floats(Kind::F64, &shape, &by)?;
            let by = self.builder.looked_up(by, numbers)?;
            let used = models.of_terms(|term| term.is_some());
            let used = self.builder.constant(Kind::Bool, &shape, &Labels::Bool(used))?;
            let used = self.builder.looked_up(used, numbers)?;
            let zero = self.builder.floats(Kind::F64, &[1, 1, 1], &[0.0])?;
            let x = self.builder.choose(used, x, zero)?;
            let products = self.builder.two("Mul", by, x)?;
            let start = self.builder.raised(id, 2)?;
            let terms = self.builder.joined(&[start, products], 2)?;
            let sum = self.builder.sum_in_order(terms, models.terms + 1, 2)?;
            let gap = self.builder.is_nan(x)?;
            let gap = self.builder.cast(gap, Kind::Bool, Kind::F32)?;
            let axis = self.builder.ints(&[2])?;
            let drop = vec![("keepdims", holdall_graph::Attribute::Int(0))];
            let gap = self.builder.node("ReduceSum", &[gap, axis], drop)?;
            let none = self.builder.float(Kind::F32, 0.0)?;
            let gap = self.builder.two("Greater", gap, none)?;
            let plain = self.builder.floats(Kind::F64, &count, &models.plain)?;
            let plain = self.builder.looked_up(plain, numbers)?;
            id = self.builder.choose(gap, plain, sum)?;
        }
        if models.weights.iter().any(|weight| weight.total_cmp(&1.0).is_ne()) {
            let weights = self.builder.floats(Kind::F64, &count, &models.weights)?;
            let weights = self.builder.looked_up(weights, numbers)?;
            id = self.builder.two("Mul", id, weights)?;
        }
        Ok(id)
    }
}
