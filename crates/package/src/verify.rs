use std::collections::BTreeMap;

use holdall_diag::{Failure, FailureKind};
use holdall_sign::{
    Finding, PublicKey, Resource, SIGNATURE_NAME, Status, Verification, VerifyOptions,
    is_signature_file,
};
use serde::Serialize;

use crate::{MANIFEST_NAME, Manifest, PackageReader, codes, digest::Digests, signing};

/// What is asked for when a package is verified.
#[derive(Debug, Default)]
pub struct VerifyRequest<'a> {
    /// The key that is trusted; without one, signatures are not checked.
    pub key: Option<&'a PublicKey>,
    /// What the verifier accepts beside the rules of model signing.
    pub options: VerifyOptions,
    /// A signature that is kept outside the package.
    pub detached: Option<&'a [u8]>,
}

/// The answer about a package: every check with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PackageVerification {
    /// The checks, in the order in which they were made.
    pub findings: Vec<Finding>,
    /// The manifest, when there is a valid one.
    pub manifest: Option<Manifest>,
    /// What was found out about the signature, when it was checked.
    pub signature: Option<Verification>,
}

impl PackageVerification {
    /// Whether no check failed.
    pub fn ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.status != Status::Fail)
    }
}

/// Holds a package against its manifest and, when a key is given, against its signature.
///
/// A plain folder without a manifest is verified by its signature alone. A package that is not what it
/// says is an answer, with findings; one that cannot be read at all is a failure.
pub fn verify(
    package: &PackageReader,
    request: &VerifyRequest<'_>,
) -> Result<PackageVerification, Failure> {
    let files = signing::digests(package)?;
    let mut findings = Vec::new();
    let manifest = read_manifest(package, &mut findings)?;
    if let Some(manifest) = &manifest {
        let found = files.iter().map(|(entry, digests)| (entry.name(), *digests)).collect();
        check_files(manifest, found, &mut findings);
        check_references(manifest, &mut findings);
    }
    let resources = signing::resources(&files);
    let signature = check_signature(package, request, &resources, &mut findings)?;
    if manifest.is_none() && request.key.is_none() && findings.is_empty() {
        findings.push(
            Finding::new(codes::NO_MANIFEST, Status::Fail, "there is no manifest to verify by")
                .with_help("give a key to verify a plain folder by its signature"),
        );
    }
    Ok(PackageVerification { findings, manifest, signature })
}

/// Holds the manifest of a package, if it has one, against files that were read: their digests, the
/// references, the evidence. Only files that `selected` chooses are looked at.
pub fn check_manifest(
    package: &PackageReader,
    mut found: BTreeMap<&str, Digests>,
    selected: &dyn Fn(&str) -> bool,
) -> Result<(Option<Manifest>, Vec<Finding>), Failure> {
    let mut findings = Vec::new();
    let manifest = read_manifest(package, &mut findings)?;
    if let Some(manifest) = &manifest {
        let mut part = manifest.clone();
        part.artifacts.retain(|artifact| selected(&artifact.path));
        found.retain(|path, _| selected(path));
        check_files(&part, found, &mut findings);
        check_references(manifest, &mut findings);
    }
    Ok((manifest, findings))
}

fn read_manifest(
    package: &PackageReader,
    findings: &mut Vec<Finding>,
) -> Result<Option<Manifest>, Failure> {
    if package.entry(MANIFEST_NAME).is_none() {
        return Ok(None);
    }
    match package.manifest() {
        Ok(manifest) => Ok(Some(manifest)),
        Err(failure) if failure.kind() == FailureKind::Malformed => {
            let message = format!("the manifest is not valid: {failure}");
            findings.push(Finding::new(failure.code(), Status::Fail, message).about(MANIFEST_NAME));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn check_files(
    manifest: &Manifest,
    mut found: BTreeMap<&str, Digests>,
    findings: &mut Vec<Finding>,
) {
    let before = findings.len();
    for artifact in &manifest.artifacts {
        let path = artifact.path.as_str();
        let (code, message) = match found.remove(path) {
            None => (codes::MISSING, format!("`{path}` is listed and not there")),
            Some(digests) if digests.size != artifact.size => (
                codes::DIGEST,
                format!("`{path}` has {} bytes, {} are listed", digests.size, artifact.size),
            ),
            Some(digests) if digests.sha256 != artifact.sha256 => {
                (codes::DIGEST, format!("`{path}` has another SHA-256 than listed"))
            }
            Some(digests) if digests.blake3 != artifact.blake3 => {
                (codes::DIGEST, format!("`{path}` has another BLAKE3 than listed"))
            }
            Some(_) => continue,
        };
        findings.push(Finding::new(code, Status::Fail, message).about(path));
    }
    for path in found.into_keys().filter(|p| *p != MANIFEST_NAME && !is_signature_file(p)) {
        let message = format!("`{path}` is not listed in the manifest");
        findings.push(Finding::new(codes::UNLISTED, Status::Fail, message).about(path));
    }
    if findings.len() == before {
        let message = format!("{} files have the listed digests", manifest.artifacts.len());
        findings.push(Finding::new(codes::INTACT, Status::Ok, message));
    }
}

fn check_references(manifest: &Manifest, findings: &mut Vec<Finding>) {
    let broken = manifest.broken_references().into_iter().map(|b| (codes::DECLARED, b));
    let stale = manifest.stale_evidence().into_iter().map(|s| (codes::EVIDENCE, s));
    for (code, (pointer, message)) in broken.chain(stale) {
        let message = format!("{message} (`{pointer}`)");
        findings.push(Finding::new(code, Status::Fail, message).about(MANIFEST_NAME));
    }
}

fn check_signature(
    package: &PackageReader,
    request: &VerifyRequest<'_>,
    resources: &[Resource],
    findings: &mut Vec<Finding>,
) -> Result<Option<Verification>, Failure> {
    let inside = package.signature()?;
    let bytes = request.detached.or(inside.as_deref());
    match (bytes, request.key) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let message = format!("there is no `{SIGNATURE_NAME}` in the package");
            findings.push(
                Finding::new(codes::UNSIGNED, Status::Fail, message)
                    .with_help("sign it: `holdall sign PACKAGE --key KEY.pem`"),
            );
            Ok(None)
        }
        (Some(_), None) => {
            findings.push(
                Finding::new(
                    codes::NOT_CHECKED,
                    Status::Warn,
                    "there is a signature, and it was not checked",
                )
                .with_help("give the public key of the signer"),
            );
            Ok(None)
        }
        (Some(bytes), Some(key)) => {
            let answer = holdall_sign::verify(bytes, resources, key, &request.options);
            let answer = answer.map_err(|failure| {
                failure.map_location(|l| l.in_entry(SIGNATURE_NAME)).in_file(package.name())
            })?;
            findings.extend(answer.findings.iter().cloned());
            Ok(Some(answer))
        }
    }
}
