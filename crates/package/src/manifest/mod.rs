//! The manifest `holdall.json`: what is in a package, where it came from, what it was shown to do.
//!
//! The JSON Schema is `schemas/manifest-1.json`. Keys come in a fixed order and unknown keys are
//! refused, so that two tools never read two meanings out of one file.

mod dependencies;
mod facts;
mod origin;

use holdall_diag::{Failure, Location, PathKind};
use serde::{Deserialize, Serialize};

pub use self::{
    dependencies::{
        Dependencies, FoundLibrary, Lock, Locked, Machine, OperatorSets, Requirement, Runtime,
        SystemLibrary, Training,
    },
    facts::{
        Artifact, Direction, Domain, DomainRange, DomainValue, Evaluation, Evidence, FieldSchema,
        Golden, Person, Profile, ProfileRole, Role, Shape, Subject, Target,
    },
    origin::{Dataset, Parent, Pipeline, Pointer, PointerKind, Provenance, Tool},
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
    pub people: Vec<Person>,
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
    /// Requests with the answers that a server must give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub golden: Vec<Golden>,
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
            people: Vec::new(),
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
            golden: Vec::new(),
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
        let mut needed: Vec<(String, &str)> = Vec::new();
        for (index, profile) in self.profiles.iter().enumerate() {
            needed.push((format!("/profiles/{index}/path"), &profile.path));
        }
        for (index, evidence) in self.evidence.iter().enumerate() {
            needed.push((format!("/evidence/{index}/path"), &evidence.path));
        }
        for (index, golden) in self.golden.iter().enumerate() {
            needed.push((format!("/golden/{index}/requests"), &golden.requests));
            needed.push((format!("/golden/{index}/expected"), &golden.expected));
        }
        let dependencies = &self.dependencies;
        let file = |key: &str| format!("/dependencies/{key}");
        needed.extend(
            dependencies.requirements_file.iter().map(|f| (file("requirements_file"), &**f)),
        );
        needed.extend(dependencies.training.iter().map(|t| (file("training/file"), &*t.file)));
        needed.extend(dependencies.lock.iter().map(|l| (file("lock/file"), &*l.file)));
        for (index, found) in dependencies.found.iter().enumerate() {
            needed.push((file(&format!("found/{index}/artifact")), &found.artifact));
        }
        for (index, sets) in dependencies.operator_sets.iter().enumerate() {
            needed.push((file(&format!("operator_sets/{index}/artifact")), &sets.artifact));
        }
        needed
            .into_iter()
            .filter(|(_, path)| self.artifact(path).is_none())
            .map(|(pointer, path)| (pointer, format!("`{path}` is not in the package")))
            .collect()
    }

    /// Every statement that another one contradicts: the JSON pointer, and both sides.
    pub fn contradictions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Some(license) = &self.license
            && let Err(error) = spdx::Expression::parse(license)
        {
            let at = license.get(error.span.clone()).unwrap_or_default();
            let message =
                format!("`{license}` is no SPDX licence expression: at `{at}`: {}", error.reason);
            found.push(("/license".to_owned(), message));
        }
        if let Some(machine) = &self.dependencies.machine
            && let (Some(declared), Some(least)) = (machine.memory, machine.least_memory)
            && declared < least
        {
            let message = format!(
                "{declared} bytes of memory are declared; the largest model file alone has {least}"
            );
            found.push(("/dependencies/machine/memory".to_owned(), message));
        }
        if let Some(lock) = &self.dependencies.lock {
            let missing = self.dependencies.requirements.iter().enumerate().filter(|(_, r)| {
                r.marker.is_none() && lock.packages.iter().all(|locked| locked.name != r.name)
            });
            found.extend(missing.map(|(index, requirement)| {
                let (name, file) = (&requirement.name, &lock.file);
                let message = format!("`{name}` is required; the lock `{file}` does not have it");
                (format!("/dependencies/requirements/{index}"), message)
            }));
        }
        found
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
