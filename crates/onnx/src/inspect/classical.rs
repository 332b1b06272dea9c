//! Trees, linear models and support vector machines: what their attributes add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::proto::{AttributeProto, NodeProto};

/// Statistics of one node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Classical {
    pub(super) op: String,
    pub(super) trees: u64,
    pub(super) nodes: u64,
    pub(super) facts: Map<String, Value>,
}

impl Classical {
    /// Whether an operator keeps its weights in attributes.
    pub(super) fn is(op: &str) -> bool {
        op.starts_with("TreeEnsemble") || op.starts_with("Linear") || op.starts_with("SVM")
    }

    /// Looks at a node.
    pub(super) fn of(node: &NodeProto) -> Self {
        let mut found = Self { op: node.op_type.clone(), ..Self::default() };
        found.facts.insert("operator".to_owned(), node.op_type.as_str().into());
        if !node.name.is_empty() {
            found.facts.insert("node".to_owned(), node.name.as_str().into());
        }
        let look = Look(node);
        if node.op_type == "TreeEnsemble" {
            trees5(&look, &mut found);
        } else if node.op_type.starts_with("TreeEnsemble") {
            trees(&look, &mut found);
        } else {
            linear(&look, &mut found);
        }
        for name in ["post_transform", "aggregate_function", "kernel_type"] {
            if let Some(attribute) = look.attribute(name) {
                let value: Value = match (&attribute.s, attribute.i) {
                    (Some(text), _) => String::from_utf8_lossy(text).into_owned().into(),
                    (None, Some(number)) => number.into(),
                    (None, None) => continue,
                };
                found.facts.insert(name.to_owned(), value);
            }
        }
        found
    }

    fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// As a JSON object.
    pub(super) fn json(&self) -> Value {
        Value::Object(self.facts.clone())
    }
}

struct Look<'n>(&'n NodeProto);

impl<'n> Look<'n> {
    fn attribute(&self, name: &str) -> Option<&'n AttributeProto> {
        self.0.attribute.iter().find(|a| a.name == name)
    }

    fn ints(&self, name: &str) -> &'n [i64] {
        self.attribute(name).map_or(&[], |a| &a.ints)
    }

    fn floats(&self, name: &str) -> &'n [f32] {
        self.attribute(name).map_or(&[], |a| &a.floats)
    }

    fn classes(&self) -> usize {
        ["classlabels_strings", "classlabels_int64s", "classlabels_ints"]
            .into_iter()
            .filter_map(|name| self.attribute(name))
            .map(|a| a.strings.len().max(a.ints.len()))
            .max()
            .unwrap_or(0)
    }
}

fn trees(look: &Look<'_>, found: &mut Classical) {
    let ids = look.ints("nodes_treeids");
    let modes = look.attribute("nodes_modes").map_or(&[][..], |a| &a.strings);
    let leaf = |i: usize| modes.get(i).is_some_and(|m| &**m == b"LEAF");
    found.nodes = ids.len() as u64;
    found.trees = ids.iter().collect::<BTreeSet<_>>().len() as u64;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for mode in modes {
        *counts.entry(String::from_utf8_lossy(mode).into_owned()).or_default() += 1;
    }
    let columns: BTreeSet<i64> = look
        .ints("nodes_featureids")
        .iter()
        .enumerate()
        .filter(|(i, _)| !leaf(*i))
        .map(|(_, id)| *id)
        .collect();
    let keys: BTreeMap<(i64, i64), usize> =
        ids.iter().copied().zip(look.ints("nodes_nodeids").iter().copied()).zip(0..).collect();
    let child = |i: usize, name: &str| {
        let tree = *ids.get(i)?;
        keys.get(&(tree, *look.ints(name).get(i)?)).copied()
    };
    let children: Vec<[Option<usize>; 2]> = (0..ids.len())
        .map(|i| {
            if leaf(i) {
                [None; 2]
            } else {
                [child(i, "nodes_truenodeids"), child(i, "nodes_falsenodeids")]
            }
        })
        .collect();
    found.fact("trees", found.trees);
    found.fact("nodes", found.nodes);
    found.fact("leaves", counts.get("LEAF").copied().unwrap_or(0));
    found.fact("depth", depth(&children));
    found.fact("columns", columns.len());
    found
        .fact("modes", counts.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Map<_, _>>());
    let classes = look.classes();
    if classes > 0 {
        found.fact("classes", classes);
    } else {
        found.fact("targets", look.attribute("n_targets").and_then(|a| a.i).unwrap_or(1));
    }
    base_values(look, found);
}

