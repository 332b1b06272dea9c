//! `TreeEnsemble`: <https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html>. Trees of
//! version 5: leaves apart from nodes, thresholds and answers of one type. Constraints: children
//! exist, no path comes back. NaN takes the false branch unless `nodes_missing_value_tracks_true`
//! says otherwise; under NEQ it takes the true branch in onnxruntime.

use std::collections::BTreeSet;

use crate::ops::{
    post_transform::{PostTransform, Real},
    prelude::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Leq,
    Lt,
    Gte,
    Gt,
    Eq,
    Neq,
    Member,
}

const TESTS: [Test; 7] =
    [Test::Leq, Test::Lt, Test::Gte, Test::Gt, Test::Eq, Test::Neq, Test::Member];

/// A child: another node, or a leaf.
#[derive(Clone, Copy, Debug)]
struct Child {
    leaf: bool,
    at: usize,
}

struct Node<T> {
    test: Test,
    feature: usize,
    split: T,
    members: Vec<T>,
    missing: bool,
    yes: Child,
    no: Child,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aggregate {
    Average,
    Sum,
    Min,
    Max,
}

struct Ensemble<T> {
    nodes: Vec<Node<T>>,
    roots: Vec<usize>,
    leaves: Vec<(usize, T)>,
    targets: usize,
    width: usize,
    aggregate: Aggregate,
    post: PostTransform,
    nan_differs: bool,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    setup.ignore(&["nodes_hitrates"]);
    let splits =
        setup.tensor("nodes_splits")?.ok_or_else(|| setup.refuse("there are no splits"))?;
    match splits {
        TensorValue::F32(_) => Ensemble::<f32>::of(setup)?.kernel(),
        TensorValue::F64(_) => Ensemble::<f64>::of(setup)?.kernel(),
        other => Err(unfit(&other)),
    }
}

impl<T: Real> Ensemble<T> {
    fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let list = |name: &str| setup.sizes(name).map(Option::unwrap_or_default);
        let reals = |name: &str| -> Result<Vec<T>, Failure> {
            match setup.tensor(name)? {
                None => Ok(Vec::new()),
                Some(tensor) => Ok(T::want(&tensor)?.data().to_vec()),
            }
        };
        let modes =
            setup.tensor("nodes_modes")?.ok_or_else(|| setup.refuse("there are no modes"))?;
        let modes = ints(&modes)?;
        let (features, splits) = (list("nodes_featureids")?, reals("nodes_splits")?);
        let (yes, yes_leaf) = (list("nodes_truenodeids")?, list("nodes_trueleafs")?);
        let (no, no_leaf) = (list("nodes_falsenodeids")?, list("nodes_falseleafs")?);
        let missing = list("nodes_missing_value_tracks_true")?;
        let (targets, weights) = (list("leaf_targetids")?, reals("leaf_weights")?);
        let count = modes.len();
        let lists =
            [features.len(), splits.len(), yes.len(), yes_leaf.len(), no.len(), no_leaf.len()];
        if lists.iter().any(|&n| n != count) || !(missing.is_empty() || missing.len() == count) {
            return Err(setup.refuse("the lists of nodes have different lengths"));
        }
        let width = usize::try_from(setup.int("n_targets", 1)?)
            .ok()
            .filter(|n| (1..=1_000_000).contains(n));
        let width = width.ok_or_else(|| setup.refuse("the number of targets makes no sense"))?;
        if targets.len() != weights.len() || targets.iter().any(|&t| t >= width) {
            return Err(setup.refuse("leaves name targets that do not exist"));
        }
        let members = reals("membership_values")?;
        let mut sets = members.split(|v| v.is_nan());
        let mut nodes = Vec::with_capacity(count);
        for i in 0..count {
            let test = usize::try_from(at(&modes, i)).ok().and_then(|m| TESTS.get(m)).copied();
            let test = test
                .ok_or_else(|| setup.refuse(format!("there is no node mode {}", at(&modes, i))))?;
            let child = |ids: &[usize], leaf: &[usize]| {
                let child = Child { leaf: at(leaf, i) != 0, at: at(ids, i) };
                let end = if child.leaf { weights.len() } else { count };
                let what = || setup.refuse(format!("node {i} has the child {}", child.at));
                if child.at < end { Ok(child) } else { Err(what()) }
            };
            nodes.push(Node {
                test,
                feature: at(&features, i),
                split: splits.get(i).copied().unwrap_or(T::of(0.0)),
                members: if test == Test::Member {
                    sets.next().unwrap_or_default().to_vec()
                } else {
                    Vec::new()
                },
                missing: at(&missing, i) != 0,
                yes: child(&yes, &yes_leaf)?,
                no: child(&no, &no_leaf)?,
            });
        }
        let roots = list("tree_roots")?;
        if roots.iter().any(|&r| r >= count) {
            return Err(setup.refuse("a tree begins at a node that does not exist"));
        }
        acyclic(setup, &nodes)?;
        let words = [Aggregate::Average, Aggregate::Sum, Aggregate::Min, Aggregate::Max];
        let number = |name: &str, absent: i64| {
            usize::try_from(setup.int(name, absent)?)
                .map_err(|error| setup.refuse(format!("`{name}` is negative")).caused_by(error))
        };
        let aggregate = words.get(number("aggregate_function", 1)?).copied();
        Ok(Self {
            width: nodes.iter().map(|n| n.feature.saturating_add(1)).max().unwrap_or(0),
            nodes,
            roots,
            leaves: targets.into_iter().zip(weights).collect(),
            targets: width,
            aggregate: aggregate.ok_or_else(|| setup.refuse("there is no such aggregation"))?,
            post: PostTransform::numbered(number("post_transform", 0)?)
                .ok_or_else(|| setup.refuse("there is no such transform"))?,
            nan_differs: setup.like_runtime(),
        })
    }

