//! `TreeEnsemble`, which came with `ai.onnx.ml` 5, as `TreeEnsembleRegressor`: leaves become nodes, numbers of modes
//! their names, and a set of members one comparison after the other. Only for binary32: the older operator gives
//! nothing else.

use std::collections::BTreeSet;

use super::step::Working;
use crate::{
    proto::{AttributeProto, TensorProto},
    view,
};

/// The names of modes, by their numbers. The last is that of sets.
const MODES: [&str; 6] =
    ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];
const EQUAL: &str = MODES[4];
const AGGREGATES: [&str; 4] = ["AVERAGE", "SUM", "MIN", "MAX"];

/// The attributes of the newer operator that the older one does not have.
const GONE: [&str; 12] = [
    "aggregate_function",
    "leaf_targetids",
    "leaf_weights",
    "membership_values",
    "nodes_falseleafs",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_modes",
    "nodes_splits",
    "nodes_trueleafs",
    "post_transform",
    "tree_roots",
];

/// What the newer operator says.
struct Trees {
    features: Vec<i64>,
    modes: Vec<u8>,
    splits: Vec<f32>,
    hits: Vec<f32>,
    missing: Vec<i64>,
    /// Children by side, true first: position, and whether it is one of a leaf.
    children: [Vec<(usize, bool)>; 2],
    targets: Vec<i64>,
    weights: Vec<f32>,
    /// Sets of members, in the order of the nodes that ask for them.
    sets: Vec<Vec<f32>>,
}

/// What the older operator says, a list for each attribute.
#[derive(Default)]
struct Nodes {
    trees: Vec<i64>,
    ids: Vec<i64>,
    features: Vec<i64>,
    values: Vec<f32>,
    hits: Vec<f32>,
    modes: Vec<&'static str>,
    yes: Vec<i64>,
    no: Vec<i64>,
    missing: Vec<i64>,
    leaves: [Vec<i64>; 3],
    weights: Vec<f32>,
}

/// Makes the older operator of the newer one.
pub(super) fn regressor(w: &mut Working<'_, '_>) -> Result<(), String> {
    let roots = w.ints("tree_roots").unwrap_or_default();
    let trees = Trees::of(w)?;
    let aggregate = w.int("aggregate_function").unwrap_or(1);
    let aggregate = usize::try_from(aggregate).ok().and_then(|i| AGGREGATES.get(i).copied());
    let aggregate = aggregate.ok_or("there is no such aggregate")?;
    let transform = match w.int("post_transform").unwrap_or(0) {
        0 => "NONE",
        3 => "SOFTMAX_ZERO",
        4 => "PROBIT",
        number => {
            return Err(format!(
                "`post_transform` is {number}: which of 1 and 2 is softmax and which the logistic \
                 function is not the same in the specification and in onnxruntime"
            ));
        }
    };
    let targets = w.int("n_targets").unwrap_or(1);
    let mut nodes = Nodes::default();
    let mut seen = BTreeSet::new();
    for (tree, root) in (0..).zip(roots) {
        let root = usize::try_from(root).ok().ok_or("a root is below zero")?;
        trees.walk(tree, root, &mut seen, &mut nodes)?;
    }
    for name in GONE {
        w.remove(name);
    }
    let ints = [
        ("nodes_treeids", nodes.trees),
        ("nodes_nodeids", nodes.ids),
        ("nodes_featureids", nodes.features),
        ("nodes_truenodeids", nodes.yes),
        ("nodes_falsenodeids", nodes.no),
        ("nodes_missing_value_tracks_true", nodes.missing),
    ];
    for (name, values) in ints {
        w.set_ints(name, values);
    }
    for (name, values) in
        ["target_treeids", "target_nodeids", "target_ids"].into_iter().zip(nodes.leaves)
    {
        w.set_ints(name, values);
    }
    if !trees.hits.is_empty() {
        w.set_floats("nodes_hitrates", nodes.hits);
    }
    w.set_floats("nodes_values", nodes.values);
    w.set_floats("target_weights", nodes.weights);
    w.set(AttributeProto {
        name: "nodes_modes".to_owned(),
        r#type: 8,
        strings: nodes.modes.into_iter().map(|mode| mode.as_bytes().into()).collect(),
        ..AttributeProto::default()
    });
    w.set_int("n_targets", targets);
    w.set_text("aggregate_function", aggregate);
    w.set_text("post_transform", transform);
    Ok(())
}

impl Trees {
    fn of(w: &Working<'_, '_>) -> Result<Self, String> {
        let ints = |name: &str| w.ints(name).unwrap_or_default();
        let side = |ids: &str, flags: &str| -> Result<Vec<(usize, bool)>, String> {
            let pairs = ints(ids).into_iter().zip(ints(flags));
            pairs
                .map(|(id, leaf)| {
                    Ok((usize::try_from(id).ok().ok_or("a child is below zero")?, leaf != 0))
                })
                .collect()
        };
        let modes = tensor(w, "nodes_modes", 2)?.ok_or("`nodes_modes` is not given")?;
        let members = floats(w, "membership_values")?;
        Ok(Self {
            features: ints("nodes_featureids"),
            modes,
            splits: floats(w, "nodes_splits")?,
            hits: floats(w, "nodes_hitrates")?,
            missing: ints("nodes_missing_value_tracks_true"),
            children: [
                side("nodes_truenodeids", "nodes_trueleafs")?,
                side("nodes_falsenodeids", "nodes_falseleafs")?,
            ],
            targets: ints("leaf_targetids"),
            weights: floats(w, "leaf_weights")?,
            sets: members.split(|value| value.is_nan()).map(<[f32]>::to_vec).collect(),
        })
    }

