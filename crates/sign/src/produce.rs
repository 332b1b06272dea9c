use holdall_diag::{Failure, Location};

use crate::{
    Bundle, Envelope, PrivateKey, ROOT_IGNORED, Resource, STATEMENT_TYPE, Statement, codes,
    is_safe_name,
};

/// What a signer says beside the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOptions {
    /// Name of the model; informative.
    pub subject: String,
    /// Paths that are left out, beyond those that Model Signing always leaves out at the root.
    pub ignore_paths: Vec<String>,
}

impl SignOptions {
    /// A model called `subject`, with nothing left out beyond the usual.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ignore_paths: Vec::new() }
    }
}

/// Signs a model: the bytes of `model.sig`.
///
/// Resources are listed by name, whatever order they come in. A model that is one file is named `.`.
/// Fails with `sign/name` for a name that a verifier must refuse or that comes twice, and with
/// `sign/nothing-to-sign` when there is no file.
pub fn sign(
    resources: &[Resource],
    options: &SignOptions,
    key: &PrivateKey,
) -> Result<Vec<u8>, Failure> {
    if resources.is_empty() {
        return Err(Failure::usage(codes::NOTHING_TO_SIGN, "expected files to sign, found none"));
    }
    let mut sorted = resources.to_vec();
    sorted.sort();
    let refuse = |name: &str, why: &str| {
        Failure::usage(codes::NAME, format!("`{name}` {why}")).at(Location::file(name.to_owned()))
    };
    let single = matches!(sorted.as_slice(), [only] if only.name == ".");
    if let Some(bad) = sorted.iter().find(|r| !single && !is_safe_name(&r.name)) {
        return Err(refuse(&bad.name, "is not a name below the root of a model"));
    }
    let twice = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a.name == b.name);
    if let Some((name, _)) = twice {
        return Err(refuse(&name.name, "is given twice"));
    }
    let mut ignored: Vec<String> = ROOT_IGNORED.map(str::to_owned).to_vec();
    ignored.extend(options.ignore_paths.iter().cloned());
    ignored.sort();
    ignored.dedup();
    let statement = Statement::new(&options.subject, &sorted, &ignored).write()?;
    Bundle::with_key(Envelope::seal(STATEMENT_TYPE, &statement, key), &key.public_key()).write()
}
