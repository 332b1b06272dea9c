//! The trees that `TreeEnsembleClassifier` and `TreeEnsembleRegressor` share.
//!
//! Constraints: node ids are unique within a tree, children exist, every tree has one root, no path
//! comes back. Children may be shared. A NaN takes the false branch unless
//! `missing_value_tracks_true` says otherwise; under `BRANCH_NEQ` it takes the true branch in
//! onnxruntime, as IEEE 754 has it, and the false one in the reference.

use std::collections::BTreeMap;

use holdall_diag::Failure;

use crate::{
    Array, Behaviour, TensorValue,
    ops::{Setup, args::misfit, post_transform::Real},
    value::Element,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Leq,
    Lt,
    Gte,
    Gt,
    Eq,
    Neq,
    Leaf,
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    mode: Mode,
    missing: bool,
    feature: u32,
    threshold: T,
    /// Children, or the range of weights of a leaf.
    yes: u32,
    no: u32,
}

/// Trees, ready to be walked.
#[derive(Clone, Debug)]
pub(super) struct Trees<T> {
    nodes: Vec<Node<T>>,
    roots: Vec<u32>,
    weights: Vec<(u32, T)>,
    /// Features that a row must have.
    width: usize,
    /// What NaN does under `BRANCH_NEQ`.
    nan_differs: bool,
}

/// What a node's attributes are called.
pub(super) struct Names {
    pub(super) trees: &'static str,
    pub(super) nodes: &'static str,
    pub(super) ids: &'static str,
    pub(super) weights: &'static str,
}

/// Floats, from the attribute or from its tensor form, which also holds doubles.
pub(super) fn reals(setup: &Setup<'_>, name: &str) -> Result<Option<Vec<f64>>, Failure> {
    Ok(match setup.tensor(&format!("{name}_as_tensor"))? {
        Some(TensorValue::F32(a)) => Some(a.data().iter().map(|&x| x.into()).collect()),
        Some(TensorValue::F64(a)) => Some(a.data().to_vec()),
        Some(_) => return Err(setup.refuse(format!("`{name}_as_tensor` is not of floats"))),
        None => setup.floats(name)?.map(|v| v.into_iter().map(f64::from).collect()),
    })
}

fn modes(setup: &Setup<'_>) -> Result<Vec<Mode>, Failure> {
    let modes = setup.texts("nodes_modes")?.unwrap_or_default();
    modes
        .iter()
        .map(|mode| {
            Ok(match mode.as_str() {
                "BRANCH_LEQ" => Mode::Leq,
                "BRANCH_LT" => Mode::Lt,
                "BRANCH_GTE" => Mode::Gte,
                "BRANCH_GT" => Mode::Gt,
                "BRANCH_EQ" => Mode::Eq,
                "BRANCH_NEQ" => Mode::Neq,
                "LEAF" => Mode::Leaf,
                other => return Err(setup.refuse(format!("there is no node mode `{other}`"))),
            })
        })
        .collect()
}