fn base_values(look: &Look<'_>, found: &mut Classical) {
    let base = look.floats("base_values");
    if !base.is_empty() {
        found.fact("base_values", base.iter().take(16).map(|v| json!(v)).collect::<Vec<_>>());
    }
}

fn trees5(look: &Look<'_>, found: &mut Classical) {
    let count = look.ints("nodes_featureids").len();
    found.trees = look.ints("tree_roots").len() as u64;
    found.nodes = count as u64;
    let child = |i: usize, ids: &str, flags: &str| {
        (look.ints(flags).get(i) == Some(&0))
            .then(|| usize::try_from(*look.ints(ids).get(i)?).ok())
            .flatten()
            .filter(|c| *c < count)
    };
    let children: Vec<[Option<usize>; 2]> = (0..count)
        .map(|i| {
            [
                child(i, "nodes_truenodeids", "nodes_trueleafs"),
                child(i, "nodes_falsenodeids", "nodes_falseleafs"),
            ]
        })
        .collect();
    let columns: BTreeSet<&i64> = look.ints("nodes_featureids").iter().collect();
    found.fact("trees", found.trees);
    found.fact("nodes", found.nodes);
    found.fact("leaves", look.ints("leaf_targetids").len());
    // A node has leaves below it.
    found.fact("depth", depth(&children) + 1);
    found.fact("columns", columns.len());
    found.fact("targets", look.attribute("n_targets").and_then(|a| a.i).unwrap_or(1));
}

/// The most branches on a way down; a way that comes back to itself ends there.
fn depth(children: &[[Option<usize>; 2]]) -> u64 {
    let mut below: Vec<Option<u64>> = vec![None; children.len()];
    let mut on_way = vec![false; children.len()];
    let mut most = 0;
    for start in 0..children.len() {
        let mut way = vec![start];
        while let Some(&node) = way.last() {
            if below.get(node).copied().flatten().is_some() {
                way.pop();
                continue;
            }
            if let Some(slot) = on_way.get_mut(node) {
                *slot = true;
            }
            let sides = children.get(node).copied().unwrap_or_default();
            let open = |c: &usize| below.get(*c) == Some(&None) && on_way.get(*c) == Some(&false);
            if let Some(next) = sides.into_iter().flatten().find(open) {
                way.push(next);
                continue;
            }
            let deepest = sides
                .into_iter()
                .flatten()
                .map(|c| below.get(c).copied().flatten().unwrap_or(0))
                .max();
            let of = deepest.map_or(0, |deepest| deepest + 1);
            if let (Some(slot), Some(flag)) = (below.get_mut(node), on_way.get_mut(node)) {
                *slot = Some(of);
                *flag = false;
            }
            most = most.max(of);
            way.pop();
        }
    }
    most
}

fn linear(look: &Look<'_>, found: &mut Classical) {
    let coefficients = look.floats("coefficients");
    found.fact("coefficients", coefficients.len());
    found.fact("zero_coefficients", coefficients.iter().filter(|c| c.abs() == 0.0).count());
    if !look.floats("intercepts").is_empty() {
        found.fact("intercepts", look.floats("intercepts").len());
    }
    let classes = look.classes();
    if classes > 0 {
        found.fact("classes", classes);
    } else if found.op == "LinearRegressor" {
        found.fact("targets", look.attribute("targets").and_then(|a| a.i).unwrap_or(1));
    }
    let vectors: i64 = look.ints("vectors_per_class").iter().fold(0, |n, v| n.saturating_add(*v));
    let supports = look.attribute("n_supports").and_then(|a| a.i).unwrap_or(vectors);
    if supports > 0 {
        found.fact("support_vectors", supports);
    }
}
