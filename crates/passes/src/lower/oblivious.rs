//! Oblivious trees, written as the full binary trees that they are.

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, Kind, MissingRule, ObliviousTrees, Test, Tree, TreeEnsemble, TreeNodes,
};

use super::{Context, value::Val};

/// The deepest tree that is written out.
const MOST_LEVELS: u32 = 12;

/// Why trees have no operators; none where they have.
pub(super) fn refused(op: &ObliviousTrees) -> Option<&'static str> {
    op.depths
        .iter()
        .any(|&depth| depth > MOST_LEVELS)
        .then_some("a tree of more than 12 levels would take thousands of nodes")
}

impl Context<'_> {
    pub(super) fn oblivious_trees(&mut self, op: &ObliviousTrees) -> Result<Val, Failure> {
        let kind = if op.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let sums = self.trees(&written_out(op))?;
        let mut id = self.full(&sums)?;
        if op.scale.total_cmp(&1.0).is_ne() {
            let by = self.builder.float(kind, op.scale)?;
            id = self.builder.two("Mul", id, by)?;
        }
        if !op.bias.is_empty() {
            let bias = self.builder.floats(kind, &[1, u64::from(op.outputs)], &op.bias)?;
            id = self.builder.two("Add", id, bias)?;
        }
        Ok(Val::rows(kind, op.outputs, id))
    }
}

/// The same trees node by node: the last question at the root, so that leaves follow in the order of their
/// numbers.
pub(super) fn written_out(op: &ObliviousTrees) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::with_capacity(op.depths.len());
    let (mut splits, mut leaf) = (op.splits.as_slice(), 0_u32);
    for &depth in &op.depths {
        let (own, later) = splits.split_at_checked(depth as usize).unwrap_or((splits, &[]));
        splits = later;
        let base = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        trees.push(Tree { root: base, weight: 1.0, output: 0 });
        for level in 0..depth {
            let split = own.get((depth - 1 - level) as usize);
            let Some(split) = split else { continue };
            for place in 0..1_u32 << level {
                let below = base + (1 << (level + 1)) - 1;
                let missing = if split.missing_above { MissingRule::Yes } else { MissingRule::No };
                let (yes, no) = (below + 2 * place + 1, below + 2 * place);
                nodes.push_split(Test::Gt, split.feature, split.border, yes, no, missing);
            }
        }
        for _ in 0..1_u32 << depth {
            nodes.push_leaf(leaf);
            leaf += 1;
        }
    }
    TreeEnsemble {
        arg: op.arg,
        round_features: op.round_features,
        nodes,
        trees,
        outputs: op.outputs,
        leaf_width: op.outputs,
        leaves: op.leaves.clone(),
        sets: Vec::new(),
        base: Vec::new(),
        base_last: false,
        summation: op.summation,
        aggregate: match op.aggregate {
            Aggregate::Sum => Aggregate::Sum,
            Aggregate::DivideBy(by) => Aggregate::DivideBy(by),
        },
    }
}
