//! Trees of one question a level, and trees of nodes: `cpu/evaluator_impl.cpp`.

use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use holdall_tabular::{
    Aggregate, MissingRule, Model, Op, Scale, ScaleForm, Summation, Tree, TreeEnsemble, TreeNodes,
    ValueId,
};

use super::{Question, fail};
use crate::{
    codes,
    document::{Node, Trees},
};

/// What becomes of the leaves.
pub(super) struct Sums {
    pub(super) outputs: u32,
    pub(super) scale: f64,
    pub(super) bias: Vec<f64>,
}

/// Adds the trees and yields the sums.
pub(super) fn lower(
    trees: Trees,
    sums: Sums,
    arg: ValueId,
    questions: &[Question],
    model: &mut Model,
    file: &Location,
    budget: &mut Budget,
) -> Result<ValueId, Failure> {
    let Sums { outputs, scale, bias } = sums;
    if outputs == 0 || (!bias.is_empty() && bias.len() != outputs as usize) {
        let message = format!("{} biases for {outputs} outputs", bias.len());
        return Err(fail(codes::COUNT, message, file));
    }
    let bias = if bias.iter().all(|bias| bias.abs() <= 0.0) { Vec::new() } else { bias };
    let scaled = scale.to_bits() != 1.0_f64.to_bits();
    let mut ensemble = TreeEnsemble {
        arg,
        round_features: true,
        nodes: TreeNodes::default(),
        trees: Vec::new(),
        outputs,
        leaf_width: outputs,
        leaves: Vec::new(),
        sets: Vec::new(),
        base: if scaled { Vec::new() } else { bias.clone() },
        base_last: true,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    };
    let asked = Asked { questions, outputs: outputs as usize, file };
    match trees {
        Trees::Oblivious { depths, splits, leaves } => {
            asked.levels(&depths, &splits, leaves, &mut ensemble, budget)?;
        }
        Trees::Nodes { roots, nodes, leaves } => {
            asked.nodes(&roots, &nodes, leaves, &mut ensemble, budget)?;
        }
    }
    let margins = model.push_at(Op::Trees(Box::new(ensemble)), file.clone())?;
    if !scaled {
        return Ok(margins);
    }
    model.push(Op::Scale(Scale {
        arg: margins,
        form: ScaleForm::MultiplyAdd,
        offset: (!bias.is_empty()).then_some(bias),
        factor: Some(vec![scale; outputs as usize]),
    }))
}

/// What trees may ask, and how wide their leaves are.
struct Asked<'a> {
    questions: &'a [Question],
    outputs: usize,
    file: &'a Location,
}

impl Asked<'_> {
    fn push(
        &self,
        split: u32,
        yes: u32,
        no: u32,
        ensemble: &mut TreeEnsemble,
    ) -> Result<(), Failure> {
        let question = self.questions.get(split as usize).ok_or_else(|| {
            let message = format!("question {split} of {}", self.questions.len());
            fail(codes::SPLIT, message, self.file)
        })?;
        let Question { element, test, threshold, nan_is_yes } = *question;
        let missing = if nan_is_yes { MissingRule::Yes } else { MissingRule::No };
        ensemble.nodes.push_split(test, element, threshold, yes, no, missing);
        Ok(())
    }

    /// A question a level, the last one at the root: it is the highest bit of the leaf's number.
    fn levels(
        &self,
        depths: &[u32],
        splits: &[u32],
        leaves: Vec<f64>,
        ensemble: &mut TreeEnsemble,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let (mut splits, mut first_leaf) = (splits, 0_u32);
        let all_leaves = leaves.len() / self.outputs;
        for &depth in depths {
            let taken = splits.split_at_checked(depth as usize);
            let width = 1_u32.checked_shl(depth).filter(|width| {
                first_leaf.checked_add(*width).is_some_and(|end| end as usize <= all_leaves)
            });
            let (Some((of_tree, later)), Some(width)) = (taken, width) else {
                let message = format!("a tree of depth {depth} has not the questions or leaves");
                return Err(fail(codes::COUNT, message, self.file));
            };
            splits = later;
            // A node takes 30 bytes in its columns.
            budget.charge_elements(u64::from(width), 2 * 30)?;
            budget.step(2 * u64::from(width))?;
            let root = self.next(ensemble)?;
            ensemble.trees.push(Tree { root, weight: 1.0, output: 0 });
            for (level, &split) in of_tree.iter().rev().enumerate() {
                let below = self.next(ensemble)?.saturating_add(1 << level);
                for place in 0..1_u32 << level {
                    let no = below.saturating_add(2 * place);
                    self.push(split, no.saturating_add(1), no, ensemble)?;
                }
            }
            for leaf in first_leaf..first_leaf + width {
                ensemble.nodes.push_leaf(leaf);
            }
            first_leaf += width;
        }
        if !splits.is_empty() || first_leaf as usize * self.outputs != leaves.len() {
            return Err(fail(
                codes::COUNT,
                "there are more questions or leaves than trees have",
                self.file,
            ));
        }
        ensemble.leaves = leaves;
        Ok(())
    }

    fn nodes(
        &self,
        roots: &[u32],
        nodes: &[Node],
        leaves: Vec<f64>,
        ensemble: &mut TreeEnsemble,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let message = "a node has no child or leaf where it says";
        let bad = || fail(codes::NODE, message, self.file);
        budget.charge_elements(nodes.len() as u64, 30)?;
        budget.charge_elements(roots.len() as u64, size_of::<Tree>())?;
        budget.step(nodes.len() as u64)?;
        if !leaves.len().is_multiple_of(self.outputs)
            || roots.iter().any(|root| *root as usize >= nodes.len())
        {
            return Err(bad());
        }
        for node in nodes {
            match *node {
                Node::Split { split, left, right } => {
                    if left.max(right) as usize >= nodes.len() {
                        return Err(bad());
                    }
                    self.push(split, right, left, ensemble)?;
                }
                Node::Leaf { value } => {
                    let value = value as usize;
                    if !value.is_multiple_of(self.outputs) || value >= leaves.len() {
                        return Err(bad());
                    }
                    let leaf = u32::try_from(value / self.outputs).map_err(|_error| bad())?;
                    ensemble.nodes.push_leaf(leaf);
                }
            }
        }
        ensemble.trees = roots.iter().map(|&root| Tree { root, weight: 1.0, output: 0 }).collect();
        ensemble.leaves = leaves;
        Ok(())
    }

    fn next(&self, ensemble: &TreeEnsemble) -> Result<u32, Failure> {
        u32::try_from(ensemble.nodes.len())
            .map_err(|_error| fail(codes::COUNT, "the trees have too many nodes", self.file))
    }
}
