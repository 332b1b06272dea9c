use holdall_diag::{Failure, Location, PathKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Resource, codes,
    hex::{from_hex, to_hex},
    json,
};

pub(crate) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub(crate) const PREDICATE: &str = "https://model_signing/signature/v1.0";
pub(crate) const LEGACY_PREDICATE: &str = "https://model_signing/Digests/v0.1";

/// The in-toto statement that is signed: which files, with which digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
}

/// What the statement is about: the model as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Base name of the model; informative.
    #[serde(default)]
    pub name: String,
    /// The root digest.
    pub digest: Digest,
}

/// The digest of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// SHA-256 over the raw digests of the resources, in their order; hex.
    pub sha256: String,
}

/// The predicate of Model Signing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// How files became digests.
    pub serialization: Serialization,
    /// The digests.
    pub resources: Vec<NamedDigest>,
}

/// How files became digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serialization {
    /// `files` or `shards`.
    pub method: String,
    /// `sha256`, `blake2b` or `blake3`.
    pub hash_type: String,
    /// Whether links were followed.
    pub allow_symlinks: bool,
    /// Paths below the root that were left out.
    #[serde(default)]
    pub ignore_paths: Vec<String>,
    /// Bytes in a shard; some producers write it as a float.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_size: Option<serde_json::Number>,
}

/// One file with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedDigest {
    /// Name below the root.
    pub name: String,
    /// The hash.
    pub algorithm: String,
    /// The digest in hex.
    pub digest: String,
}

/// The beginning of any in-toto statement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    #[serde(default)]
    pub(crate) predicate_type: String,
}

impl Statement {
    /// A statement over `resources` in the given order, hashed file by file with SHA-256.
    pub fn new(subject: &str, resources: &[Resource], ignore_paths: &[String]) -> Self {
        let root = to_hex(&root_digest_of(resources.iter().map(|r| r.sha256)));
        let named = |r: &Resource| NamedDigest {
            name: r.name.clone(),
            algorithm: "sha256".to_owned(),
            digest: to_hex(&r.sha256),
        };
        Self {
            kind: STATEMENT.to_owned(),
            subject: vec![Subject { name: subject.to_owned(), digest: Digest { sha256: root } }],
            predicate_type: PREDICATE.to_owned(),
            predicate: Predicate {
                serialization: Serialization {
                    method: "files".to_owned(),
                    hash_type: "sha256".to_owned(),
                    allow_symlinks: false,
                    ignore_paths: ignore_paths.to_vec(),
                    shard_size: None,
                },
                resources: resources.iter().map(named).collect(),
            },
        }
    }

    /// Reads a statement strictly, as the OMS v1.0 schemas have it: `sign/legacy` for the predicate
    /// from before v1.0, `sign/statement` for anything else that does not fit.
    pub fn read(payload: &[u8]) -> Result<Self, Failure> {
        let head: Head = json::read(payload, codes::STATEMENT)?;
        if head.predicate_type == LEGACY_PREDICATE {
            return Err(Failure::unsupported(
                codes::LEGACY,
                format!(
                    "the statement has the predicate `{LEGACY_PREDICATE}` from before Model \
                     Signing v1.0"
                ),
            )
            .with_help("have the model signed again with a current tool"));
        }
        expect(&head.predicate_type, PREDICATE, "/predicateType")?;
        let statement: Self = json::read(payload, codes::STATEMENT)?;
        expect(&statement.kind, STATEMENT, "/_type")?;
        if statement.subject.len() != 1 {
            return Err(Failure::malformed(
                codes::STATEMENT,
                format!("expected one subject, found {}", statement.subject.len()),
            )
            .at(Location::path(PathKind::JsonPointer, "/subject")));
        }
        Ok(statement)
    }

    /// The statement as compact JSON with a fixed order of keys.
    pub fn write(&self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec(self)
            .map_err(|error| Failure::bug(codes::STATEMENT, format!("cannot write: {error}")))
    }

    /// Name of the model; informative.
    pub fn subject_name(&self) -> &str {
        self.subject.first().map_or("", |s| s.name.as_str())
    }

    /// The root digest as stated, in hex.
    pub fn root_digest(&self) -> &str {
        self.subject.first().map_or("", |s| s.digest.sha256.as_str())
    }

    /// The predicate.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// The resources as names and SHA-256 digests, in the listed order.
    ///
    /// Fails with `sign/hashing` for shards and for other hashes, which need the files read again in
    /// another way.
    pub fn resources(&self) -> Result<Vec<Resource>, Failure> {
        let how = &self.predicate.serialization;
        if how.method != "files" || how.hash_type != "sha256" {
            return Err(Failure::unsupported(
                codes::HASHING,
                format!(
                    "the statement was hashed by `{}` with `{}`; this version verifies `files` \
                     with `sha256`",
                    how.method, how.hash_type
                ),
            )
            .at(Location::path(PathKind::JsonPointer, "/predicate/serialization")));
        }
        let mut resources = Vec::new();
        for (index, named) in self.predicate.resources.iter().enumerate() {
            let path = format!("/predicate/resources/{index}");
            expect(&named.algorithm, "sha256", &format!("{path}/algorithm"))?;
            let sha256 = from_hex(&named.digest).ok_or_else(|| {
                Failure::malformed(
                    codes::STATEMENT,
                    format!("expected 64 hexadecimal digits, found `{}`", named.digest),
                )
                .at(Location::path(PathKind::JsonPointer, format!("{path}/digest")))
            })?;
            resources.push(Resource { name: named.name.clone(), sha256 });
        }
        Ok(resources)
    }
}

/// SHA-256 over raw digests in their order.
pub(crate) fn root_digest_of(digests: impl Iterator<Item = impl AsRef<[u8]>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for digest in digests {
        hash.update(digest);
    }
    hash.finalize().into()
}

pub(crate) fn expect(found: &str, expected: &str, path: &str) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::malformed(codes::STATEMENT, format!("expected `{expected}`, found `{found}`"))
        .at(Location::path(PathKind::JsonPointer, path)))
}