    /// A tree from its root on, node by node.
    fn walk(
        &self,
        tree: i64,
        root: usize,
        seen: &mut BTreeSet<usize>,
        into: &mut Nodes,
    ) -> Result<(), String> {
        // What is to be written, under which id.
        let mut open = vec![(root, false, 0_i64)];
        let mut next = 1_i64;
        let mut fresh = || {
            next += 1;
            next - 1
        };
        while let Some((at, leaf, id)) = open.pop() {
            if leaf {
                into.leaf(tree, id, self.targets.get(at).copied(), self.weights.get(at).copied())?;
                continue;
            }
            if !seen.insert(at) {
                return Err(format!("node {at} is reached in more than one way"));
            }
            let lost = || format!("node {at} is not whole");
            let [yes, no] = self.children.each_ref().map(|side| side.get(at).copied());
            let (yes, no) = (yes.ok_or_else(lost)?, no.ok_or_else(lost)?);
            let mode = usize::from(self.modes.get(at).copied().ok_or_else(lost)?);
            let (values, mode) = match MODES.get(mode) {
                Some(mode) => (vec![self.splits.get(at).copied().ok_or_else(lost)?], *mode),
                None => (self.set(at)?.to_vec(), EQUAL),
            };
            if values.is_empty() || values.len() > 1 && !yes.1 {
                return Err(format!(
                    "node {at} asks for a set of {} and leads to more than a leaf",
                    values.len()
                ));
            }
            let mut own = id;
            let last = values.len() - 1;
            for (i, value) in values.into_iter().enumerate() {
                let (first, second) = (fresh(), fresh());
                into.branch(self, tree, own, at, (mode, value), (first, second));
                open.push((yes.0, yes.1, first));
                if i == last {
                    open.push((no.0, no.1, second));
                }
                own = second;
            }
        }
        Ok(())
    }

    /// The members that a node asks for.
    fn set(&self, at: usize) -> Result<&[f32], String> {
        let before = self.modes.iter().take(at).filter(|mode| usize::from(**mode) == MODES.len());
        let set = self.sets.get(before.count()).map(Vec::as_slice);
        set.ok_or_else(|| format!("node {at} has no set"))
    }
}

impl Nodes {
    fn common(&mut self, tree: i64, id: i64) {
        self.trees.push(tree);
        self.ids.push(id);
    }

    fn branch(
        &mut self,
        of: &Trees,
        tree: i64,
        id: i64,
        at: usize,
        (mode, value): (&'static str, f32),
        (yes, no): (i64, i64),
    ) {
        self.common(tree, id);
        self.features.push(of.features.get(at).copied().unwrap_or(0));
        self.values.push(value);
        self.hits.push(of.hits.get(at).copied().unwrap_or(0.0));
        self.modes.push(mode);
        self.yes.push(yes);
        self.no.push(no);
        self.missing.push(of.missing.get(at).copied().unwrap_or(0));
    }

    fn leaf(
        &mut self,
        tree: i64,
        id: i64,
        target: Option<i64>,
        weight: Option<f32>,
    ) -> Result<(), String> {
        let (target, weight) = target.zip(weight).ok_or("a leaf does not exist")?;
        self.common(tree, id);
        self.features.push(0);
        self.values.push(0.0);
        self.hits.push(0.0);
        self.modes.push("LEAF");
        self.yes.push(0);
        self.no.push(0);
        self.missing.push(0);
        for (list, value) in self.leaves.iter_mut().zip([tree, id, target]) {
            list.push(value);
        }
        self.weights.push(weight);
        Ok(())
    }
}

/// The bytes of a tensor attribute of this element type.
fn tensor(w: &Working<'_, '_>, name: &str, kind: i32) -> Result<Option<Vec<u8>>, String> {
    let Some(tensor) = w.attribute(name).and_then(|attribute| attribute.t.as_ref()) else {
        return Ok(None);
    };
    if tensor.data_type != kind {
        return Err(format!("`{name}` is not of the type that the older operator has"));
    }
    own(tensor).map(Some).ok_or_else(|| format!("`{name}` does not lie in the model"))
}

/// The elements of a tensor that lie in the message.
fn own(tensor: &TensorProto) -> Option<Vec<u8>> {
    if !tensor.external_data.is_empty() {
        return None;
    }
    Some(match (&tensor.raw_data, tensor.data_type) {
        (Some(raw), _) => raw.to_vec(),
        (None, 1) => tensor.float_data.iter().flat_map(|value| value.to_le_bytes()).collect(),
        (None, _) => tensor
            .int32_data
            .iter()
            .map(|value| u8::try_from(*value).ok())
            .collect::<Option<_>>()?,
    })
}

fn floats(w: &Working<'_, '_>, name: &str) -> Result<Vec<f32>, String> {
    let bytes = tensor(w, name, 1)?.unwrap_or_default();
    Ok(view::words(&bytes).map(f32::from_le_bytes).collect())
}
