//! Nodes and their attributes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdall_diag::Failure;
use serde_json::json;

use super::{Comparing, short};
use crate::{
    decode,
    proto::{AttributeProto, NodeProto},
    view,
};

impl Comparing<'_, '_> {
    /// Two lists of nodes.
    pub(super) fn nodes(
        &mut self,
        a: &[NodeProto],
        b: &[NodeProto],
        at: &str,
    ) -> Result<(), Failure> {
        self.budget.step(a.len() as u64 + b.len() as u64)?;
        let pairs = pairs(a, b);
        let mut gone: BTreeSet<usize> = (0..a.len()).collect();
        let mut fresh: BTreeSet<usize> = (0..b.len()).collect();
        for (x, y) in &pairs {
            gone.remove(x);
            fresh.remove(y);
            if let (Some(was), Some(is)) = (a.get(*x), b.get(*y)) {
                self.node(was, is, at)?;
            }
        }
        for i in gone {
            if let Some(node) = a.get(i) {
                self.add("nodes", title(node, at), Some(wiring(node)), None, None);
            }
        }
        for i in fresh {
            if let Some(node) = b.get(i) {
                self.add("nodes", title(node, at), None, Some(wiring(node)), None);
            }
        }
        if pairs.windows(2).any(|w| matches!(w, [(_, p), (_, q)] if p > q)) {
            let said = |text: &str| Some(text.to_owned());
            self.add("nodes", format!("{at}order"), said("as it was"), said("other"), None);
        }
        Ok(())
    }

    fn node(&mut self, a: &NodeProto, b: &NodeProto, at: &str) -> Result<(), Failure> {
        let what = title(b, at);
        let op = |node: &NodeProto| {
            let domain = decode::domain(node.domain.clone());
            if domain.is_empty() {
                node.op_type.clone()
            } else {
                format!("{domain}.{}", node.op_type)
            }
        };
        self.text("nodes", &format!("{what}: operator"), &op(a), &op(b));
        self.text("nodes", &format!("{what}: name"), &a.name, &b.name);
        self.text("nodes", &format!("{what}: inputs"), &a.input.join(", "), &b.input.join(", "));
        self.text("nodes", &format!("{what}: outputs"), &a.output.join(", "), &b.output.join(", "));
        let map = |node: &NodeProto| -> BTreeMap<String, usize> {
            node.attribute.iter().enumerate().map(|(i, a)| (a.name.clone(), i)).collect()
        };
        let (x, y) = (map(a), map(b));
        let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        for name in names {
            let was = x.get(name).and_then(|i| a.attribute.get(*i));
            let is = y.get(name).and_then(|i| b.attribute.get(*i));
            self.attribute(was, is, &format!("{what}: {name}"))?;
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        a: Option<&AttributeProto>,
        b: Option<&AttributeProto>,
        what: &str,
    ) -> Result<(), Failure> {
        let (Some(was), Some(is)) = (a, b) else {
            self.add("attributes", what, a.map(shown), b.map(shown), None);
            return Ok(());
        };
        if let (Some(x), Some(y)) = (&was.g, &is.g) {
            return self.graph(x, y, &format!("{what}: "));
        }
        if was.t.is_some() && is.t.is_some() {
            return self.tensors("attributes", what, was.t.as_ref(), is.t.as_ref());
        }
        if same(was, is) {
            return Ok(());
        }
        let detail = lists(was, is);
        self.add("attributes", what, Some(shown(was)), Some(shown(is)), detail);
        Ok(())
    }
}

/// Positions of nodes that are the same part of both models.
fn pairs(a: &[NodeProto], b: &[NodeProto]) -> Vec<(usize, usize)> {
    let outputs: BTreeMap<&str, usize> = b
        .iter()
        .enumerate()
        .flat_map(|(i, n)| n.output.iter().filter(|o| !o.is_empty()).map(move |o| (o.as_str(), i)))
        .collect();
    let mut taken = BTreeSet::new();
    let mut left = Vec::new();
    let mut found = Vec::new();
    for (i, node) in a.iter().enumerate() {
        let partner = node.output.iter().find_map(|o| outputs.get(o.as_str()).copied());
        match partner.filter(|j| taken.insert(*j)) {
            Some(j) => found.push((i, j)),
            None => left.push(i),
        }
    }
    // Renamed outputs: by the node's own name, then by operator in order.
    for by_name in [true, false] {
        let key = |node: &NodeProto| {
            let own = by_name && !node.name.is_empty();
            if own { Some(node.name.clone()) } else { (!by_name).then(|| node.op_type.clone()) }
        };
        let mut free: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (j, node) in b.iter().enumerate().filter(|(j, _)| !taken.contains(j)) {
            if let Some(key) = key(node) {
                free.entry(key).or_default().push_back(j);
            }
        }
        left.retain(|i| {
            let key = a.get(*i).and_then(key);
            let partner = key.and_then(|key| free.get_mut(&key)?.pop_front());
            if let Some(j) = partner {
                taken.insert(j);
                found.push((*i, j));
            }
            partner.is_none()
        });
    }
    found.sort_unstable();
    found
}

fn title(node: &NodeProto, at: &str) -> String {
    let name = if node.name.is_empty() {
        node.output.first().map_or("", String::as_str)
    } else {
        &node.name
    };
    format!("{at}{} `{name}`", node.op_type)
}

fn wiring(node: &NodeProto) -> String {
    short(&format!("{} → {}", node.input.join(", "), node.output.join(", ")))
}

/// Equal to the bit; NaN equals itself here.
fn same(a: &AttributeProto, b: &AttributeProto) -> bool {
    let bits = |list: &[f32]| list.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
    view::kind(a) == view::kind(b)
        && a.f.map(f32::to_bits) == b.f.map(f32::to_bits)
        && a.i == b.i
        && a.s == b.s
        && bits(&a.floats) == bits(&b.floats)
        && a.ints == b.ints
        && a.strings == b.strings
        && a.ref_attr_name == b.ref_attr_name
        && a.tp == b.tp
        && a.tensors == b.tensors
        && a.graphs == b.graphs
        && a.sparse_tensor == b.sparse_tensor
}

/// An attribute in few words.
fn shown(attribute: &AttributeProto) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let list = |texts: Vec<String>, all: usize| {
        let more = if all > texts.len() { format!(", … {all} in all") } else { String::new() };
        format!("[{}{more}]", texts.join(", "))
    };
    short(&match view::kind(attribute) {
        1 => attribute.f.unwrap_or(0.0).to_string(),
        2 => attribute.i.unwrap_or(0).to_string(),
        3 => text(attribute.s.as_deref().unwrap_or_default()),
        6 => list(
            attribute.floats.iter().take(8).map(f32::to_string).collect(),
            attribute.floats.len(),
        ),
        7 => {
            list(attribute.ints.iter().take(8).map(i64::to_string).collect(), attribute.ints.len())
        }
        8 => list(
            attribute.strings.iter().take(8).map(|s| text(s)).collect(),
            attribute.strings.len(),
        ),
        kind => view::kind_name(kind).to_lowercase(),
    })
}

