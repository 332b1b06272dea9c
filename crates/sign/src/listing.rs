//! What a signature covers, whichever version of Model Signing wrote it.

use holdall_diag::{Failure, Location, PathKind};
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::{
    Algorithm, Hashing, NamedDigest, Serialization, Statement, Subject, codes,
    hex::bytes_of_hex,
    json,
    statement::{Head, LEGACY_PREDICATE, STATEMENT, expect, root_digest_of},
};

/// The list of files that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    subject: String,
    stated_root: Option<String>,
    hashing: Hashing,
    ignore_paths: Vec<String>,
    allow_symlinks: bool,
    entries: Vec<Listed>,
}

/// One entry: a file or a shard of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name below the root of the model, or `.` for a model that is one file.
    pub name: String,
    /// First byte and the one after the last, for a shard.
    pub range: Option<(u64, u64)>,
    /// The digest.
    pub digest: Vec<u8>,
}

/// The statement from before v1.0: files are subjects, and there is no predicate.
#[derive(Deserialize)]
struct LegacyStatement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    _predicate_type: String,
    #[serde(default, rename = "predicate")]
    _predicate: Option<Value>,
}

impl Listing {
    /// Reads a statement of Model Signing v1.0 strictly, or one with the predicate `Digests/v0.1`.
    ///
    /// Fails with `sign/statement` for anything else, and with `sign/hashing` for a hash or a way of
    /// hashing that the specification does not know.
    pub fn read(payload: &[u8]) -> Result<Self, Failure> {
        let head: Head = json::read(payload, codes::STATEMENT)?;
        if head.predicate_type == LEGACY_PREDICATE {
            return Self::legacy(json::read(payload, codes::STATEMENT)?);
        }
        let statement = Statement::read(payload)?;
        let predicate = statement.predicate();
        let hashing = hashing(&predicate.serialization)?;
        let listed = predicate.resources.iter().enumerate();
        let entries: Result<_, Failure> =
            listed.map(|(index, named)| entry(index, named, hashing)).collect();
        Ok(Self {
            subject: statement.subject_name().to_owned(),
            stated_root: Some(statement.root_digest().to_owned()),
            hashing,
            ignore_paths: predicate.serialization.ignore_paths.clone(),
            allow_symlinks: predicate.serialization.allow_symlinks,
            entries: entries?,
        })
    }

    fn legacy(statement: LegacyStatement) -> Result<Self, Failure> {
        expect(&statement.kind, STATEMENT, "/_type")?;
        let listed = statement.subject.into_iter().enumerate();
        let entries: Result<_, Failure> = listed
            .map(|(index, subject)| {
                let digest =
                    digest(&subject.digest.sha256, 32, &format!("/subject/{index}/digest/sha256"))?;
                Ok(Listed { name: subject.name, range: None, digest })
            })
            .collect();
        Ok(Self {
            subject: String::new(),
            stated_root: None,
            hashing: Hashing::SHA256,
            ignore_paths: Vec::new(),
            allow_symlinks: false,
            entries: entries?,
        })
    }

    /// Name of the model; informative.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// How files became digests.
    pub fn hashing(&self) -> Hashing {
        self.hashing
    }

    /// Whether it has the form from before v1.0, which knows no root digest.
    pub fn is_legacy(&self) -> bool {
        self.stated_root.is_none()
    }

    /// Paths that the signer left out.
    pub fn ignore_paths(&self) -> &[String] {
        &self.ignore_paths
    }

    /// Whether the signer followed links.
    pub fn allow_symlinks(&self) -> bool {
        self.allow_symlinks
    }

    /// The entries in the order of the statement.
    pub fn entries(&self) -> &[Listed] {
        &self.entries
    }

    /// SHA-256 over the listed digests, in hex, whatever the statement says it is.
    pub fn root_digest(&self) -> String {
        crate::to_hex(&root_digest_of(self.entries.iter().map(|e| e.digest.as_slice())))
    }

    /// Whether the stated root digest, if any, is that of the entries.
    pub fn root_holds(&self) -> bool {
        self.stated_root.as_ref().is_none_or(|root| root.eq_ignore_ascii_case(&self.root_digest()))
    }
}

fn at(pointer: &str) -> Location {
    Location::path(PathKind::JsonPointer, pointer)
}

fn hashing(how: &Serialization) -> Result<Hashing, Failure> {
    let refuse = |what: &str| {
        Failure::unsupported(codes::HASHING, format!("the statement was hashed by {what}"))
            .at(at("/predicate/serialization"))
    };
    let algorithm = Algorithm::of(&how.hash_type).ok_or_else(|| {
        refuse(&format!("`{}`, which Model Signing does not know", how.hash_type))
    })?;
    let shard = match (how.method.as_str(), &how.shard_size) {
        ("files", _) => None,
        ("shards", Some(size)) => Some(
            whole(size)
                .filter(|&size| size > 0)
                .ok_or_else(|| refuse(&format!("shards of {size} bytes, which is no size")))?,
        ),
        ("shards", None) => return Err(refuse("shards without a `shard_size`")),
        (other, _) => {
            return Err(refuse(&format!(
                "the method `{other}`, which Model Signing does not know"
            )));
        }
    };
    Ok(Hashing { algorithm, shard })
}

/// A whole number; the reference writes the size of shards as a float.
fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative and below 2^53, where every whole number is exact"
        )]
        let whole = float as u64;
        let exact = (0.0..9_007_199_254_740_992.0).contains(&float) && float.fract() == 0.0;
        exact.then_some(whole)
    })
}

fn entry(index: usize, named: &NamedDigest, hashing: Hashing) -> Result<Listed, Failure> {
    let pointer = format!("/predicate/resources/{index}");
    let algorithm = hashing.algorithm.as_str();
    let sharded = hashing.shard.map(|size| format!("{algorithm}-sharded-{size}"));
    if named.algorithm != algorithm && Some(&named.algorithm) != sharded.as_ref() {
        expect(&named.algorithm, algorithm, &format!("{pointer}/algorithm"))?;
    }
    let digest = digest(&named.digest, hashing.algorithm.width(), &format!("{pointer}/digest"))?;
    if hashing.shard.is_none() {
        return Ok(Listed { name: named.name.clone(), range: None, digest });
    }
    // File names may have colons, so the last two count.
    let mut parts = named.name.rsplitn(3, ':');
    let (end, start, name) = (parts.next(), parts.next(), parts.next());
    let numbers = start.and_then(|s| s.parse().ok()).zip(end.and_then(|e| e.parse().ok()));
    let (Some(name), Some((start, end))) = (name, numbers) else {
        return Err(Failure::malformed(
            codes::STATEMENT,
            format!("expected `name:start:end`, found `{}`", named.name),
        )
        .at(at(&format!("{pointer}/name"))));
    };
    Ok(Listed { name: name.to_owned(), range: Some((start, end)), digest })
}

fn digest(text: &str, width: usize, pointer: &str) -> Result<Vec<u8>, Failure> {
    bytes_of_hex(text).filter(|bytes| bytes.len() == width).ok_or_else(|| {
        Failure::malformed(
            codes::STATEMENT,
            format!("expected {} hexadecimal digits, found `{text}`", 2 * width),
        )
        .at(at(pointer))
    })
}
