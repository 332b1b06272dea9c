//! Attributes of operators, with the defaults of the specification.

use holdall_diag::{Failure, Location};
use holdall_graph::{Attribute, Node};
use holdall_tensor::Tensor;

use crate::codes;

/// A failure at a node.
pub(super) fn refuse(node: &Node, what: impl Into<String>) -> Failure {
    Failure::unsupported(codes::OPERATOR, format!("`{}`: {}", node.op_type, what.into()))
        .at(place(node))
}

fn wrong(node: &Node, name: &str, expected: &str) -> Failure {
    Failure::malformed(
        codes::ATTRIBUTE,
        format!("`{}`: expected attribute `{name}` to be {expected}", node.op_type),
    )
    .at(place(node))
}

/// Where a node stands: its name, or what it gives.
pub(super) fn place(node: &Node) -> Location {
    Location::model(if node.name.is_empty() {
        format!("node `{}`", node.op_type)
    } else {
        format!("node `{}`", node.name)
    })
}

pub(super) fn int(node: &Node, name: &str, default: i64) -> Result<i64, Failure> {
    match node.attribute(name) {
        None => Ok(default),
        Some(Attribute::Int(value)) => Ok(*value),
        Some(_) => Err(wrong(node, name, "an integer")),
    }
}

pub(super) fn text(node: &Node, name: &str, default: &str) -> Result<String, Failure> {
    match node.attribute(name) {
        None => Ok(default.to_owned()),
        Some(Attribute::String(value)) => String::from_utf8(value.clone())
            .map_err(|error| wrong(node, name, "a text").caused_by(error)),
        Some(_) => Err(wrong(node, name, "a text")),
    }
}

pub(super) fn ints<'n>(node: &'n Node, name: &str) -> Result<&'n [i64], Failure> {
    match node.attribute(name) {
        None => Ok(&[]),
        Some(Attribute::Ints(values)) => Ok(values),
        Some(_) => Err(wrong(node, name, "integers")),
    }
}

pub(super) fn floats(node: &Node, name: &str) -> Result<Vec<f64>, Failure> {
    match node.attribute(name) {
        None => Ok(Vec::new()),
        Some(Attribute::Floats(values)) => Ok(values.iter().map(|&v| f64::from(v)).collect()),
        Some(_) => Err(wrong(node, name, "floats")),
    }
}

pub(super) fn texts(node: &Node, name: &str) -> Result<Vec<String>, Failure> {
    match node.attribute(name) {
        None => Ok(Vec::new()),
        Some(Attribute::Strings(values)) => values
            .iter()
            .map(|value| {
                String::from_utf8(value.to_vec())
                    .map_err(|error| wrong(node, name, "texts").caused_by(error))
            })
            .collect(),
        Some(_) => Err(wrong(node, name, "texts")),
    }
}

pub(super) fn tensor<'n>(node: &'n Node, name: &str) -> Result<Option<&'n Tensor>, Failure> {
    match node.attribute(name) {
        None => Ok(None),
        Some(Attribute::Tensor(tensor)) => Ok(Some(tensor)),
        Some(_) => Err(wrong(node, name, "a tensor")),
    }
}

/// Numbers as floats, or as a tensor under the name with `_as_tensor`; and whether they are the latter.
pub(super) fn numbers(node: &Node, name: &str) -> Result<(Vec<f64>, bool), Failure> {
    match tensor(node, &format!("{name}_as_tensor"))? {
        Some(tensor) => Ok((tensor.to_f64()?, true)),
        None => Ok((floats(node, name)?, false)),
    }
}