impl<T: Real> Trees<T> {
    /// Reads the attributes and checks them.
    pub(super) fn of(setup: &Setup<'_>, names: &Names, targets: usize) -> Result<Self, Failure> {
        // How often nodes were met in training says nothing about answers.
        setup.ignore(&["nodes_hitrates", "nodes_hitrates_as_tensor"]);
        let list = |name: &str| setup.ints(name).map(Option::unwrap_or_default);
        let (tree, id) = (list("nodes_treeids")?, list("nodes_nodeids")?);
        let (feature, modes) = (list("nodes_featureids")?, modes(setup)?);
        let (yes, no) = (list("nodes_truenodeids")?, list("nodes_falsenodeids")?);
        let thresholds = reals(setup, "nodes_values")?.unwrap_or_default();
        let missing = list("nodes_missing_value_tracks_true")?;
        let count = modes.len();
        let lengths = [tree.len(), id.len(), feature.len(), yes.len(), no.len(), thresholds.len()];
        if lengths.iter().any(|&n| n != count) || !(missing.is_empty() || missing.len() == count) {
            return Err(setup.refuse("the lists of nodes have different lengths"));
        }
        let mut index = BTreeMap::new();
        for (i, key) in (0_u32..).zip(tree.iter().zip(&id)) {
            if index.insert(key, i).is_some() {
                return Err(setup.refuse(format!("tree {} has two nodes {}", key.0, key.1)));
            }
        }
        let find = |tree: &i64, node: &i64| {
            index
                .get(&(tree, node))
                .copied()
                .ok_or_else(|| setup.refuse(format!("tree {tree} has no node {node}")))
        };
        let mut nodes = Vec::with_capacity(count);
        let mut width = 0_usize;
        let missing = missing.iter().map(|&flag| flag != 0).chain(std::iter::repeat(false));
        let columns = modes.iter().zip(&tree).zip(&feature).zip(&thresholds).zip(&yes).zip(&no);
        for ((((((&mode, tree), &feature), &threshold), yes), no), missing) in columns.zip(missing)
        {
            let threshold = T::of(threshold);
            let mut node = Node { mode, missing, feature: 0, threshold, yes: 0, no: 0 };
            if mode != Mode::Leaf {
                node.feature = u32::try_from(feature).map_err(|error| {
                    setup.refuse(format!("there is no feature {feature}")).caused_by(error)
                })?;
                width = width.max(node.feature as usize + 1);
                node.yes = find(tree, yes)?;
                node.no = find(tree, no)?;
            }
            nodes.push(node);
        }
        let roots = roots(setup, &nodes, &tree)?;
        let mut trees = Self {
            nodes,
            roots,
            weights: Vec::new(),
            width,
            nan_differs: setup.behaviour == Behaviour::OnnxRuntime,
        };
        trees.give_weights(setup, names, targets, &find)?;
        Ok(trees)
    }

    /// Sorts the weights by leaf; those of one leaf keep their order.
    fn give_weights(
        &mut self,
        setup: &Setup<'_>,
        names: &Names,
        targets: usize,
        find: &dyn Fn(&i64, &i64) -> Result<u32, Failure>,
    ) -> Result<(), Failure> {
        let list = |name: &str| setup.ints(name).map(Option::unwrap_or_default);
        let (tree, node, id) = (list(names.trees)?, list(names.nodes)?, list(names.ids)?);
        let weights = reals(setup, names.weights)?.unwrap_or_default();
        if [tree.len(), node.len(), id.len()].iter().any(|&n| n != weights.len()) {
            return Err(setup.refuse("the lists of weights have different lengths"));
        }
        let mut found = Vec::with_capacity(weights.len());
        for (((tree, node), &id), &weight) in tree.iter().zip(&node).zip(&id).zip(&weights) {
            let target = usize::try_from(id).ok().filter(|&t| t < targets);
            let target = target.and_then(|t| u32::try_from(t).ok()).ok_or_else(|| {
                setup.refuse(format!("a weight is for target {id}, there are {targets}"))
            })?;
            let leaf = find(tree, node)?;
            if self.nodes.get(leaf as usize).is_none_or(|n| n.mode != Mode::Leaf) {
                return Err(setup.refuse(format!("node {node} of tree {tree} is not a leaf")));
            }
            found.push((leaf, target, T::of(weight)));
        }
        found.sort_by_key(|(leaf, ..)| *leaf);
        for (i, (leaf, target, weight)) in (0_u32..).zip(found) {
            self.weights.push((target, weight));
            if let Some(node) = self.nodes.get_mut(leaf as usize) {
                if node.no == node.yes {
                    node.yes = i;
                }
                node.no = i + 1;
            }
        }
        Ok(())
    }

    /// How many trees there are.
    pub(super) fn len(&self) -> usize {
        self.roots.len()
    }