    fn kernel(self) -> Result<Kernel, Failure> {
        one(move |args: Args<'_>| {
            let rows = args.of::<T>(0)?;
            let (count, width) = matrix(rows.shape())?;
            if width < self.width {
                return Err(misfit(format!(
                    "the trees need {} features, there are {width}",
                    self.width
                )));
            }
            let mut out = Vec::with_capacity(args.cx.room(&[count, self.targets], 8)?);
            args.cx.product([count, self.roots.len(), 16])?;
            for row in rows.data().chunks_exact(width.max(1)) {
                out.extend(self.row(row));
            }
            Ok(T::wrap(Array::new(&[count, self.targets], out)?))
        })
    }

    fn row(&self, row: &[T]) -> Vec<T> {
        let mut scores: Vec<Option<T>> = vec![None; self.targets];
        for &root in &self.roots {
            let Some((target, weight)) = self.leaf(root, row) else { continue };
            let Some(score) = scores.get_mut(target) else { continue };
            *score = Some(match (*score, self.aggregate) {
                (None, _) => weight,
                (Some(s), Aggregate::Sum | Aggregate::Average) => s + weight,
                (Some(s), Aggregate::Min) => {
                    if weight < s {
                        weight
                    } else {
                        s
                    }
                }
                (Some(s), Aggregate::Max) => {
                    if weight > s {
                        weight
                    } else {
                        s
                    }
                }
            });
        }
        let trees = T::of(real(self.roots.len()));
        let mut out: Vec<T> = scores
            .into_iter()
            .map(|score| {
                let score = score.unwrap_or(T::of(0.0));
                if self.aggregate == Aggregate::Average { score / trees } else { score }
            })
            .collect();
        if self.targets > 1 || self.post == PostTransform::Probit || !self.nan_differs {
            self.post.apply(&mut out);
        }
        out
    }

    fn leaf(&self, root: usize, row: &[T]) -> Option<(usize, T)> {
        let mut node = self.nodes.get(root)?;
        loop {
            let x = row.get(node.feature).copied()?;
            let child = if self.holds(node, x) { node.yes } else { node.no };
            if child.leaf {
                return self.leaves.get(child.at).copied();
            }
            node = self.nodes.get(child.at)?;
        }
    }

    fn holds(&self, node: &Node<T>, x: T) -> bool {
        if x.is_nan() {
            return node.missing || (node.test == Test::Neq && self.nan_differs);
        }
        match node.test {
            Test::Leq => x <= node.split,
            Test::Lt => x < node.split,
            Test::Gte => x >= node.split,
            Test::Gt => x > node.split,
            Test::Eq => x == node.split,
            Test::Neq => x != node.split,
            Test::Member => node.members.contains(&x),
        }
    }
}

/// Fails when a path comes back to a node.
fn acyclic<T>(setup: &Setup<'_>, nodes: &[Node<T>]) -> Result<(), Failure> {
    let children = |node: &Node<T>| {
        [node.yes, node.no].into_iter().filter(|c| !c.leaf).map(|c| c.at).collect::<Vec<_>>()
    };
    let mut parents = vec![0_usize; nodes.len()];
    for child in nodes.iter().flat_map(children) {
        if let Some(count) = parents.get_mut(child) {
            *count += 1;
        }
    }
    let mut open: Vec<usize> =
        parents.iter().enumerate().filter(|(_, n)| **n == 0).map(|(i, _)| i).collect();
    let mut done = BTreeSet::new();
    while let Some(i) = open.pop() {
        done.insert(i);
        for child in nodes.get(i).map(children).unwrap_or_default() {
            if let Some(count) = parents.get_mut(child) {
                *count -= 1;
                if *count == 0 {
                    open.push(child);
                }
            }
        }
    }
    if done.len() != nodes.len() {
        return Err(setup.refuse("a path through a tree comes back to a node"));
    }
    Ok(())
}
