//! The operators of every domain in every version, from `data/onnx_operators.json`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

/// What the specification says of one version of an operator.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of the table")]
pub struct Schema {
    /// The operator set version that brought it.
    pub since: i64,
    #[serde(rename = "in")]
    inputs: Vec<Param>,
    #[serde(rename = "out")]
    outputs: Vec<Param>,
    /// Fewest and most inputs.
    #[serde(rename = "n_in")]
    pub input_count: (usize, Option<usize>),
    /// Fewest and most outputs.
    #[serde(rename = "n_out")]
    pub output_count: (usize, Option<usize>),
    /// Its attributes.
    #[serde(rename = "attrs")]
    pub attributes: BTreeMap<String, AttributeRule>,
    types: BTreeMap<String, usize>,
    /// Whether it is kept for old models only.
    #[serde(default)]
    pub deprecated: bool,
    /// Whether it may change without notice.
    #[serde(default)]
    pub experimental: bool,
    /// Whether the specification gives it as a function of other operators.
    #[serde(default)]
    pub function: bool,
    /// Whether the words of the specification are those of the version before, types apart.
    #[serde(default)]
    pub same_text: bool,
    /// Sides (`in`, `out`) whose variadic elements may be of different types.
    #[serde(default)]
    mixed: Vec<String>,
}

/// What may be said in an attribute.
#[derive(Debug, Deserialize)]
pub struct AttributeRule {
    /// `INT`, `FLOATS`, `GRAPH` and so on.
    #[serde(rename = "t")]
    pub kind: String,
    /// Whether a node must have it.
    #[serde(rename = "req", default)]
    pub required: bool,
    /// What holds without it.
    #[serde(rename = "d")]
    pub default: Option<Value>,
}

/// How often a parameter occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// Once.
    Once,
    /// Once or not at all.
    Optional,
    /// Any number of times, last.
    Variadic,
}

/// A formal input or output.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Param {
    /// Its name in the specification.
    pub name: String,
    /// How often it occurs.
    pub occurs: Occurs,
    /// A type variable of the operator, or a type.
    pub type_name: String,
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        let (name, type_name) = text.split_once(':').unwrap_or((&text, ""));
        let (name, occurs) = match (name.strip_suffix('?'), name.strip_suffix('*')) {
            (Some(name), _) => (name, Occurs::Optional),
            (_, Some(name)) => (name, Occurs::Variadic),
            (None, None) => (name, Occurs::Once),
        };
        Self { name: name.to_owned(), occurs, type_name: type_name.to_owned() }
    }
}

impl Schema {
    /// The formal parameter of an input.
    pub fn input(&self, position: usize) -> Option<&Param> {
        at(&self.inputs, position)
    }

    /// The formal parameter of an output.
    pub fn output(&self, position: usize) -> Option<&Param> {
        at(&self.outputs, position)
    }

    /// Its formal inputs.
    pub fn inputs(&self) -> &[Param] {
        &self.inputs
    }

    /// Its formal outputs.
    pub fn outputs(&self) -> &[Param] {
        &self.outputs
    }

    /// The types that a type variable stands for; `None` when it is a type itself.
    pub fn types(&self, variable: &str) -> Option<&'static [String]> {
        TABLE.type_sets.get(*self.types.get(variable)?).map(Vec::as_slice)
    }

    /// Whether the variadic inputs may be of different types.
    pub fn mixed_inputs(&self) -> bool {
        self.mixed.iter().any(|side| side == "in")
    }

    /// Whether the variadic outputs may be of different types.
    pub fn mixed_outputs(&self) -> bool {
        self.mixed.iter().any(|side| side == "out")
    }
}

fn at(params: &[Param], position: usize) -> Option<&Param> {
    params.get(position).or_else(|| params.last().filter(|p| p.occurs == Occurs::Variadic))
}

#[derive(Deserialize)]
struct Table {
    latest_opset: BTreeMap<String, i64>,
    type_sets: Vec<Vec<String>>,
    domains: BTreeMap<String, BTreeMap<String, Vec<Schema>>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // The file is part of the source; a test reads it.
    serde_json::from_str(include_str!("../../../data/onnx_operators.json")).unwrap_or_else(|_| {
        Table { latest_opset: BTreeMap::new(), type_sets: Vec::new(), domains: BTreeMap::new() }
    })
});

fn key(domain: &str) -> &str {
    if domain.is_empty() { "ai.onnx" } else { domain }
}

/// Whether operators of the domain are known. The default domain is the empty text.
pub fn is_known_domain(domain: &str) -> bool {
    TABLE.latest_opset.contains_key(key(domain))
}

/// The newest operator set of a domain.
pub fn latest(domain: &str) -> Option<i64> {
    TABLE.latest_opset.get(key(domain)).copied()
}

/// All versions of an operator, oldest first.
pub fn versions(domain: &str, op: &str) -> Option<&'static [Schema]> {
    TABLE.domains.get(key(domain))?.get(op).map(Vec::as_slice)
}

/// The version of an operator that an operator set has.
pub fn schema(domain: &str, op: &str, opset: i64) -> Option<&'static Schema> {
    versions(domain, op)?.iter().rev().find(|schema| schema.since <= opset)
}

/// The names of all operators of a domain.
pub fn names(domain: &str) -> impl Iterator<Item = &'static str> {
    TABLE.domains.get(key(domain)).into_iter().flat_map(|ops| ops.keys().map(String::as_str))
}
