use std::collections::BTreeMap;

use holdall_diag::{Failure, Location};
use serde::{Deserialize, Serialize};

use crate::{codes, onnxruntime};

/// What a server is: the document `server.json`, schema `schemas/server-1.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Always `holdall/server/1`.
    pub schema: String,
    /// Name of the server.
    pub name: String,
    /// Model runtimes it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<Runtime>,
    /// Its Python environment, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Python>,
    /// Its machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// A model runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Kind in lower case: `onnxruntime`.
    pub kind: String,
    /// Version.
    pub version: String,
}

/// A Python environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Python {
    /// Version, for instance `3.11.7`.
    pub version: String,
    /// `CPython`, `PyPy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementation: Option<String>,
    /// Installed distributions and their versions.
    pub packages: BTreeMap<String, String>,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// As `platform.machine()`: `x86_64`, `aarch64`.
    pub machine: String,
    /// As `platform.system()`: `Linux`.
    pub system: String,
}

impl Server {
    /// Reads a server document. Fails with `compat/server` and line and column.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Failure> {
        let malformed = |message: String, location: Location| {
            Failure::malformed(codes::SERVER, message).at(location)
        };
        let server: Self = serde_json::from_slice(bytes).map_err(|error| {
            let location = Location::line(error.line() as u64, error.column() as u64);
            malformed(format!("not a server document: {error}"), location)
        })?;
        if server.schema != "holdall/server/1" {
            return Err(malformed(
                format!("expected schema `holdall/server/1`, found `{}`", server.schema),
                Location::path(holdall_diag::PathKind::JsonPointer, "/schema"),
            ));
        }
        Ok(server)
    }

    /// A server by name: `onnxruntime@1.20`. Fails with `compat/preset` for an unknown one.
    pub fn preset(text: &str) -> Result<Self, Failure> {
        let unknown = || {
            Failure::usage(codes::PRESET, format!("there is no server preset `{text}`"))
                .with_help("presets are `onnxruntime@VERSION`; otherwise name a `server.json` file")
        };
        let (kind, version) = text.split_once('@').ok_or_else(unknown)?;
        if kind != "onnxruntime" || onnxruntime::limits(version).is_none() {
            return Err(unknown());
        }
        Ok(Self {
            schema: "holdall/server/1".to_owned(),
            name: text.to_owned(),
            runtimes: vec![Runtime { kind: kind.to_owned(), version: version.to_owned() }],
            ..Self::default()
        })
    }
}
