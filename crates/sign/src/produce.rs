use holdall_diag::{Failure, Location};

use crate::{
    Bundle, Certificate, Envelope, Moment, PrivateKey, ROOT_IGNORED, Resource, SIGNATURE_FOLDER,
    SIGNATURE_NAME, STATEMENT_TYPE, Statement, codes, is_safe_name,
};

/// What a signer says beside the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOptions {
    /// Name of the model; informative.
    pub subject: String,
    /// Paths that are left out, beyond those that Model Signing always leaves out at the root and the
    /// signatures themselves.
    pub ignore_paths: Vec<String>,
}

impl SignOptions {
    /// A model called `subject`, with nothing left out beyond the usual.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ignore_paths: Vec::new() }
    }
}

/// What a signer signs with: a key, and certificates for it when there are some.
#[derive(Debug)]
pub struct Credentials {
    key: PrivateKey,
    chain: Vec<Certificate>,
}

impl Credentials {
    /// A key alone.
    pub fn key(key: PrivateKey) -> Self {
        Self { key, chain: Vec::new() }
    }

    /// A key with its certificate and the authorities above it, leaf first, the root left out or not.
    ///
    /// Fails with `sign/certificate-refused` when the leaf is not for this key, may not sign models, or is
    /// out of date at `at`: every verifier would refuse what it signed.
    pub fn certificate(
        key: PrivateKey,
        chain: Vec<Certificate>,
        at: Moment,
    ) -> Result<Self, Failure> {
        let refuse = |message: String| Failure::usage(codes::CERTIFICATE_REFUSED, message);
        let Some(leaf) = chain.first() else {
            return Err(refuse("expected a certificate, found none".to_owned()));
        };
        if leaf.public_key()? != key.public_key() {
            let message = format!("the certificate `{}` is for another key", leaf.subject());
            return Err(refuse(message).with_help("name the certificate of this key first"));
        }
        if let Some(objection) = leaf.leaf_objection(at) {
            return Err(refuse(format!("the certificate `{}` {objection}", leaf.subject()))
                .with_help("a verifier would refuse the signature: use another certificate"));
        }
        for (below, above) in chain.iter().zip(chain.iter().skip(1)) {
            if !below.names_issuer(above) || !below.is_signed_by(above) {
                let message =
                    format!("`{}` was not issued by `{}`", below.subject(), above.subject());
                return Err(refuse(message)
                    .with_help("name the authorities in order, from the certificate upwards"));
            }
        }
        Ok(Self { key, chain })
    }

    /// The id of the key: SHA-256 of its public half as PEM, in hex.
    pub fn key_id(&self) -> String {
        self.key.public_key().hint()
    }

    /// The certificates, leaf first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Signs a statement: the bytes of a bundle.
    pub(crate) fn seal(&self, statement: &[u8]) -> Result<Vec<u8>, Failure> {
        let envelope = Envelope::seal(STATEMENT_TYPE, statement, &self.key);
        if self.chain.is_empty() {
            Bundle::with_key(envelope, &self.key.public_key()).write()
        } else {
            Bundle::with_certificates(envelope, &self.chain).write()
        }
    }
}

/// Signs a model with a key: the bytes of `model.sig`. The same as [`sign_with`] for a key alone.
pub fn sign(
    resources: &[Resource],
    options: &SignOptions,
    key: &PrivateKey,
) -> Result<Vec<u8>, Failure> {
    let statement = statement(resources, options)?.write()?;
    Bundle::with_key(Envelope::seal(STATEMENT_TYPE, &statement, key), &key.public_key()).write()
}

/// Signs a model: the bytes of `model.sig`.
///
/// Resources are listed by name, whatever order they come in. A model that is one file is named `.`.
/// Fails with `sign/name` for a name that a verifier must refuse or that comes twice, and with
/// `sign/nothing-to-sign` when there is no file.
pub fn sign_with(
    resources: &[Resource],
    options: &SignOptions,
    credentials: &Credentials,
) -> Result<Vec<u8>, Failure> {
    credentials.seal(&statement(resources, options)?.write()?)
}

/// The statement about a model that [`sign_with`] signs.
pub fn statement(resources: &[Resource], options: &SignOptions) -> Result<Statement, Failure> {
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
    // Other signatures may be added later; they must not make this one fail.
    ignored.extend([SIGNATURE_NAME.to_owned(), SIGNATURE_FOLDER.to_owned()]);
    ignored.extend(options.ignore_paths.iter().cloned());
    ignored.sort();
    ignored.dedup();
    Ok(Statement::new(&options.subject, &sorted, &ignored))
}
