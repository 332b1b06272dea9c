use std::collections::BTreeSet;

use holdall_diag::{Code, Failure};
use serde::Serialize;

use crate::{
    Authentication, Bundle, FileDigests, Finding, Found, Hashing, Listing, Moment, PublicKey,
    Resource, SIGNATURE_FOLDER, Standing, Status, Trust, VerifyOptions,
    attest::{self, Attestation},
    authenticate::{authenticate, legacy, settle},
    codes,
    compare::compare,
};

/// The answer about a signature: every check with its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The checks, in the order in which they were made.
    pub findings: Vec<Finding>,
    /// Name of the model as signed; only when the signature is good.
    pub subject: Option<String>,
    /// Root digest as signed, in hex; only when the signature is good.
    pub root_digest: Option<String>,
    /// Names that the signature covers and whose bytes are the signed ones.
    pub covered: Vec<String>,
}

impl Verification {
    /// Whether no check failed.
    pub fn ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.status != Status::Fail)
    }
}

/// Holds a bundle against the SHA-256 of the files found and the one key that is trusted.
///
/// `found` are all files of the model except what [`ROOT_IGNORED`](crate::ROOT_IGNORED) names at the
/// root. A signature that does not hold is an answer, with findings; a bundle that cannot be read is a
/// failure, and so is one that was hashed otherwise than file by file with SHA-256: that needs the files
/// read in another way, with [`authenticate`], [`digest_stream`](crate::digest_stream) and [`compare`].
pub fn verify(
    bundle: &[u8],
    found: &[Resource],
    key: &PublicKey,
    options: &VerifyOptions,
) -> Result<Verification, Failure> {
    let bundle = Bundle::read(bundle)?;
    let trust = Trust::key(key.clone());
    let answer = authenticate(&bundle, &trust, Moment(0))?;
    let mut findings = settle(std::slice::from_ref(&answer), &trust);
    if answer.signer().is_none() {
        return Ok(Verification {
            findings,
            subject: None,
            root_digest: None,
            covered: Vec::new(),
        });
    }
    let listing = bundle.listing()?;
    if listing.is_legacy() {
        findings.push(legacy(LEGACY_STATEMENT));
    }
    if listing.hashing() != Hashing::SHA256 {
        return Err(Failure::unsupported(
            codes::HASHING,
            "the statement was hashed otherwise than file by file with SHA-256",
        ));
    }
    // Sizes are not known here, and not needed: they matter for shards alone.
    let digests: Vec<FileDigests> =
        found.iter().map(|file| FileDigests::of_sha256(0, file.sha256)).collect();
    let files: Vec<Found<'_>> = found
        .iter()
        .zip(&digests)
        .map(|(file, digests)| Found { name: &file.name, size: 0, digests: Some(digests) })
        .collect();
    let compared = compare(&listing, &files, options, &|_| true);
    findings.extend(compared.findings);
    Ok(Verification {
        findings,
        subject: Some(listing.subject().to_owned()),
        root_digest: Some(listing.root_digest()),
        covered: compared.covered,
    })
}

/// A signature or an attestation of a model, read and judged, before any file is read.
#[derive(Debug)]
pub struct Judged {
    /// The file that it was read from.
    pub name: String,
    /// The bundle.
    pub bundle: Bundle,
    /// Who signed it and whether that counts.
    pub answer: Authentication,
    /// What it says, when its signer is trusted.
    pub content: Content,
}

/// What a signer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A signature that does not count.
    UntrustedSignature,
    /// An attestation that does not count, with the type of its predicate.
    UntrustedAttestation(String),
    /// Which files belong to the model.
    Signature(Listing),
    /// Something else about the model.
    Attestation(Attestation),
}

