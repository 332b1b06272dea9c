//! What differs between two models: versions, interface, structure, attributes, weights by statistics. Parts
//! are told by their names, nodes by what they give, and by their own name where that changed.

mod nodes;
mod numbers;

use std::collections::{BTreeMap, BTreeSet};

use holdall_codec::FileDifference;
use holdall_diag::Failure;
use holdall_source::{Budget, Limits, Source};
use serde_json::Value;

use crate::{
    decode::{self, Siblings},
    proto::{FunctionProto, GraphProto, ModelProto, StringStringEntryProto, ValueInfoProto},
    view,
};

/// Says what differs between two model files.
pub(crate) fn compare(
    old: &Source,
    new: &Source,
    limits: Limits,
) -> Result<Vec<FileDifference>, Failure> {
    let read = |source: &Source| {
        decode::typed(source, &mut Budget::new(limits)).map_err(|f| f.in_file(source.name()))
    };
    let (a, b) = (read(old)?, read(new)?);
    let mut comparing = Comparing {
        found: Vec::new(),
        old: Siblings::of(old),
        new: Siblings::of(new),
        budget: Budget::new(limits),
    };
    comparing.stamps(&a, &b);
    let empty = GraphProto::default();
    comparing.graph(a.graph.as_ref().unwrap_or(&empty), b.graph.as_ref().unwrap_or(&empty), "")?;
    comparing.functions(&a, &b)?;
    Ok(comparing.found)
}

/// A comparison under way.
struct Comparing<'a, 'b> {
    found: Vec<FileDifference>,
    old: Siblings<'a>,
    new: Siblings<'b>,
    budget: Budget,
}

impl Comparing<'_, '_> {
    fn add(
        &mut self,
        area: &'static str,
        what: impl Into<String>,
        old: Option<String>,
        new: Option<String>,
        detail: Option<Value>,
    ) {
        self.found.push(FileDifference { area, what: what.into(), old, new, detail });
    }

    /// Adds a difference unless both sides say the same.
    fn text(&mut self, area: &'static str, what: &str, old: &str, new: &str) {
        if old != new {
            let side = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            self.add(area, what, side(old), side(new), None);
        }
    }

    fn stamps(&mut self, a: &ModelProto, b: &ModelProto) {
        let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        self.text("stamp", "IR version", &number(a.ir_version), &number(b.ir_version));
        self.text("stamp", "producer", &a.producer_name, &b.producer_name);
        self.text("stamp", "producer version", &a.producer_version, &b.producer_version);
        self.text("stamp", "domain", &a.domain, &b.domain);
        self.text(
            "stamp",
            "model version",
            &a.model_version.to_string(),
            &b.model_version.to_string(),
        );
        self.text("stamp", "description", &a.doc_string, &b.doc_string);
        let opsets = |model: &ModelProto| -> BTreeMap<String, String> {
            let entry = |o: &crate::proto::OperatorSetIdProto| {
                let domain = decode::domain(o.domain.clone());
                let shown = if domain.is_empty() { "ai.onnx".to_owned() } else { domain };
                (format!("operator set {shown}"), o.version.to_string())
            };
            model.opset_import.iter().map(entry).collect()
        };
        self.maps("stamp", &opsets(a), &opsets(b));
        self.entries("metadata", &a.metadata_props, &b.metadata_props);
        self.text(
            "training",
            "parts",
            &a.training_info.len().to_string(),
            &b.training_info.len().to_string(),
        );
    }

    fn entries(
        &mut self,
        area: &'static str,
        a: &[StringStringEntryProto],
        b: &[StringStringEntryProto],
    ) {
        let map = |list: &[StringStringEntryProto]| -> BTreeMap<String, String> {
            list.iter().map(|e| (e.key.clone(), short(&e.value))).collect()
        };
        self.maps(area, &map(a), &map(b));
    }

