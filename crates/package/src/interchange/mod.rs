//! The package in the documents of other tools, both ways: out of a [`Manifest`](crate::Manifest) for
//! tools that cannot read it, and into a [`Draft`] of `holdall.toml` from what a project has already.

pub mod cyclonedx;
mod draft;
pub mod kitfile;
pub mod mlflow;
pub mod model_card;
pub mod modelpack;
pub mod spdx3;

pub use draft::{Draft, DraftData, DraftFigure};

use holdall_diag::Failure;
use holdall_source::Source;
use serde_json::Value;

use crate::{codes, yaml};

/// The text of a small file of another tool.
fn text(source: &Source) -> Result<String, Failure> {
    if source.len() > yaml::YAML_LIMIT {
        let message =
            format!("the file has {} bytes, {} are allowed", source.len(), yaml::YAML_LIMIT);
        return Err(Failure::limit(codes::YAML, message).at(source.location()));
    }
    let bytes = source.bytes()?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        Failure::malformed(codes::YAML, "the file is not UTF-8")
            .at(source.location())
            .caused_by(error)
    })
}

/// A YAML document.
fn document(source: &Source) -> Result<Value, Failure> {
    yaml::read(&text(source)?, codes::YAML).map_err(|failure| failure.in_file(source.name()))
}

/// The text at a JSON pointer; numbers are written out.
fn at(document: &Value, pointer: &str) -> Option<String> {
    match document.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::String(_) => {
            None
        }
    }
}

/// The texts of a list, or of one text that stands for a list.
fn list(document: &Value, pointer: &str) -> Vec<String> {
    match document.pointer(pointer) {
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}