    /// Fails unless rows have the features that the trees ask for.
    pub(super) fn check_width(&self, width: usize) -> Result<(), Failure> {
        if width < self.width {
            return Err(misfit(format!(
                "the trees need {} features, there are {width}",
                self.width
            )));
        }
        Ok(())
    }

    /// All weights.
    pub(super) fn weights(&self) -> &[(u32, T)] {
        &self.weights
    }

    /// The weights of the leaves that a row falls into, tree by tree.
    pub(super) fn leaves<'t>(
        &'t self,
        row: &'t [T],
    ) -> impl Iterator<Item = &'t [(u32, T)]> + use<'t, T> {
        self.roots.iter().map(move |&root| {
            let mut at = self.nodes.get(root as usize);
            while let Some(node) = at {
                if node.mode == Mode::Leaf {
                    return self.weights.get(node.yes as usize..node.no as usize).unwrap_or(&[]);
                }
                let x = row.get(node.feature as usize).copied().unwrap_or(T::of(f64::NAN));
                let next = if self.holds(node, x) { node.yes } else { node.no };
                at = self.nodes.get(next as usize);
            }
            &[]
        })
    }

    fn holds(&self, node: &Node<T>, x: T) -> bool {
        if x.is_nan() {
            return node.missing || (node.mode == Mode::Neq && self.nan_differs);
        }
        match node.mode {
            Mode::Leq => x <= node.threshold,
            Mode::Lt => x < node.threshold,
            Mode::Gte => x >= node.threshold,
            Mode::Gt => x > node.threshold,
            Mode::Eq => x == node.threshold,
            Mode::Neq => x != node.threshold,
            Mode::Leaf => false,
        }
    }
}

/// The node of each tree that is nobody's child, in the order of the trees; fails when a path comes
/// back to a node.
fn roots<T>(setup: &Setup<'_>, nodes: &[Node<T>], trees: &[i64]) -> Result<Vec<u32>, Failure> {
    let mut parents = vec![0_u32; nodes.len()];
    for node in nodes.iter().filter(|n| n.mode != Mode::Leaf) {
        for child in [node.yes, node.no] {
            if let Some(count) = parents.get_mut(child as usize) {
                *count += 1;
            }
        }
    }
    let mut roots = Vec::new();
    let mut seen = BTreeMap::new();
    for ((i, tree), &count) in (0_u32..).zip(trees).zip(&parents) {
        let found = seen.entry(tree).or_insert(0_u32);
        if count == 0 {
            *found += 1;
            roots.push(i);
        }
    }
    if let Some((tree, count)) = seen.iter().find(|(_, count)| **count != 1) {
        return Err(setup.refuse(format!("tree {tree} has {count} roots, one is expected")));
    }
    // Kahn: whatever is never freed of its parents lies on a cycle.
    let mut open: Vec<u32> = roots.clone();
    let mut done = 0_usize;
    while let Some(i) = open.pop() {
        done += 1;
        let Some(node) = nodes.get(i as usize).filter(|n| n.mode != Mode::Leaf) else { continue };
        for child in [node.yes, node.no] {
            if let Some(count) = parents.get_mut(child as usize) {
                *count -= 1;
                if *count == 0 {
                    open.push(child);
                }
            }
        }
    }
    if done != nodes.len() {
        return Err(setup.refuse("a path through a tree comes back to a node"));
    }
    Ok(roots)
}

/// The rows of an input in the type that the trees compare in: binary64 for doubles, else binary32.
pub(super) enum Rows {
    F32(Array<f32>),
    F64(Array<f64>),
}

impl Rows {
    /// The first input.
    pub(super) fn of(args: crate::ops::Args<'_>) -> Result<Self, Failure> {
        let doubles = f64::take(args.get(0)?).cloned();
        Ok(match doubles {
            Some(rows) => Self::F64(rows),
            None => Self::F32(args.floats(0)?),
        })
    }
}
