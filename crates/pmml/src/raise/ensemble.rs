//! Tree ensembles: <https://dmg.org/pmml/v4-4-1/TreeModel.html>, `Segmentation` of
//! <https://dmg.org/pmml/v4-4-1/MultipleModels.html>.

use holdall_tabular::{Aggregate, Tree, TreeEnsemble, ValueId};

use super::{
    Raise, Stop,
    emit::Leaf,
    forest::is_average,
    model::{Frame, StageModel},
    tree::loses_answers,
};
use crate::{doc::Builder, number};

impl Raise<'_> {
    pub(super) fn sum(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, trees, output): (ValueId, &TreeEnsemble, u32),
    ) -> Result<(), Stop> {
        let reach = |tree: &&Tree| tree.output <= output && output - tree.output < trees.leaf_width;
        let f32 = trees.summation.is_f32();
        let round = |value: f64| if f32 { number::round_f32(value) } else { value };
        let leaf = |tree: &Tree, leaf: u32| {
            let at = leaf as usize * trees.leaf_width as usize + (output - tree.output) as usize;
            let value = round(trees.leaves.get(at).copied().unwrap_or(0.0));
            let weight = round(tree.weight);
            // The product rounds as the tabular model says, so it can be written as one number.
            let value = if weight.total_cmp(&1.0).is_eq() { value } else { round(weight * value) };
            Leaf { score: number::text(value), distribution: Vec::new() }
        };
        let base = trees.base.get(output as usize).copied().filter(|b| b.total_cmp(&0.0).is_ne());
        let divided = matches!(trees.aggregate, Aggregate::DivideBy(_));
        let parts = Parts {
            id,
            trees,
            own: trees.trees.iter().filter(reach).collect(),
            method: if is_average(trees, output) { "average" } else { "sum" },
            first: base.filter(|_| !trees.base_last).map(round),
            // After a division the base is added by a derived field.
            last: base.filter(|_| trees.base_last && !divided).map(round),
            leaf: &leaf,
        };
        self.ensemble(out, model, frame, &parts)
    }

    /// Trees as segments, or as the one tree that they are.
    pub(super) fn ensemble(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        parts: &Parts<'_>,
    ) -> Result<(), Stop> {
        let constants = usize::from(parts.first.is_some()) + usize::from(parts.last.is_some());
        let single = match parts.own.as_slice() {
            [] if constants == 0 => Some(Err(0.0)),
            [tree] if constants == 0 => Some(Ok(*tree)),
            _ => None,
        };
        if let Some(tree) = single {
            self.open_model(out, "TreeModel", model, frame);
            return self.tree(out, frame, parts, tree);
        }
        self.open_model(out, "MiningModel", model, frame);
        self.inside(out, frame);
        out.open("Segmentation").attribute("multipleModelMethod", parts.method);
        let loses = loses_answers(parts.trees) == Some(true);
        if loses && self.function(model) == "classification" {
            out.attribute("missingPredictionTreatment", "returnMissing");
        }
        let trees = parts.first.map(Err).into_iter();
        let trees = trees.chain(parts.own.iter().map(|tree| Ok(*tree)));
        for (i, tree) in trees.chain(parts.last.map(Err)).enumerate() {
            out.open("Segment").attribute("id", i + 1);
            out.open("True").close();
            let fields = match tree {
                Ok(tree) => self.tree_roots(parts.id, parts.trees, tree)?,
                Err(_) => Vec::new(),
            };
            let roots = fields.iter().flat_map(|name| self.names.roots(*name)).copied().collect();
            let inner = Frame::inner(roots);
            out.open("TreeModel").attribute("functionName", self.function(model));
            if self.adds_f32(model) {
                out.attribute("x-mathContext", "float");
            }
            self.tree(out, &inner, parts, tree)?;
            out.close();
        }
        out.close().close();
        Ok(())
    }

    /// The rest of a tree model whose start is open, and its end.
    fn tree(
        &mut self,
        out: &mut Builder,
        frame: &Frame,
        parts: &Parts<'_>,
        tree: Result<&Tree, f64>,
    ) -> Result<(), Stop> {
        match tree {
            Ok(tree) => {
                // Where rows may be left without an answer, the order of the children says where a missing value goes.
                if loses_answers(parts.trees) != Some(true) {
                    out.attribute("missingValueStrategy", "defaultChild");
                    out.attribute("splitCharacteristic", "binarySplit");
                }
                self.inside(out, frame);
                let leaf = |leaf: u32| (parts.leaf)(tree, leaf);
                self.tree_nodes(out, (parts.id, parts.trees, tree), &leaf)?;
            }
            Err(constant) => {
                self.inside(out, frame);
                out.open("Node").attribute("score", number::text(constant));
                out.open("True").close().close();
            }
        }
        out.close();
        Ok(())
    }
}

/// What a leaf answers in a classifier: its distribution, and the first of the most probable classes.
pub(super) fn distribution(trees: &TreeEnsemble, leaf: u32, classes: &[String]) -> Leaf {
    let width = trees.leaf_width as usize;
    let start = leaf as usize * width;
    let values = trees.leaves.get(start..start + width).unwrap_or_default();
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if values.get(best).is_none_or(|largest| value > largest) {
            best = i;
        }
    }
    Leaf {
        score: classes.get(best).cloned().unwrap_or_default(),
        distribution: classes.iter().cloned().zip(values.iter().copied()).collect(),
    }
}

/// What an ensemble is written from.
pub(super) struct Parts<'t> {
    pub(super) id: ValueId,
    pub(super) trees: &'t TreeEnsemble,
    pub(super) own: Vec<&'t Tree>,
    pub(super) method: &'static str,
    /// A constant added before the trees, and one after.
    pub(super) first: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) leaf: &'t dyn Fn(&Tree, u32) -> Leaf,
}
