use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the model needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependencies {
    /// Python versions, as a specifier such as `>=3.11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
    /// The file in the package with what is needed to load the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements_file: Option<String>,
    /// What is needed to load the model, read from that file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// What was there when the model was trained, beyond what loading needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// Exact versions of everything, from a lock file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// Libraries whose versions stand in the bytes of a model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FoundLibrary>,
    /// Operator sets of the models that have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operator_sets: Vec<OperatorSets>,
    /// Runtimes that load one of the models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<Runtime>,
    /// Libraries of the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<SystemLibrary>,
    /// What the machine must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
}

impl Dependencies {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One requirement (PEP 508).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Normalised name (PEP 503).
    pub name: String,
    /// Extras, normalised and sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<String>,
    /// Version specifiers, such as `==1.5.2` or `>=1,<2`; empty means any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub specifier: String,
    /// Where it is fetched from, for `name @ url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Environment marker, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Hashes of the distributions, such as `sha256:…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
}

/// A library whose version stands in the bytes of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundLibrary {
    /// Name of the library.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file in whose bytes it stands.
    pub artifact: String,
    /// Whether loading that file needs the library, or it was only present when the model was made.
    pub needed_to_load: bool,
}

/// What was there when the model was trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The requirements file in the package.
    pub file: String,
    /// The requirements, read from that file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
}

/// A lock file: exact versions of everything that was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The file in the package.
    pub file: String,
    /// What wrote it: `requirements`, `pylock`, `uv`, `poetry`, `pdm` or `pipenv`.
    pub format: String,
    /// The packages, by name.
    pub packages: Vec<Locked>,
}

/// One package of a lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Normalised name (PEP 503).
    pub name: String,
    /// Exact version.
    pub version: String,
}

/// The operator sets of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorSets {
    /// The model.
    pub artifact: String,
    /// Version of the intermediate representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ir_version: Option<i64>,
    /// Version of each operator set, by domain.
    pub opsets: BTreeMap<String, i64>,
}

/// A runtime that loads a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Its name, such as `onnxruntime`.
    pub name: String,
    /// Version specifiers, such as `>=1.12.1`; empty means any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub specifier: String,
    /// The model that it loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
}

/// A library that the operating system must provide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemLibrary {
    /// Its name, such as `libgomp`.
    pub name: String,
    /// Version, as the library counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What the machine must have. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Instruction sets and their extensions, such as `x86_64` and `avx2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpu: Vec<String>,
    /// The accelerator, such as `cuda>=12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<String>,
    /// Memory of the accelerator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator_memory: Option<u64>,
    /// Memory, as the author measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Computed: no loader gets by with less, because the largest model or weights file has this size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_memory: Option<u64>,
    /// Computed: what the unpacked files take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<u64>,
}