/// Where two lists differ, and how far.
fn lists(a: &AttributeProto, b: &AttributeProto) -> Option<serde_json::Value> {
    let (len, changed, first, most): (usize, usize, Option<usize>, Option<f64>) =
        match (view::kind(a), view::kind(b)) {
            (6, 6) if a.floats.len() == b.floats.len() => {
                let differ: Vec<usize> = (0..a.floats.len())
                    .filter(|i| {
                        a.floats.get(*i).map(|f| f.to_bits())
                            != b.floats.get(*i).map(|f| f.to_bits())
                    })
                    .collect();
                let most = differ
                    .iter()
                    .filter_map(|i| {
                        Some((f64::from(*a.floats.get(*i)?) - f64::from(*b.floats.get(*i)?)).abs())
                    })
                    .fold(0.0, f64::max);
                (a.floats.len(), differ.len(), differ.first().copied(), Some(most))
            }
            (7, 7) if a.ints.len() == b.ints.len() => {
                let differ: Vec<usize> =
                    (0..a.ints.len()).filter(|i| a.ints.get(*i) != b.ints.get(*i)).collect();
                (a.ints.len(), differ.len(), differ.first().copied(), None)
            }
            (8, 8) if a.strings.len() == b.strings.len() => {
                let differ: Vec<usize> = (0..a.strings.len())
                    .filter(|i| a.strings.get(*i) != b.strings.get(*i))
                    .collect();
                (a.strings.len(), differ.len(), differ.first().copied(), None)
            }
            (_, _) => return None,
        };
    let mut detail = json!({ "elements": len, "changed": changed, "first": first });
    if let (Some(most), Some(object)) = (most, detail.as_object_mut()) {
        object.insert("max_abs".to_owned(), most.into());
    }
    Some(detail)
}
