//! `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: <https://onnx.ai/onnx/operators/>, `ai.onnx.ml` 1 to 5.

use std::collections::{BTreeMap, BTreeSet};

use super::At;
use crate::codes;

const MODES: [&str; 7] =
    ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "LEAF"];

type Key = (i64, i64);

pub(super) fn check(at: &mut At<'_, '_, '_, '_, '_>, classifier: bool) {
    let trees = at.ints("nodes_treeids");
    let count = trees.len();
    let thresholds = at.numbers("nodes_values");
    let hitrates = at.numbers("nodes_hitrates");
    let modes = at.texts("nodes_modes");
    let mut ragged = false;
    for (name, len, optional) in [
        ("nodes_nodeids", at.ints("nodes_nodeids").len(), false),
        ("nodes_featureids", at.ints("nodes_featureids").len(), false),
        ("nodes_values", thresholds.len(), false),
        ("nodes_modes", modes.len(), false),
        ("nodes_truenodeids", at.ints("nodes_truenodeids").len(), false),
        ("nodes_falsenodeids", at.ints("nodes_falsenodeids").len(), false),
        ("nodes_hitrates", hitrates.len(), true),
        ("nodes_missing_value_tracks_true", at.ints("nodes_missing_value_tracks_true").len(), true),
    ] {
        if len != count && !(optional && len == 0) {
            let message = format!("`{name}` has {len} entries for {count} nodes");
            at.error(codes::TREE_LENGTHS, name, message);
            ragged = true;
        }
    }
    if count == 0 {
        at.error(codes::TREE_LENGTHS, "nodes_treeids", "the ensemble has no nodes");
    }
    let targets = outputs(at, classifier);
    let leaves = if ragged { None } else { structure(at, &modes) };
    weights(at, classifier, targets, leaves.as_ref());
    at.post_transform();
    if !classifier {
        let words = ["AVERAGE", "SUM", "MIN", "MAX"];
        at.one_of("aggregate_function", "SUM", &words, codes::AGGREGATE);
    }
    let branches = modes.iter().zip(&thresholds).filter(|(mode, _)| **mode != b"LEAF");
    if branches.filter(|(_, threshold)| threshold.is_nan()).count() > 0 {
        at.warn(codes::NON_FINITE, "nodes_values", "a threshold is NaN: no comparison holds");
    }
    let flags = at.ints("nodes_missing_value_tracks_true");
    if let Some(flag) = flags.iter().find(|flag| !matches!(flag, 0 | 1)) {
        let message = format!("a flag is {flag}, expected 0 or 1");
        at.error(codes::TREE_MODE, "nodes_missing_value_tracks_true", message);
    }
}

/// How many scores there are: classes or targets.
fn outputs(at: &mut At<'_, '_, '_, '_, '_>, classifier: bool) -> Option<i64> {
    if classifier {
        let labels = at.labels("classlabels_strings", "classlabels_int64s");
        return i64::try_from(labels).ok().filter(|n| *n > 0);
    }
    let targets = at.int("n_targets", 1);
    if targets < 1 {
        at.error(codes::TREE_TARGET, "n_targets", format!("there cannot be {targets} targets"));
        return None;
    }
    Some(targets)
}

/// Ids, modes, columns, children and cycles; gives every node and whether it is a leaf.
fn structure(at: &mut At<'_, '_, '_, '_, '_>, modes: &[&[u8]]) -> Option<BTreeMap<Key, bool>> {
    let keys: Vec<Key> = at
        .ints("nodes_treeids")
        .iter()
        .copied()
        .zip(at.ints("nodes_nodeids").iter().copied())
        .collect();
    let mut positions: BTreeMap<Key, usize> = BTreeMap::new();
    for (i, key) in keys.iter().enumerate() {
        if positions.insert(*key, i).is_some() {
            let message = format!("tree {} has two nodes {}", key.0, key.1);
            at.error(codes::TREE_ID, "nodes_nodeids", message);
            return None;
        }
    }
    let unknown =
        modes.iter().enumerate().find(|(_, mode)| !MODES.iter().any(|m| m.as_bytes() == **mode));
    if let Some((i, mode)) = unknown {
        let message = format!("node {i}: there is no mode `{}`", String::from_utf8_lossy(mode));
        at.error(codes::TREE_MODE, "nodes_modes", message);
        return None;
    }
    let leaf = |i: usize| modes.get(i).is_some_and(|mode| *mode == b"LEAF");
    let columns = at.ints("nodes_featureids");
    at.features(
        "nodes_featureids",
        columns.iter().enumerate().map(|(i, id)| if leaf(i) { 0 } else { *id }),
    );
    let (yes, no) = (at.ints("nodes_truenodeids"), at.ints("nodes_falsenodeids"));
    let mut children: Vec<[usize; 2]> = vec![[usize::MAX; 2]; keys.len()];
    let mut missing = false;
    for (i, key) in keys.iter().enumerate().filter(|(i, _)| !leaf(*i)) {
        for (side, (ids, name)) in
            [(yes, "nodes_truenodeids"), (no, "nodes_falsenodeids")].into_iter().enumerate()
        {
            let id = ids.get(i).copied().unwrap_or(-1);
            match positions.get(&(key.0, id)) {
                Some(child) => {
                    if let Some(slot) = children.get_mut(i).and_then(|c| c.get_mut(side)) {
                        *slot = *child;
                    }
                }
                None if !missing => {
                    missing = true;
                    let message = format!(
                        "node {} of tree {} leads to {id}, which is not there",
                        key.1, key.0
                    );
                    at.error(codes::TREE_CHILD, name, message);
                }
                None => {}
            }
        }
    }
    if !missing {
        shape(at, &keys, &children);
    }
    Some(keys.iter().enumerate().map(|(i, key)| (*key, leaf(i))).collect())
}

