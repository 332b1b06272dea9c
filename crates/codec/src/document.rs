use bytes::Bytes;
use holdall_diag::Report;
use holdall_source::Limits;
use serde_json::Value;

use crate::Options;

/// What a format's own checks found in a file.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// The findings.
    pub report: Report,
    /// Every value with its type, where the format has values.
    pub values: Vec<TypedValue>,
}

/// A value of a model and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedValue {
    /// Where it is made.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its type, for people and scripts: `float[N, 3]`.
    pub value_type: String,
}

/// What differs between two files of a format.
#[derive(Clone, Debug, PartialEq)]
pub struct FileDifference {
    /// Which part of a model it is in: `stamp`, `inputs`, `nodes`, `weights`.
    pub area: &'static str,
    /// What it is about.
    pub what: String,
    /// What the older file says; nothing when it does not have it.
    pub old: Option<String>,
    /// What the newer file says; nothing when it does not have it.
    pub new: Option<String>,
    /// Figures that go with it.
    pub detail: Option<Value>,
}

/// How a file is written again as a file of its own format.
#[derive(Clone, Debug)]
pub struct RewriteRequest<'o> {
    /// Options of the format.
    pub options: &'o Options,
    /// What reading may spend.
    pub limits: Limits,
    /// The name of the file to be written, without its folder.
    pub name: String,
    /// Whether it will stand in the folder of the source.
    pub same_folder: bool,
}

/// A file that belongs beside another: its name and its bytes, in parts.
pub type Beside = (String, Vec<Bytes>);

/// A file written again.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// Its bytes, in parts.
    pub parts: Vec<Bytes>,
    /// A file that belongs beside it.
    pub beside: Option<Beside>,
    /// What is worth knowing.
    pub report: Report,
}
