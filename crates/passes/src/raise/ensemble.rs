//! `TreeEnsembleRegressor` and `TreeEnsembleClassifier` (`ai.onnx.ml` 1 to 4).
//!
//! Runtimes add in binary32, or in binary64 with rounding on output where the numbers are given as
//! binary64 tensors; the order of addition is theirs. NaN takes the false side unless
//! `nodes_missing_value_tracks_true` says otherwise, except that ≠ is true for it.

use std::{collections::BTreeMap, sync::Arc};

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    Aggregate, Classify, Decision, Kind, Labels, LeafModel, Link, MissingRule, Op, Summation, Test,
    Tree, TreeEnsemble, TreeNodes, UnaryOp,
};

use crate::codes;

use super::{
    Raise, attributes,
    attributes::refuse,
    inputs::MAX_COLUMNS,
    leaves::Leaf,
    read_classes,
    sym::{Const, Stage, Sym, Val},
};

/// An ensemble as the operator has it: any leaf may add to any target.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ensemble {
    pub(super) arg: Val,
    /// Whether the operator adds in binary64.
    pub(super) double: bool,
    /// Whether the leaves are binary64 from a table.
    pub(super) wide: bool,
    pub(super) targets: u32,
    nodes: TreeNodes,
    roots: Vec<u32>,
    /// What each leaf adds, by its number.
    leaves: Vec<Vec<(u32, f64)>>,
    /// The tree of each leaf.
    owner: Vec<u32>,
    base: Vec<f64>,
    divide: Option<f64>,
}

/// The most leaf values that are made of an ensemble.
const MAX_VALUES: usize = 1 << 28;

/// Reads the lists of an operator; `prefix` is `target` or `class`.
fn read(node: &Node, arg: Val, targets: u32, prefix: &str) -> Result<Ensemble, Failure> {
    let trees = attributes::ints(node, "nodes_treeids")?;
    let ids = attributes::ints(node, "nodes_nodeids")?;
    let features = attributes::ints(node, "nodes_featureids")?;
    let modes = attributes::texts(node, "nodes_modes")?;
    let yes = attributes::ints(node, "nodes_truenodeids")?;
    let no = attributes::ints(node, "nodes_falsenodeids")?;
    let (thresholds, double) = attributes::numbers(node, "nodes_values")?;
    let tracks = attributes::ints(node, "nodes_missing_value_tracks_true")?;
    let lengths = [ids.len(), features.len(), modes.len(), yes.len(), no.len(), thresholds.len()];
    if lengths.iter().any(|&length| length != trees.len())
        || !(tracks.is_empty() || tracks.len() == trees.len())
    {
        return Err(refuse(node, "lists of nodes of different lengths"));
    }
    let mut places: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for (place, (tree, id)) in (0_u32..).zip(trees.iter().zip(ids)) {
        if places.insert((*tree, *id), place).is_some() {
            return Err(refuse(node, format!("node {id} of tree {tree} is given twice")));
        }
    }
    let find = |tree: i64, id: i64| {
        places
            .get(&(tree, id))
            .copied()
            .ok_or_else(|| refuse(node, format!("there is no node {id} in tree {tree}")))
    };
    let mut made = TreeNodes::default();
    let mut owner = Vec::new();
    let mut roots = Vec::new();
    let mut numbers: BTreeMap<i64, u32> = BTreeMap::new();
    let mut children = vec![false; trees.len()];
    let rows =
        trees.iter().zip(&modes).zip(yes.iter().zip(no)).zip(features.iter().zip(&thresholds));
    for (i, (((tree, mode), (yes, no)), (feature, threshold))) in rows.enumerate() {
        let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let number = *numbers.entry(*tree).or_insert(count);
        let Some(test) = test(node, mode)? else {
            let leaf = u32::try_from(owner.len()).unwrap_or(u32::MAX);
            owner.push(number);
            made.push_leaf(leaf);
            continue;
        };
        let feature = u32::try_from(*feature)
            .map_err(|error| refuse(node, "a negative feature").caused_by(error))?;
        let (yes, no) = (find(*tree, *yes)?, find(*tree, *no)?);
        for child in [yes, no] {
            if let Some(flag) = children.get_mut(child as usize) {
                *flag = true;
            }
        }
        let tracked = tracks.get(i).is_some_and(|&track| track != 0);
        let rule = if tracked || test == Test::Ne { MissingRule::Yes } else { MissingRule::No };
        made.push_split(test, feature, *threshold, yes, no, rule);
    }
    let mut seen = std::collections::BTreeSet::new();
    for (place, tree) in (0_u32..).zip(trees) {
        if !children.get(place as usize).copied().unwrap_or(true) && seen.insert(*tree) {
            roots.push(place);
        }
    }
    if roots.len() != numbers.len() {
        return Err(refuse(node, "a tree has no root"));
    }
    let mut leaves = vec![Vec::new(); owner.len()];
    let target_trees = attributes::ints(node, &format!("{prefix}_treeids"))?;
    let target_nodes = attributes::ints(node, &format!("{prefix}_nodeids"))?;
    let target_ids = attributes::ints(node, &format!("{prefix}_ids"))?;
    let (weights, _) = attributes::numbers(node, &format!("{prefix}_weights"))?;
    let same = target_nodes.len() == target_trees.len() && target_ids.len() == target_trees.len();
    if !same || weights.len() != target_trees.len() {
        return Err(refuse(node, "lists of leaves of different lengths"));
    }
    let rows = target_trees.iter().zip(target_nodes).zip(target_ids.iter().zip(&weights));
    for ((tree, id), (target, weight)) in rows {
        let place = find(*tree, *id)? as usize;
        let target = u32::try_from(*target)
            .ok()
            .filter(|&target| target < targets)
            .ok_or_else(|| refuse(node, format!("there is no target {target}")))?;
        let leaf = (made.test.get(place) == Some(&Test::Leaf))
            .then(|| made.yes.get(place).copied())
            .flatten()
            .and_then(|leaf| leaves.get_mut(leaf as usize));
        leaf.ok_or_else(|| refuse(node, "a split has a weight"))?.push((target, *weight));
    }
    let (base, _) = attributes::numbers(node, "base_values")?;
    Ok(Ensemble {
        arg,
        double,
        wide: false,
        targets,
        nodes: made,
        roots,
        leaves,
        owner,
        base,
        divide: None,
    })
}