/// Cycles, and nodes that no tree reaches.
fn shape(at: &mut At<'_, '_, '_, '_, '_>, keys: &[Key], children: &[[usize; 2]]) {
    if let Some(node) = cycle(children) {
        let (tree, id) = keys.get(node).copied().unwrap_or_default();
        let message = format!("node {id} of tree {tree} is below itself");
        at.error(codes::TREE_CYCLE, "nodes_truenodeids", message);
        return;
    }
    let mut has_parent = vec![false; keys.len()];
    for child in children.iter().flatten() {
        if let Some(slot) = has_parent.get_mut(*child) {
            *slot = true;
        }
    }
    let mut roots: BTreeMap<i64, u32> = BTreeMap::new();
    for (key, _) in keys.iter().zip(&has_parent).filter(|(_, parent)| !**parent) {
        *roots.entry(key.0).or_default() += 1;
    }
    if let Some((tree, count)) = roots.iter().find(|(_, count)| **count > 1) {
        let message = format!("tree {tree} has {count} nodes that no node leads to");
        at.warn(codes::TREE_ROOT, "nodes_nodeids", message);
    }
}

/// A node that can be reached from itself.
pub(super) fn cycle(children: &[[usize; 2]]) -> Option<usize> {
    // 0 unseen, 1 on the path, 2 done.
    let mut state = vec![0_u8; children.len()];
    for start in 0..children.len() {
        let mut path = vec![(start, 0_usize)];
        while let Some((node, side)) = path.pop() {
            if side == 0 {
                match state.get(node) {
                    Some(0) => {}
                    _ => continue,
                }
                if let Some(slot) = state.get_mut(node) {
                    *slot = 1;
                }
            }
            let Some(next) = children.get(node).and_then(|c| c.get(side).copied()) else {
                if let Some(slot) = state.get_mut(node) {
                    *slot = 2;
                }
                continue;
            };
            path.push((node, side + 1));
            match state.get(next) {
                Some(1) => return Some(next),
                Some(0) => path.push((next, 0)),
                _ => {}
            }
        }
    }
    None
}

/// What leaves give, to which class or target.
fn weights(
    at: &mut At<'_, '_, '_, '_, '_>,
    classifier: bool,
    targets: Option<i64>,
    nodes: Option<&BTreeMap<Key, bool>>,
) {
    let [trees, ids, of, values] = if classifier {
        ["class_treeids", "class_nodeids", "class_ids", "class_weights"]
    } else {
        ["target_treeids", "target_nodeids", "target_ids", "target_weights"]
    };
    let numbers = at.numbers(values);
    let count = at.ints(trees).len();
    for (name, len) in [(ids, at.ints(ids).len()), (of, at.ints(of).len()), (values, numbers.len())]
    {
        if len != count {
            let message = format!("`{name}` has {len} entries for {count} weights");
            at.error(codes::TREE_LENGTHS, name, message);
        }
    }
    at.finite(values, &numbers);
    if let Some(targets) = targets {
        let outside = at.ints(of).iter().find(|id| !(0..targets).contains(id));
        if let Some(id) = outside {
            let what = if classifier { "class" } else { "target" };
            at.error(codes::TREE_TARGET, of, format!("there is no {what} {id} of {targets}"));
        }
        let base = at.numbers("base_values");
        at.finite("base_values", &base);
        let fits = base.is_empty()
            || i64::try_from(base.len()) == Ok(targets)
            || (classifier && targets == 2 && base.len() == 1);
        if !fits {
            let message = format!("{} base values for {targets} scores", base.len());
            at.error(codes::BASE_VALUES, "base_values", message);
        }
    }
    let Some(nodes) = nodes else { return };
    let weighted: BTreeSet<Key> =
        at.ints(trees).iter().copied().zip(at.ints(ids).iter().copied()).collect();
    let stray = weighted.iter().find(|key| nodes.get(key) != Some(&true));
    if let Some((tree, id)) = stray {
        let what = if nodes.contains_key(&(*tree, *id)) { "is no leaf" } else { "is not there" };
        at.error(
            codes::TREE_LEAF,
            ids,
            format!("a weight is on node {id} of tree {tree}, which {what}"),
        );
    }
    let bare = nodes.iter().filter(|(key, leaf)| **leaf && !weighted.contains(*key)).count();
    if bare > 0 {
        at.warn(codes::TREE_LEAF, ids, format!("{bare} leaves have no weight"));
    }
}