    fn maps(
        &mut self,
        area: &'static str,
        a: &BTreeMap<String, String>,
        b: &BTreeMap<String, String>,
    ) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (old, new) = (a.get(key), b.get(key));
            if old != new {
                self.add(area, key.as_str(), old.cloned(), new.cloned(), None);
            }
        }
    }

    /// Two graphs. It calls itself for subgraphs, whose depth the protobuf decoder bounds.
    fn graph(&mut self, a: &GraphProto, b: &GraphProto, at: &str) -> Result<(), Failure> {
        self.text("stamp", &format!("{at}graph name"), &a.name, &b.name);
        self.values("inputs", &a.input, &b.input, at);
        self.values("outputs", &a.output, &b.output, at);
        self.nodes(&a.node, &b.node, at)?;
        self.weights(a, b, at)?;
        self.text(
            "weights",
            &format!("{at}sparse initializers"),
            &a.sparse_initializer.len().to_string(),
            &b.sparse_initializer.len().to_string(),
        );
        if a.quantization_annotation != b.quantization_annotation {
            let count =
                |g: &GraphProto| Some(format!("{} annotations", g.quantization_annotation.len()));
            self.add("quantization", format!("{at}annotations"), count(a), count(b), None);
        }
        Ok(())
    }

    fn values(&mut self, area: &'static str, a: &[ValueInfoProto], b: &[ValueInfoProto], at: &str) {
        let map = |list: &[ValueInfoProto]| -> BTreeMap<String, String> {
            list.iter()
                .map(|v| {
                    let ty =
                        view::declared(v).map_or_else(|| "no type".to_owned(), |t| t.to_string());
                    (format!("{at}{}", v.name), ty)
                })
                .collect()
        };
        self.maps(area, &map(a), &map(b));
        let order = |list: &[ValueInfoProto]| -> Vec<String> {
            list.iter().map(|v| v.name.clone()).collect()
        };
        let (old, new) = (order(a), order(b));
        let (mut x, mut y) = (old.clone(), new.clone());
        x.sort();
        y.sort();
        if x == y && old != new {
            self.add(area, format!("{at}order"), Some(old.join(", ")), Some(new.join(", ")), None);
        }
    }

    fn weights(&mut self, a: &GraphProto, b: &GraphProto, at: &str) -> Result<(), Failure> {
        let map = |graph: &GraphProto| -> BTreeMap<String, usize> {
            graph.initializer.iter().enumerate().map(|(i, t)| (t.name.clone(), i)).collect()
        };
        let (x, y) = (map(a), map(b));
        let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        for name in names {
            let was = x.get(name).and_then(|i| a.initializer.get(*i));
            let is = y.get(name).and_then(|i| b.initializer.get(*i));
            self.tensors("weights", &format!("{at}{name}"), was, is)?;
        }
        Ok(())
    }

    fn functions(&mut self, a: &ModelProto, b: &ModelProto) -> Result<(), Failure> {
        let map = |model: &ModelProto| -> BTreeMap<String, usize> {
            let name = |f: &FunctionProto| {
                let (domain, name, overload) = crate::check::key(f);
                format!("{domain}.{name}{}{overload}", if overload.is_empty() { "" } else { ":" })
            };
            model.functions.iter().enumerate().map(|(i, f)| (name(f), i)).collect()
        };
        let (x, y) = (map(a), map(b));
        let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
        for name in names {
            let was = x.get(name).and_then(|i| a.functions.get(*i));
            let is = y.get(name).and_then(|i| b.functions.get(*i));
            let size = |f: &FunctionProto| format!("{} nodes", f.node.len());
            match (was, is) {
                (Some(was), Some(is)) => {
                    let at = format!("{name}: ");
                    self.text(
                        "functions",
                        &format!("{at}inputs"),
                        &was.input.join(", "),
                        &is.input.join(", "),
                    );
                    self.text(
                        "functions",
                        &format!("{at}outputs"),
                        &was.output.join(", "),
                        &is.output.join(", "),
                    );
                    self.nodes(&was.node, &is.node, &at)?;
                }
                (was, is) => {
                    self.add("functions", name.as_str(), was.map(size), is.map(size), None);
                }
            }
        }
        Ok(())
    }
}

/// A text, cut where it is long.
fn short(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