fn test(node: &Node, mode: &str) -> Result<Option<Test>, Failure> {
    Ok(Some(match mode {
        "LEAF" => return Ok(None),
        "BRANCH_LT" => Test::Lt,
        "BRANCH_LEQ" => Test::Le,
        "BRANCH_GT" => Test::Gt,
        "BRANCH_GTE" => Test::Ge,
        "BRANCH_EQ" => Test::Eq,
        "BRANCH_NEQ" => Test::Ne,
        other => return Err(refuse(node, format!("there is no mode `{other}`"))),
    }))
}

impl Ensemble {
    /// Leaf numbers replaced by what a table holds for them.
    pub(super) fn looked_up(&self, table: &Const) -> Option<Self> {
        let values = table.floats()?;
        let width = match *table.shape.as_slice() {
            [_] => 1,
            [_, width] => u32::try_from(width).ok()?,
            _ => return None,
        };
        let mut found = self.clone();
        for entries in &mut found.leaves {
            let mut made = Vec::with_capacity(entries.len() * width as usize);
            for &(target, number) in entries.iter() {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within the table")]
                #[expect(clippy::cast_sign_loss, reason = "whole and within the table")]
                let row =
                    (number >= 0.0 && number <= f64::from(1 << 24)).then_some(number as usize)?;
                let first = row.checked_mul(width as usize)?;
                let row = values.get(first..first.checked_add(width as usize)?)?;
                made.extend((target.checked_mul(width)?..).zip(row.iter().copied()));
            }
            *entries = made;
        }
        found.targets = self.targets.checked_mul(width)?;
        found.wide = true;
        Some(found)
    }