impl Judged {
    /// Reads and judges the content of a signature file. `name` is where it lies in the package, or the name
    /// of a file outside of it.
    pub fn read(name: &str, bytes: &[u8], trust: &Trust, at: Moment) -> Result<Self, Failure> {
        let bundle = Bundle::read(bytes)?;
        let mut answer = authenticate(&bundle, trust, at)?;
        // Before the signature was verified, this only says how to read it; after, it is signed.
        let kind = bundle.predicate_type()?;
        let lists = !name.starts_with(SIGNATURE_FOLDER) || is_signature_predicate(&kind);
        let content = match (lists, &answer.standing) {
            (true, Standing::Trusted(_)) => {
                let listing = bundle.listing()?;
                if listing.is_legacy() {
                    answer.findings.push(legacy(LEGACY_STATEMENT));
                }
                Content::Signature(listing)
            }
            (true, Standing::Uncounted | Standing::Forged) => Content::UntrustedSignature,
            (false, Standing::Trusted(_)) => Content::Attestation(Attestation::of(&bundle)?),
            (false, Standing::Uncounted | Standing::Forged) => Content::UntrustedAttestation(kind),
        };
        Ok(Self { name: name.to_owned(), bundle, answer, content })
    }

    /// Whether it is about which files belong to the model, and not an attestation.
    pub fn is_signature(&self) -> bool {
        matches!(self.content, Content::Signature(_) | Content::UntrustedSignature)
    }

    /// The list of files, when it is a signature that counts.
    pub fn listing(&self) -> Option<&Listing> {
        match &self.content {
            Content::Signature(listing) => Some(listing),
            Content::UntrustedSignature
            | Content::UntrustedAttestation(_)
            | Content::Attestation(_) => None,
        }
    }
}

const LEGACY_STATEMENT: &str =
    "the statement has the predicate `Digests/v0.1`, from before Model Signing v1.0";

/// Whether a predicate of this type lists files, for bundles in the folder of both. A bundle elsewhere, such
/// as `model.sig`, must be a signature.
fn is_signature_predicate(kind: &str) -> bool {
    attest::Kind::of(kind).is_none() && kind.contains("model_signing")
}

/// The answer over all signatures of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelVerification {
    /// Who signed and what was found, without repetition.
    pub findings: Vec<Finding>,
    /// Files whose bytes are the signed ones, for every signature that counts.
    pub covered: Vec<String>,
    /// Files that were signed and not looked at.
    pub not_checked: Vec<String>,
    /// Files that some signature says nothing about.
    pub not_covered: Vec<String>,
    /// The root digests that are signed, in hex.
    pub roots: Vec<String>,
}

/// Holds every signature that counts against the files found, and says whether enough of them count.
pub fn verify_all(
    judged: &[Judged],
    found: &[Found<'_>],
    trust: &Trust,
    options: &VerifyOptions,
    selected: &dyn Fn(&str) -> bool,
) -> ModelVerification {
    let signatures = judged.iter().filter(|one| one.is_signature());
    let answers: Vec<Authentication> = signatures.map(|one| one.answer.clone()).collect();
    let mut findings = settle(&answers, trust);
    let mut told: BTreeSet<(Code, Option<String>)> = BTreeSet::new();
    let mut covered: Option<BTreeSet<String>> = None;
    let (mut not_checked, mut not_covered) = (BTreeSet::new(), BTreeSet::new());
    let mut roots = BTreeSet::new();
    for listing in judged.iter().filter_map(Judged::listing) {
        let compared = compare(listing, found, options, selected);
        let new = compared.findings.into_iter();
        findings.extend(new.filter(|f| told.insert((f.code, f.path.clone()))));
        let these: BTreeSet<String> = compared.covered.into_iter().collect();
        covered = Some(match covered {
            Some(before) => before.intersection(&these).cloned().collect(),
            None => these,
        });
        not_checked.extend(compared.not_checked);
        not_covered.extend(compared.not_covered);
        roots.insert(listing.root_digest());
    }
    ModelVerification {
        findings,
        covered: covered.unwrap_or_default().into_iter().collect(),
        not_checked: not_checked.into_iter().collect(),
        not_covered: not_covered.into_iter().collect(),
        roots: roots.into_iter().collect(),
    }
}
