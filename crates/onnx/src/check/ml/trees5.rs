//! `TreeEnsemble`, `ai.onnx.ml` 5: leaves in lists of their own, children by position.

use super::{At, trees::cycle};
use crate::codes;

/// The mode of set membership.
const MEMBER: f64 = 6.0;

pub(super) fn check(at: &mut At<'_, '_, '_, '_, '_>) {
    let columns = at.ints("nodes_featureids");
    let count = columns.len();
    let modes = at.tensor("nodes_modes").unwrap_or_default();
    let splits = at.tensor("nodes_splits").unwrap_or_default();
    let hitrates = at.tensor("nodes_hitrates").unwrap_or_default();
    for (name, len, optional) in [
        ("nodes_modes", modes.len(), false),
        ("nodes_splits", splits.len(), false),
        ("nodes_truenodeids", at.ints("nodes_truenodeids").len(), false),
        ("nodes_falsenodeids", at.ints("nodes_falsenodeids").len(), false),
        ("nodes_trueleafs", at.ints("nodes_trueleafs").len(), false),
        ("nodes_falseleafs", at.ints("nodes_falseleafs").len(), false),
        ("nodes_hitrates", hitrates.len(), true),
        ("nodes_missing_value_tracks_true", at.ints("nodes_missing_value_tracks_true").len(), true),
    ] {
        if len != count && !(optional && len == 0) {
            let message = format!("`{name}` has {len} entries for {count} nodes");
            at.error(codes::TREE_LENGTHS, name, message);
        }
    }
    if modes.iter().any(|mode| *mode > MEMBER) {
        at.error(codes::TREE_MODE, "nodes_modes", "a mode is beyond 6, `BRANCH_MEMBER`");
    }
    at.features("nodes_featureids", columns.iter().copied());
    leaves(at);
    children(at, count);
    members(at, &modes);
    for (name, default, most, code) in [
        ("post_transform", 0, 4, codes::POST_TRANSFORM),
        ("aggregate_function", 1, 3, codes::AGGREGATE),
    ] {
        let found = at.int(name, default);
        if !(0..=most).contains(&found) {
            at.error(code, name, format!("`{name}` is {found}, expected 0 to {most}"));
        }
    }
}

fn leaves(at: &mut At<'_, '_, '_, '_, '_>) {
    let weights = at.tensor("leaf_weights").unwrap_or_default();
    let ids = at.ints("leaf_targetids");
    if weights.len() != ids.len() {
        let message = format!("{} weights for {} leaves", weights.len(), ids.len());
        at.error(codes::TREE_LENGTHS, "leaf_weights", message);
    }
    at.finite("leaf_weights", &weights);
    let targets = at.int("n_targets", 1);
    if let Some(id) = ids.iter().find(|id| !(0..targets).contains(id)) {
        let message = format!("there is no target {id} of {targets}");
        at.error(codes::TREE_TARGET, "leaf_targetids", message);
    }
}

fn children(at: &mut At<'_, '_, '_, '_, '_>, count: usize) {
    let leaves = at.ints("leaf_targetids").len();
    let mut children = vec![[usize::MAX; 2]; count];
    for (side, (ids, flags)) in
        [("nodes_truenodeids", "nodes_trueleafs"), ("nodes_falsenodeids", "nodes_falseleafs")]
            .into_iter()
            .enumerate()
    {
        let mut said = false;
        let pairs = at.ints(ids).iter().zip(at.ints(flags));
        for (i, (id, leaf)) in pairs.enumerate() {
            let (most, what) = if *leaf == 0 { (count, "node") } else { (leaves, "leaf") };
            let found = usize::try_from(*id).ok().filter(|id| *id < most);
            if found.is_none() && !said {
                said = true;
                let message = format!("node {i} leads to {what} {id} of {most}");
                at.error(codes::TREE_CHILD, ids, message);
            }
            if let (Some(child), 0, Some(slot)) =
                (found, *leaf, children.get_mut(i).and_then(|c| c.get_mut(side)))
            {
                *slot = child;
            }
        }
    }
    let roots = at.ints("tree_roots");
    if roots.is_empty() {
        at.error(codes::TREE_ROOT, "tree_roots", "the ensemble has no trees");
    }
    let outside = roots.iter().find(|r| usize::try_from(**r).map_or(true, |r| r >= count));
    if let Some(root) = outside {
        at.error(codes::TREE_ROOT, "tree_roots", format!("there is no node {root} of {count}"));
    }
    // A tree that is one leaf is a node with the same leaf twice, not a node below itself.
    if let Some(node) = cycle(&children) {
        at.error(codes::TREE_CYCLE, "nodes_truenodeids", format!("node {node} is below itself"));
    }
}

/// Sets of members are told apart by NaN.
fn members(at: &mut At<'_, '_, '_, '_, '_>, modes: &[f64]) {
    let nodes = modes.iter().filter(|mode| mode.total_cmp(&MEMBER).is_eq()).count();
    let values = at.tensor("membership_values").unwrap_or_default();
    let mut sets = values.iter().filter(|v| v.is_nan()).count();
    // The last set may end with the list.
    if values.last().is_some_and(|last| !last.is_nan()) {
        sets += 1;
    }
    if sets != nodes {
        let message = format!("{sets} sets of members for {nodes} nodes that ask for one");
        at.error(codes::TREE_MEMBERS, "membership_values", message);
    }
}
