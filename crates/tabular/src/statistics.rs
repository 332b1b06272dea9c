use std::collections::BTreeMap;

use crate::{Op, Test, TreeEnsemble, ValidModel};

/// How large a model is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Number of input fields.
    pub fields: usize,
    /// Number of nodes of each operation, by its name.
    pub operations: BTreeMap<&'static str, usize>,
    /// The longest way from a field or constant to an output, in nodes.
    pub depth: usize,
    /// The tree ensembles, in order.
    pub trees: Vec<TreeStatistics>,
}

/// How large a tree ensemble is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeStatistics {
    /// Number of trees.
    pub trees: usize,
    /// Number of splits.
    pub splits: usize,
    /// Number of leaves.
    pub leaves: usize,
    /// Splits on the longest way to a leaf.
    pub depth: usize,
    /// Different features that are asked.
    pub features: usize,
}

impl ValidModel {
    /// How large the model is. Time is linear in its size.
    pub fn statistics(&self) -> Statistics {
        let model = self.model();
        let mut found = Statistics { fields: model.fields.len(), ..Statistics::default() };
        let mut depths: Vec<usize> = Vec::with_capacity(model.nodes.len());
        for (_, node) in model.nodes.iter() {
            *found.operations.entry(node.op.name()).or_default() += 1;
            let mut before = 0;
            node.op.each_arg(&mut |arg| {
                before = before.max(depths.get(arg.index()).copied().unwrap_or(0));
            });
            depths.push(before + 1);
            if let Op::Trees(trees) = &node.op {
                found.trees.push(of_trees(trees));
            }
        }
        let of_output = |output: &crate::Output| depths.get(output.value.index()).copied();
        found.depth = model.outputs.iter().filter_map(of_output).max().unwrap_or(0);
        found
    }
}

fn of_trees(trees: &TreeEnsemble) -> TreeStatistics {
    let nodes = &trees.nodes;
    let leaves = nodes.test.iter().filter(|test| **test == Test::Leaf).count();
    let asked = nodes.test.iter().zip(&nodes.feature).filter(|(test, _)| **test != Test::Leaf);
    let features: std::collections::BTreeSet<u32> = asked.map(|(_, feature)| *feature).collect();
    TreeStatistics {
        trees: trees.trees.len(),
        splits: nodes.len() - leaves,
        leaves,
        depth: depth(trees),
        features: features.len(),
    }
}

/// The longest way from a root to a leaf: nodes in an order in which children come first, then one pass.
fn depth(trees: &TreeEnsemble) -> usize {
    let nodes = &trees.nodes;
    let mut below: Vec<Option<usize>> = vec![None; nodes.len()];
    let known = |below: &[Option<usize>], node: u32| below.get(node as usize).copied().flatten();
    let mut most = 0;
    for tree in &trees.trees {
        let mut stack = vec![tree.root];
        while let Some(&node) = stack.last() {
            let i = node as usize;
            let (Some(test), Some(&yes), Some(&no)) =
                (nodes.test.get(i), nodes.yes.get(i), nodes.no.get(i))
            else {
                stack.pop();
                continue;
            };
            let value = if *test == Test::Leaf {
                Some(0)
            } else {
                match (known(&below, yes), known(&below, no)) {
                    (Some(yes), Some(no)) => Some(yes.max(no) + 1),
                    _ => None,
                }
            };
            match value {
                Some(value) => {
                    if let Some(slot) = below.get_mut(i) {
                        *slot = Some(value);
                    }
                    stack.pop();
                }
                None => stack.extend([yes, no].iter().filter(|c| known(&below, **c).is_none())),
            }
        }
        most = most.max(known(&below, tree.root).unwrap_or(0));
    }
    most
}
