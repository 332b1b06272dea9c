//! Oblivious trees as the full binary trees that they are, and products of elements.

use std::collections::BTreeMap;

use holdall_tabular::{
    BinaryOp, Kind, Labels, MissingRule, ObliviousTrees, Op, Polynomial, Test, Tree, TreeEnsemble,
    TreeNodes, Width,
};

use super::{Spell, Step, number};

/// The deepest oblivious tree that is written node by node.
const MOST_LEVELS: u32 = 12;

/// Why oblivious trees cannot be said; none where they can.
pub(super) fn refused(op: &ObliviousTrees) -> Option<&'static str> {
    let deep = op.depths.iter().any(|&depth| depth > MOST_LEVELS);
    deep.then_some("an oblivious tree of more than 12 levels would take thousands of nodes")
}

impl Spell<'_> {
    pub(super) fn oblivious_trees(&mut self, op: &ObliviousTrees) -> Step {
        let mut nodes = TreeNodes::default();
        let mut trees = Vec::with_capacity(op.depths.len());
        let (mut splits, mut leaf) = (op.splits.as_slice(), 0_u32);
        for &depth in &op.depths {
            let (own, later) = splits.split_at_checked(depth as usize).unwrap_or((splits, &[]));
            splits = later;
            // The last question at the root, so that leaves follow in the order of their numbers.
            let base = number(nodes.len())?;
            trees.push(Tree { root: base, weight: 1.0, output: 0 });
            for (level, split) in (0_u32..).zip(own.iter().rev()) {
                let below = base + (1 << (level + 1)) - 1;
                let missing = if split.missing_above { MissingRule::Yes } else { MissingRule::No };
                for place in 0..1_u32 << level {
                    let (yes, no) = (below + 2 * place + 1, below + 2 * place);
                    nodes.push_split(Test::Gt, split.feature, split.border, yes, no, missing);
                }
            }
            for _ in 0..1_u32 << depth {
                nodes.push_leaf(leaf);
                leaf += 1;
            }
        }
        let mut sums = self.value(op.arg)?;
        sums = self.push(Op::Trees(Box::new(TreeEnsemble {
            arg: sums,
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
            aggregate: op.aggregate,
        })))?;
        if op.scale.total_cmp(&1.0).is_ne() {
            sums = self.scaled(sums, &vec![op.scale; op.outputs as usize])?;
        }
        if !op.bias.is_empty() {
            sums = self.moved(sums, holdall_tabular::ScaleForm::MultiplyAdd, &op.bias, None)?;
        }
        Ok(sums)
    }

    /// Terms of one length are multiplied side by side.
    pub(super) fn polynomial(&mut self, op: &Polynomial) -> Step {
        let arg = self.value(op.arg)?;
        let kind = self.valid.kind_of(op.arg).unwrap_or(Kind::F64);
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (term, factors) in op.terms.iter().enumerate() {
            by_length.entry(factors.len()).or_default().push(term);
        }
        let (mut products, mut order) = (Vec::new(), Vec::new());
        for (length, terms) in by_length {
            let column = |place: usize| -> Vec<u32> {
                let factor = |term: &usize| op.terms.get(*term)?.get(place).copied();
                terms.iter().filter_map(factor).collect()
            };
            let mut product = if length == 0 {
                let ones = Labels::F64(vec![1.0; terms.len()]);
                self.constant(kind, Width::Vector(number(terms.len())?), ones)?
            } else {
                self.push(Op::Select { arg, indices: column(0) })?
            };
            for place in 1..length {
                let factor = self.push(Op::Select { arg, indices: column(place) })?;
                product = self.binary(BinaryOp::Mul, product, factor)?;
            }
            products.push(product);
            order.extend(terms);
        }
        let all = self.concat(products)?;
        let mut places = vec![0; order.len()];
        for (place, term) in order.into_iter().enumerate() {
            if let Some(slot) = places.get_mut(term) {
                *slot = number(place)?;
            }
        }
        self.push(Op::Select { arg: all, indices: places })
    }
}
