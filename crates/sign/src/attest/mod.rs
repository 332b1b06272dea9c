//! Attestations: what else a signer says about a model, as in-toto statements whose subject is the root
//! digest of the model.
//!
//! Each is a [`Bundle`] like a signature. This module knows no manifest: callers hand in
//! what a predicate needs, and hold it against what they have when they verify.

mod predicates;

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location, PathKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::predicates::{ProofResult, Proofs, Provenance, TestResult};
use crate::{
    Bundle, Credentials, codes, from_hex, json,
    statement::{STATEMENT, expect},
};

/// What an attestation can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How the model was built (SLSA provenance v1).
    Provenance,
    /// How it did on its tests (in-toto test result v0.1).
    TestResult,
    /// That it answers as the model it was converted from does.
    Proof,
    /// What it is made of (a CycloneDX document, passed through).
    Bom,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Provenance, Self::TestResult, Self::Proof, Self::Bom];

    /// The type of its predicate.
    pub const fn predicate_type(self) -> &'static str {
        match self {
            Self::Provenance => "https://slsa.dev/provenance/v1",
            Self::TestResult => "https://in-toto.io/attestation/test-result/v0.1",
            Self::Proof => "https://holdall.dev/conversion-proof/v1",
            Self::Bom => "https://cyclonedx.org/bom",
        }
    }

    /// A short name, for files and for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provenance => "slsa",
            Self::TestResult => "test-result",
            Self::Proof => "proof",
            Self::Bom => "bom",
        }
    }

    /// The kind of a predicate type.
    pub fn of(predicate_type: &str) -> Option<Self> {
        // CycloneDX allows its version behind the name.
        let bom = predicate_type.strip_prefix(Self::Bom.predicate_type());
        if bom.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Some(Self::Bom);
        }
        Self::ALL.into_iter().find(|kind| kind.predicate_type() == predicate_type)
    }
}

/// Something that a predicate refers to (in-toto `ResourceDescriptor`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Digests by algorithm: `sha256`, `gitCommit`…
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl Resource {
    /// A file with its SHA-256 in hex.
    pub fn file(name: impl Into<String>, sha256: impl Into<String>) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), sha256.into())]);
        Self { name: Some(name.into()), digest, ..Self::default() }
    }

    /// The SHA-256, if it has one.
    pub fn sha256(&self) -> Option<&str> {
        self.digest.get("sha256").map(String::as_str)
    }
}

/// A statement about a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    /// Name of the model; informative.
    pub subject: String,
    /// Root digest of the model, in hex.
    pub root_digest: String,
    /// Type of the predicate.
    pub predicate_type: String,
    /// The predicate.
    pub predicate: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatementDoc {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Resource>,
    predicate_type: String,
    predicate: Value,
}

impl Attestation {
    /// What `predicate` says about the model with this name and root digest.
    pub fn new(
        kind: Kind,
        subject: &str,
        root_digest: &str,
        predicate: &impl Serialize,
    ) -> Result<Self, Failure> {
        let predicate = serde_json::to_value(predicate).map_err(|error| {
            Failure::bug(codes::ATTESTATION, format!("cannot write the predicate: {error}"))
        })?;
        Ok(Self {
            subject: subject.to_owned(),
            root_digest: root_digest.to_owned(),
            predicate_type: kind.predicate_type().to_owned(),
            predicate,
        })
    }

    /// Signs it: the bytes of a bundle.
    pub fn seal(&self, credentials: &Credentials) -> Result<Vec<u8>, Failure> {
        let document = StatementDoc {
            kind: STATEMENT.to_owned(),
            subject: vec![Resource::file(&self.subject, &self.root_digest)],
            predicate_type: self.predicate_type.clone(),
            predicate: self.predicate.clone(),
        };
        let bytes = serde_json::to_vec(&document).map_err(|error| {
            Failure::bug(codes::ATTESTATION, format!("cannot write the statement: {error}"))
        })?;
        credentials.seal(&bytes)
    }

    /// The attestation in a bundle. It means nothing until the signature was verified.
    ///
    /// Fails with `sign/statement` when there is not exactly one subject with a SHA-256.
    pub fn of(bundle: &Bundle) -> Result<Self, Failure> {
        let document: StatementDoc = json::read(&bundle.envelope().payload()?, codes::STATEMENT)?;
        expect(&document.kind, STATEMENT, "/_type")?;
        let refuse = |message: String| {
            Failure::malformed(codes::STATEMENT, message)
                .at(Location::path(PathKind::JsonPointer, "/subject"))
        };
        let [subject] = document.subject.as_slice() else {
            return Err(refuse(format!("expected one subject, found {}", document.subject.len())));
        };
        let root = subject.sha256().filter(|text| from_hex(text).is_some());
        let root = root.ok_or_else(|| refuse("expected a subject with a SHA-256".to_owned()))?;
        Ok(Self {
            subject: subject.name.clone().unwrap_or_default(),
            root_digest: root.to_ascii_lowercase(),
            predicate_type: document.predicate_type,
            predicate: document.predicate,
        })
    }

    /// What it says, when it is of a kind that is known.
    pub fn kind(&self) -> Option<Kind> {
        Kind::of(&self.predicate_type)
    }

    /// The predicate as a document of its kind. Fails with `sign/statement`.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(self.predicate.clone()).map_err(|error| {
            let place = Location::path(PathKind::JsonPointer, "/predicate");
            Failure::malformed(codes::STATEMENT, format!("the predicate is not valid: {error}"))
                .at(place)
        })
    }
}