    /// The ensemble with sums in the model's own order and precision.
    fn tabular(&self, outputs: u32, summation: Summation) -> Option<TreeEnsemble> {
        let mut spans: Vec<Option<(u32, u32)>> = vec![None; self.roots.len()];
        for (entries, owner) in self.leaves.iter().zip(&self.owner) {
            let span = spans.get_mut(*owner as usize)?;
            for (target, _) in entries {
                let at = target % outputs;
                *span = Some(span.map_or((at, at), |(low, high)| (low.min(at), high.max(at))));
            }
        }
        let base_tree = self.base_tree(outputs, &spans);
        let skip = usize::from(base_tree.is_some());
        let width =
            spans.iter().skip(skip).flatten().map(|(low, high)| high - low + 1).max().unwrap_or(1);
        if self.leaves.len().checked_mul(width as usize)? > MAX_VALUES {
            return None;
        }
        let mut leaves = Vec::with_capacity(self.leaves.len() * width as usize);
        let mut trees = Vec::with_capacity(self.roots.len());
        let firsts: Vec<u32> = spans
            .iter()
            .map(|span| span.map_or(0, |(low, _)| low).min(outputs - width.min(outputs)))
            .collect();
        for (root, first) in self.roots.iter().zip(&firsts).skip(skip) {
            trees.push(Tree { root: *root, weight: 1.0, output: *first });
        }
        for (entries, owner) in self.leaves.iter().zip(&self.owner) {
            let first = *firsts.get(*owner as usize)?;
            let mut row = vec![0.0; width as usize];
            for (target, weight) in entries {
                // The leaf of a base tree may be wider; it is not used.
                if let Some(slot) = row.get_mut((target % outputs).checked_sub(first)? as usize) {
                    *slot += weight;
                }
            }
            leaves.extend(row);
        }
        let (base, base_last) = match base_tree {
            Some(base) => (base, false),
            None => (self.base.clone(), !self.base.is_empty()),
        };
        Some(TreeEnsemble {
            arg: self.arg.id,
            round_features: false,
            nodes: self.nodes.clone(),
            trees,
            outputs,
            leaf_width: width,
            leaves,
            sets: Vec::new(),
            base,
            base_last,
            summation,
            aggregate: self.divide.map_or(Aggregate::Sum, Aggregate::DivideBy),
        })
    }

    /// The trees whose leaves give the numbers of models, each once in its round; and the models by leaf.
    pub(super) fn linear(
        &self,
        rounds: u32,
        outputs: u32,
        models: &[Leaf],
    ) -> Option<(TreeEnsemble, Vec<LeafModel>)> {
        // Nothing is added where no tree stands.
        let nothing = models.first()?;
        let empty = nothing.model.terms.is_empty()
            && nothing.model.constant.total_cmp(&0.0).is_eq()
            && nothing.weight.is_finite();
        let fits = rounds.checked_mul(outputs) == Some(self.targets);
        if !empty || !fits || !self.base.is_empty() || self.divide.is_some() {
            return None;
        }
        let mut places: Vec<Option<(u32, f64)>> = vec![None; self.roots.len()];
        let (mut leaves, mut own) = (Vec::new(), Vec::new());
        for (entries, owner) in self.leaves.iter().zip(&self.owner) {
            let &[(target, number)] = entries.as_slice() else { return None };
            #[expect(clippy::cast_possible_truncation, reason = "whole and within the table")]
            #[expect(clippy::cast_sign_loss, reason = "whole and within the table")]
            let at = (number.fract() == 0.0 && number >= 0.0 && number <= f64::from(1 << 24))
                .then_some(number as usize)?;
            let leaf = models.get(at)?;
            let place = places.get_mut(*owner as usize)?;
            let (own_target, weight) = *place.get_or_insert((target, leaf.weight));
            if own_target != target || weight.total_cmp(&leaf.weight).is_ne() {
                return None;
            }
            leaves.push(leaf.plain);
            own.push(leaf.model.clone());
        }
        // The trees of an output are added in the order of their rounds.
        let mut last: Vec<Option<u32>> = vec![None; outputs as usize];
        let mut trees = Vec::with_capacity(self.roots.len());
        for (root, place) in self.roots.iter().zip(places) {
            let (target, weight) = place?;
            let (round, output) = (target / outputs, target % outputs);
            let before = last.get_mut(output as usize)?.replace(round);
            if before.is_some_and(|before| before >= round) {
                return None;
            }
            trees.push(Tree { root: *root, weight, output });
        }
        let ensemble = TreeEnsemble {
            arg: self.arg.id,
            round_features: false,
            nodes: self.nodes.clone(),
            trees,
            outputs,
            leaf_width: 1,
            leaves,
            sets: Vec::new(),
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        };
        Some((ensemble, own))
    }

