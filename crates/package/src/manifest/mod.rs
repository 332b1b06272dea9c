//! The manifest `holdall.json`: what is in a package, where it came from, what it was shown to do.
//!
//! The JSON Schema is `schemas/manifest-1.json`. Keys come in a fixed order and unknown keys are
//! refused, so that two tools never read two meanings out of one file.

mod facts;

use holdall_diag::{Failure, Location, PathKind};
use serde::{Deserialize, Serialize};

pub use self::facts::{
    Artifact, Dataset, Dependencies, Direction, Domain, DomainRange, DomainValue, Evaluation,
    Evidence, FieldSchema, FoundLibrary, Parent, Profile, ProfileRole, Provenance, Requirement,
    Role, Shape, Subject, Target, Tool,
};
use crate::{codes, digest::Hex32, json, names, provenance::CodePointer};

/// The name of the manifest at the root of a package.
pub const MANIFEST_NAME: &str = "holdall.json";

/// The value of the key `schema`.
pub const SCHEMA: &str = "holdall/manifest/1";

/// Everything that a package says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which version of this document it is: [`SCHEMA`].
    pub schema: String,
    /// Name of the model.
    pub name: String,
    /// MAJOR.MINOR.PIPELINE.
    pub version: semver::Version,
    /// One sentence on what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// SPDX licence expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// People to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// When it was made, RFC 3339; only as handed in, never from the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What it is for, such as `classification`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Every file of the package except this one and the signature, sorted by path.
    pub artifacts: Vec<Artifact>,
    /// What the model takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<FieldSchema>,
    /// What the model answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<FieldSchema>,
    /// What it needs.
    #[serde(default, skip_serializing_if = "Dependencies::is_empty")]
    pub dependencies: Dependencies,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    pub provenance: Provenance,
    /// How well it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluation: Vec<Evaluation>,
    /// Data profiles, carried as files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// Proofs, carried as files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The servers it is meant for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
}

impl Manifest {
    /// A manifest that says nothing but its name and version.
    pub fn new(name: impl Into<String>, version: semver::Version) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            name: name.into(),
            version,
            description: None,
            license: None,
            authors: Vec::new(),
            created: None,
            task: None,
            tags: Vec::new(),
            artifacts: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            dependencies: Dependencies::default(),
            provenance: Provenance::default(),
            evaluation: Vec::new(),
            profiles: Vec::new(),
            evidence: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Reads a manifest strictly; failures have the code `package/manifest` and name line and pointer.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let manifest: Self = json::read(bytes, codes::MANIFEST)?;
        let refuse = |path: String, message: String| {
            Err(Failure::malformed(codes::MANIFEST, message)
                .at(Location::path(PathKind::JsonPointer, path)))
        };
        if manifest.schema != SCHEMA {
            let message = format!("expected `{SCHEMA}`, found `{}`", manifest.schema);
            return refuse("/schema".to_owned(), message);
        }
        let mut set = names::NameSet::default();
        for (index, artifact) in manifest.artifacts.iter().enumerate() {
            set.file(&artifact.path).map_err(|failure| {
                failure
                    .at(Location::path(PathKind::JsonPointer, format!("/artifacts/{index}/path")))
            })?;
            if artifact.path == MANIFEST_NAME || holdall_sign::is_signature_file(&artifact.path) {
                let message = format!("`{}` may not list itself", artifact.path);
                return refuse(format!("/artifacts/{index}/path"), message);
            }
        }
        Ok(manifest)
    }

    /// The manifest as indented JSON with a newline at the end.
    pub fn write(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::bug(codes::MANIFEST, format!("cannot write: {error}")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The artifact at `path`.
    pub fn artifact(&self, path: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.path == path)
    }

    /// Every reference to a file of the package that does not hold: the JSON pointer and why.
    pub fn broken_references(&self) -> Vec<(String, String)> {
        let mut broken = Vec::new();
        let mut need = |pointer: String, path: &str| {
            if self.artifact(path).is_none() {
                broken.push((pointer, format!("`{path}` is not in the package")));
            }
        };
        for (index, profile) in self.profiles.iter().enumerate() {
            need(format!("/profiles/{index}/path"), &profile.path);
        }
        for (index, evidence) in self.evidence.iter().enumerate() {
            need(format!("/evidence/{index}/path"), &evidence.path);
        }
        if let Some(path) = &self.dependencies.requirements_file {
            need("/dependencies/requirements_file".to_owned(), path);
        }
        broken
    }

    /// Every side of a proof that names a file of the package with another digest than the file has.
    pub fn stale_evidence(&self) -> Vec<(String, String)> {
        let sides = self.evidence.iter().enumerate().flat_map(|(index, evidence)| {
            [("source", &evidence.source), ("target", &evidence.target)]
                .map(|(side, subject)| (format!("/evidence/{index}/{side}"), subject))
        });
        sides
            .filter_map(|(pointer, subject)| {
                let found: Hex32 = self.artifact(&subject.path)?.sha256;
                let message = format!(
                    "the proof is about `{}` with digest `{}`, the package has `{found}`",
                    subject.path, subject.sha256
                );
                (found != subject.sha256).then_some((pointer, message))
            })
            .collect()
    }

    /// Where the code came from, if it is known.
    pub fn code(&self) -> Option<&CodePointer> {
        self.provenance.code.as_ref()
    }
}
