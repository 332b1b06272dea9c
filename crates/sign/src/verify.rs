use std::collections::BTreeMap;

use holdall_diag::Failure;
use serde::Serialize;

use crate::{
    Bundle, Finding, Material, PublicKey, ROOT_IGNORED, Resource, SIGNATURE_NAME, Statement,
    Status, codes, hex::from_hex, is_below, is_safe_name, statement::root_digest,
};

/// What the verifier accepts beside the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Paths that may be left out of the signature, beyond the usual ones at the root.
    pub accept_ignored: Vec<String>,
}

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

    fn fail(findings: Vec<Finding>) -> Self {
        Self { findings, subject: None, root_digest: None, covered: Vec::new() }
    }
}

/// Holds a bundle against the files found and the key that is trusted.
///
/// `found` are all files of the model except the signature itself and what [`ROOT_IGNORED`] names at
/// the root. A signature that does not hold is an answer, with findings; a bundle that cannot be read,
/// or whose method or hashing is not verified by this version, is a failure.
pub fn verify(
    bundle: &[u8],
    found: &[Resource],
    key: &PublicKey,
    options: &VerifyOptions,
) -> Result<Verification, Failure> {
    let bundle = Bundle::read(bundle)?;
    let hint = key_hint(&bundle)?;
    let ours = key.hint();
    if *hint != ours {
        let finding = Finding::new(
            codes::WRONG_KEY,
            Status::Fail,
            format!("the signature is by the key `{hint}`, the key given is `{ours}`"),
        );
        return Ok(Verification::fail(vec![finding.with_help("give the key that signed it")]));
    }
    if !bundle.envelope().verifies(key)? {
        return Ok(Verification::fail(vec![Finding::new(
            codes::SIGNATURE_BAD,
            Status::Fail,
            "the signature does not fit the statement: one of them was changed",
        )]));
    }
    let statement = bundle.statement()?;
    let signed = statement.resources()?;
    let mut findings = vec![Finding::new(
        codes::SIGNATURE_GOOD,
        Status::Ok,
        format!("signed by the {} key `{ours}`", key.curve().as_str()),
    )];
    if bundle.envelope().signatures()?.len() > 1 {
        findings.push(Finding::new(
            codes::MORE_SIGNATURES,
            Status::Warn,
            "only the first signature was looked at",
        ));
    }
    check_statement(&statement, &signed, &mut findings);
    check_ignored(&statement, options, &mut findings);
    let covered = check_files(&statement, &signed, found, options, &mut findings);
    Ok(Verification {
        findings,
        subject: Some(statement.subject_name().to_owned()),
        root_digest: Some(statement.root_digest().to_owned()),
        covered,
    })
}

fn key_hint(bundle: &Bundle) -> Result<&String, Failure> {
    match bundle.material() {
        Material::Key { hint } => Ok(hint),
        Material::LegacyKey => Err(Failure::unsupported(
            codes::LEGACY,
            "the bundle carries a key without a hint, a form from before Model Signing v1.0",
        )
        .with_help("have the model signed again with a current tool")),
        Material::Certificates(_) | Material::Sigstore { .. } => Err(Failure::unsupported(
            codes::METHOD,
            format!(
                "the model was signed by the method `{}`; this version verifies the method `key`",
                bundle.material().method()
            ),
        )
        .with_help("verify it with the reference `model_signing` command")),
    }
}

/// Checks that concern the statement alone. The reference lets the last of two equal names win and
/// reads files outside the model; both are refused here.
fn check_statement(statement: &Statement, signed: &[Resource], findings: &mut Vec<Finding>) {
    if from_hex(statement.root_digest()) != Some(root_digest(signed.iter().map(|r| r.sha256))) {
        findings.push(Finding::new(
            codes::ROOT_DIGEST,
            Status::Fail,
            "the subject digest is not that of the listed files",
        ));
    }
    let single = signed.len() == 1;
    let mut names = BTreeMap::new();
    for resource in signed {
        let count = names.entry(resource.name.as_str()).or_insert(0_u32);
        *count += 1;
        if *count == 2 {
            let message = format!("`{}` is listed more than once", resource.name);
            findings.push(
                Finding::new(codes::DUPLICATE_NAME, Status::Fail, message).about(&resource.name),
            );
        }
        let whole = single && resource.name == ".";
        if !whole && !is_safe_name(&resource.name) {
            let message = format!("`{}` is not a name below the root of the model", resource.name);
            findings.push(
                Finding::new(codes::UNSAFE_NAME, Status::Fail, message).about(&resource.name),
            );
        }
    }
    if statement.predicate().serialization.allow_symlinks {
        findings.push(Finding::new(
            codes::SYMLINKS,
            Status::Warn,
            "the signer followed symbolic links",
        ));
    }
}

fn check_ignored(statement: &Statement, options: &VerifyOptions, findings: &mut Vec<Finding>) {
    for path in unusual(statement, options) {
        let message = format!("the signer left `{path}` out of the signature");
        findings.push(
            Finding::new(codes::IGNORED_PATH, Status::Warn, message)
                .about(path)
                .with_help("accept the path when verifying if that is intended"),
        );
    }
}

/// Ignored paths that neither the rules nor the verifier asked for.
fn unusual<'a>(
    statement: &'a Statement,
    options: &'a VerifyOptions,
) -> impl Iterator<Item = &'a String> {
    statement.predicate().serialization.ignore_paths.iter().filter(|path| {
        let plain = path.trim_start_matches("./").trim_end_matches('/');
        !ROOT_IGNORED.contains(&plain)
            && plain != SIGNATURE_NAME
            && !options.accept_ignored.iter().any(|ok| is_below(plain, ok))
    })
}

/// Compares both lists of files and gives the names that are covered and equal.
fn check_files(
    statement: &Statement,
    signed: &[Resource],
    found: &[Resource],
    options: &VerifyOptions,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let mut left: BTreeMap<&str, &[u8; 32]> =
        found.iter().map(|r| (r.name.as_str(), &r.sha256)).collect();
    // Model Signing 1.1.1 names a model that is one file `.`, the specification by its base name.
    if let ([one], [file]) = (signed, found)
        && one.name == "."
    {
        left = BTreeMap::from([(".", &file.sha256)]);
    }
    let mut covered = Vec::new();
    for resource in signed {
        let name = resource.name.as_str();
        let (code, message) = match left.remove(name) {
            Some(digest) if *digest == resource.sha256 => {
                covered.push(name.to_owned());
                continue;
            }
            Some(_) => {
                (codes::DIGEST_MISMATCH, format!("`{name}` is not the file that was signed"))
            }
            None => (codes::MISSING_FILE, format!("`{name}` was signed and is not there")),
        };
        findings.push(Finding::new(code, Status::Fail, message).about(name));
    }
    for name in left.into_keys() {
        if options.accept_ignored.iter().any(|path| is_below(name, path)) {
            continue;
        }
        let (code, message) = if unusual(statement, options).any(|path| is_below(name, path)) {
            (codes::HIDDEN_FILE, format!("`{name}` was left out of the signature by the signer"))
        } else {
            (codes::EXTRA_FILE, format!("`{name}` is not covered by the signature"))
        };
        findings.push(Finding::new(code, Status::Fail, message).about(name));
    }
    covered
}