    /// The values of a first tree of a single leaf, which is a start value.
    fn base_tree(&self, outputs: u32, spans: &[Option<(u32, u32)>]) -> Option<Vec<f64>> {
        let root = *self.roots.first()?;
        let leaf = *self.nodes.yes.get(root as usize)?;
        let alone = self.roots.len() > 1
            && self.nodes.test.get(root as usize) == Some(&Test::Leaf)
            && self.base.is_empty()
            && spans.first() == Some(&Some((0, outputs - 1)));
        if !alone {
            return None;
        }
        let mut base = vec![0.0; outputs as usize];
        for (target, weight) in self.leaves.get(leaf as usize)? {
            *base.get_mut((target % outputs) as usize)? += weight;
        }
        Some(base)
    }

    fn some_negative(&self) -> bool {
        self.leaves.iter().flatten().any(|(_, weight)| *weight < 0.0)
    }
}

impl Raise<'_> {
    fn ensemble_input(&mut self, node: &Node) -> Result<Val, Failure> {
        let arg = self.arg_value(node, 0)?;
        let arg = self.vector(arg)?;
        match arg.kind {
            Kind::F32 | Kind::F64 => Ok(arg),
            Kind::I64 | Kind::Bool | Kind::Text => {
                Err(refuse(node, format!("trees over {}", arg.kind)))
            }
        }
    }

    pub(super) fn tree_regressor(&mut self, node: &Node) -> Result<Sym, Failure> {
        let arg = self.ensemble_input(node)?;
        let targets = u32::try_from(attributes::int(node, "n_targets", 1)?)
            .ok()
            .filter(|&targets| targets > 0)
            .ok_or_else(|| refuse(node, "no targets"))?;
        if targets as usize > MAX_COLUMNS {
            let message = format!("more than {MAX_COLUMNS} targets");
            return Err(Failure::limit(codes::TOO_LARGE, message));
        }
        let mut ensemble = read(node, arg, targets, "target")?;
        match attributes::text(node, "aggregate_function", "SUM")?.as_str() {
            "SUM" => {}
            #[expect(clippy::cast_precision_loss, reason = "a number of trees")]
            "AVERAGE" => ensemble.divide = Some(ensemble.roots.len() as f64),
            other => return Err(refuse(node, format!("aggregate `{other}`"))),
        }
        match attributes::text(node, "post_transform", "NONE")?.as_str() {
            "NONE" => Ok(Sym::Trees(Arc::new(ensemble), Stage::Direct)),
            // Runtimes leave a single target as it is.
            "LOGISTIC" | "SOFTMAX" | "SOFTMAX_ZERO" if targets == 1 => {
                Ok(Sym::Trees(Arc::new(ensemble), Stage::Direct))
            }
            "LOGISTIC" => {
                let margins = self.added(&ensemble)?;
                Ok(Sym::Linked { link: Link::Logistic, margins, binary: false })
            }
            other => Err(refuse(node, format!("post transform `{other}`"))),
        }
    }

    /// The sums of an ensemble as its operator adds them.
    pub(super) fn added(&mut self, ensemble: &Ensemble) -> Result<Val, Failure> {
        let summation = if ensemble.double { Summation::AnyF64 } else { Summation::AnyF32 };
        let sums = self.added_as(ensemble, ensemble.targets, summation)?;
        self.cast_to(sums, Kind::F32)
    }

    /// The sums of an ensemble added in order outside of the operator.
    pub(super) fn added_as(
        &mut self,
        ensemble: &Ensemble,
        outputs: u32,
        summation: Summation,
    ) -> Result<Val, Failure> {
        let mut made = ensemble.tabular(outputs, summation).ok_or_else(|| {
            Failure::malformed(codes::SHAPE, "leaves and targets that do not fit")
        })?;
        // Features rounded before the ensemble are features that it rounds.
        if let Some(&Op::Cast { arg, to: Kind::F32 }) = self.op_of(ensemble.arg)
            && self.values.get(&arg).is_some_and(|value| value.kind == Kind::F64)
        {
            made.arg = arg;
            made.round_features = true;
        }
        let kind = if summation.is_f32() { Kind::F32 } else { Kind::F64 };
        self.push(Op::Trees(Box::new(made)), kind, outputs, false)
    }

    /// Label and scores of a classifier.
    pub(super) fn tree_classifier(&mut self, node: &Node) -> Result<[Sym; 2], Failure> {
        let arg = self.ensemble_input(node)?;
        let classes = read_classes(node, "classlabels_int64s", "classlabels_strings")?;
        let count = u32::try_from(classes.len())
            .ok()
            .filter(|&count| count >= 2)
            .ok_or_else(|| refuse(node, "fewer than two classes"))?;
        let mut ensemble = read(node, arg, count, "class")?;
        let post = attributes::text(node, "post_transform", "NONE")?;
        let used: std::collections::BTreeSet<u32> =
            ensemble.leaves.iter().flatten().map(|(target, _)| *target).collect();
        if count == 2 && used.len() == 1 {
            if !used.contains(&0) || ensemble.base.len() > 1 {
                return Err(refuse(
                    node,
                    "two classes scored by the second id, or by two base values",
                ));
            }
            ensemble.targets = 1;
            let negative = ensemble.some_negative();
            let margins = self.added(&ensemble)?;
            return self.one_score(node, classes, margins, negative, &post);
        }
        if !ensemble.base.is_empty() && ensemble.base.len() != classes.len() {
            return Err(refuse(node, "base values and classes disagree"));
        }
        let margins = self.added(&ensemble)?;
        let (link, decision) = match (post.as_str(), count) {
            // Two scored classes: the second score alone decides.
            ("NONE", 2) => (Link::Identity, Decision::ProbabilityAbove(0.0)),
            ("LOGISTIC", 2) => (Link::Logistic, Decision::ProbabilityAbove(0.5)),
            ("NONE", _) => (Link::Identity, Decision::LargestMargin),
            ("LOGISTIC", _) => (Link::Logistic, Decision::LargestMargin),
            ("SOFTMAX", 3..) => (Link::Softmax, Decision::LargestMargin),
            (other, _) => return Err(refuse(node, format!("post transform `{other}`"))),
        };
        self.estimated(classes, margins, link, decision)
    }

    /// Two classes from one score, as runtimes read it.
    fn one_score(
        &mut self,
        node: &Node,
        classes: Labels,
        margins: Val,
        negative: bool,
        post: &str,
    ) -> Result<[Sym; 2], Failure> {
        let above = Decision::MarginAbove(if negative { 0.0 } else { 0.5 });
        match (post, negative) {
            ("LOGISTIC", _) => self.estimated(classes, margins, Link::Logistic, above),
            ("NONE" | "SOFTMAX", false) => self.estimated(classes, margins, Link::Identity, above),
            ("NONE" | "SOFTMAX", true) => {
                let op = Op::Unary { op: UnaryOp::Neg, arg: margins.id };
                let negated = self.push(op, margins.kind, 1, margins.scalar)?;
                let both = Op::Concat(vec![negated.id, margins.id]);
                let both = self.push(both, margins.kind, 2, false)?;
                self.estimated(classes, both, Link::Identity, Decision::LargestMargin)
            }
            (other, _) => Err(refuse(node, format!("post transform `{other}`"))),
        }
    }

    /// An estimate, as its label and its probabilities.
    pub(super) fn estimated(
        &mut self,
        classes: Labels,
        margins: Val,
        link: Link,
        decision: Decision,
    ) -> Result<[Sym; 2], Failure> {
        let op = Op::Classify(Classify {
            margins: margins.id,
            classes,
            link,
            decision,
            has_probabilities: true,
        });
        let id = self.push_op(op)?;
        self.estimates.push((margins, link, id));
        let binary = margins.width == 1;
        Ok([Sym::Estimated(id), Sym::Linked { link, margins, binary }])
    }
}
