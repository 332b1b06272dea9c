use serde::{Deserialize, Serialize};

use crate::digest::{Digests, Hex32};

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name of a person or a team.
    pub name: String,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What to ask them about, such as `owner` or `author`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl Person {
    /// A person from `Name <address>`, the way authors are written in package files.
    pub fn from_text(text: &str, role: Option<&str>) -> Self {
        let address = text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
        let (name, email) = match address {
            Some((name, email)) => (name, Some(email.trim().to_owned())),
            None => (text, None),
        };
        Self { name: name.trim().to_owned(), email, role: role.map(str::to_owned) }
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.email.as_ref().map_or(Ok(()), |email| write!(f, " <{email}>"))
    }
}

/// One file of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Path below the root, with `/`.
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// Stable id of the format, such as `onnx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Version of the format, as the format says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// Media type.
    pub media_type: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Hex32,
    /// BLAKE3 of the bytes.
    pub blake3: Hex32,
}

impl Artifact {
    /// What it says of the bytes.
    pub fn digests(&self) -> Digests {
        Digests { size: self.size, sha256: self.sha256, blake3: self.blake3 }
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The model as it was trained.
    Model,
    /// A model that was converted from another one of the package.
    ConvertedModel,
    /// Weights that a model refers to.
    Weights,
    /// Code of the pipeline or of the model.
    Code,
    /// A step before the model.
    Preprocessing,
    /// A sample of data.
    Sample,
    /// Something to read.
    Documentation,
    /// A data profile.
    Profile,
    /// A proof.
    Evidence,
    /// A list of dependencies.
    Environment,
    /// A description of a server.
    Target,
    /// Anything else.
    Other,
}

/// One input or output of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSchema {
    /// Name.
    pub name: String,
    /// Element type, such as `f64` or `text`.
    pub dtype: String,
    /// Shape, when it is more than one value a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<Shape>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Unit of measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The values it may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// What the model does when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// One dimension of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shape {
    /// A fixed extent.
    Size(u64),
    /// An extent known by name only.
    Symbol(String),
}

/// The values that a field may have: a list of them, or a range of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Domain {
    /// Exactly these.
    Values(Vec<DomainValue>),
    /// All numbers of a range.
    Range(DomainRange),
}

/// A range of numbers, both ends included; an end that is absent is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainRange {
    /// The least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// One value of a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DomainValue {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// One figure of performance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What was measured.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// The data set it was measured on, by role or name.
    pub dataset: String,
    /// Which way is better.
    pub direction: Direction,
    /// The figure that must be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Unit of the figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Confidence interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How much of the probability lies in the interval, such as `0.95`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_level: Option<f64>,
    /// The part of the data set it was measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Evaluation {
    /// Whether the threshold is reached; nothing when there is none.
    pub fn reached(&self) -> Option<bool> {
        self.threshold.map(|threshold| match self.direction {
            Direction::Higher => self.value >= threshold,
            Direction::Lower => self.value <= threshold,
        })
    }
}

/// Requests with the answers that a server must give, carried as files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The file with the rows to send.
    pub requests: String,
    /// The file with the answers, row by row.
    pub expected: String,
    /// Number of rows.
    pub rows: u64,
    /// How far a number may be off, whatever its size.
    pub absolute: f64,
    /// How far a number may be off, as a share of its size.
    pub relative: f64,
}

/// A data profile, carried as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The file.
    pub path: String,
    /// Which side of the model it describes.
    pub role: ProfileRole,
}

/// Which side of the model a profile describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileRole {
    /// What goes in.
    Input,
    /// What comes out.
    Output,
}

/// A proof, carried as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What kind of proof, such as `conversion-proof`.
    pub kind: String,
    /// The file.
    pub path: String,
    /// What the proof starts from.
    pub source: Subject,
    /// What it holds against it.
    pub target: Subject,
    /// The result, such as `equal`.
    pub verdict: String,
}

/// A file that a proof is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its path.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Hex32,
}

/// A server that the model is meant for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// A description of the server in the package, or the name of a preset.
    pub server: String,
}
