//! Whom a verifier trusts: keys, certificate roots, keyless identities; who no longer counts; how many
//! signers are needed.

use holdall_diag::{Failure, Location, PathKind};
use serde::Deserialize;

use crate::{Certificate, Moment, PublicKey, Validity, codes, json};

/// The value of the key `schema` of a trust file.
pub const TRUST_SCHEMA: &str = "holdall/trust/1";

/// Whom a verifier trusts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys that are trusted.
    pub keys: Vec<TrustedKey>,
    /// Certificate authorities that are trusted.
    pub roots: Vec<TrustedRoot>,
    /// Keyless signers that are trusted.
    pub keyless: Option<Keyless>,
    /// Keys that no longer count, whoever vouches for them.
    pub revoked: Vec<Revoked>,
    /// How many different signers are needed; 0 counts as 1.
    pub threshold: u32,
}

/// A key that is trusted.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// Whose it is.
    pub name: Option<String>,
    /// The key.
    pub key: PublicKey,
    /// When signatures by it are accepted.
    pub validity: Validity,
}

/// A certificate authority that is trusted.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    /// Whose it is.
    pub name: Option<String>,
    /// Its certificates; each one is a root.
    pub certificates: Vec<Certificate>,
    /// Which holders of its certificates are accepted: subject, common name, or an alternative name. Empty
    /// accepts all.
    pub identities: Vec<String>,
    /// When signatures under it are accepted, within the dates of the certificates.
    pub validity: Validity,
}

/// Keyless signers that are trusted.
#[derive(Clone, Debug)]
pub struct Keyless {
    /// A sigstore `trusted_root.json`: certificate authorities, logs, time stamping authorities.
    pub trusted_root: String,
    /// The identities that are accepted; there must be one.
    pub identities: Vec<Identity>,
}

/// A keyless identity: who, according to whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Whose it is.
    #[serde(default)]
    pub name: Option<String>,
    /// Mail address or URI in the certificate, compared as it is.
    pub identity: String,
    /// The issuer of the identity token, such as `https://accounts.google.com`.
    pub issuer: String,
}

/// A key that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The key: SHA-256 of its PEM text in hex, as bundles name it. Keys in certificates are meant as well.
    pub key_id: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustDoc {
    schema: String,
    #[serde(default)]
    threshold: Option<u32>,
    #[serde(default)]
    keys: Vec<KeyDoc>,
    #[serde(default)]
    roots: Vec<RootDoc>,
    #[serde(default)]
    keyless: Option<KeylessDoc>,
    #[serde(default)]
    revoked: Vec<Revoked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyDoc {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    key_id: Option<String>,
    #[serde(default)]
    public_key: Option<String>,
    #[serde(default)]
    public_key_file: Option<String>,
    #[serde(default)]
    not_before: Option<Moment>,
    #[serde(default)]
    not_after: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootDoc {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    certificates: Option<String>,
    #[serde(default)]
    certificates_file: Option<String>,
    #[serde(default)]
    identities: Vec<String>,
    #[serde(default)]
    not_before: Option<Moment>,
    #[serde(default)]
    not_after: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeylessDoc {
    trusted_root_file: String,
    identities: Vec<Identity>,
}

/// Gives the text of a file that a trust file names, relative to it.
pub type ReadText<'a> = dyn FnMut(&str) -> Result<String, Failure> + 'a;

impl Trust {
    /// Trusts one key, without dates.
    pub fn key(key: PublicKey) -> Self {
        let key = TrustedKey { name: None, key, validity: Validity::default() };
        Self { keys: vec![key], ..Self::default() }
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.roots.is_empty() && self.keyless.is_none()
    }

    /// How many different signers are needed.
    pub fn needed(&self) -> usize {
        usize::try_from(self.threshold.max(1)).unwrap_or(usize::MAX)
    }

    /// Why the key with this id no longer counts.
    pub(crate) fn revocation(&self, key_id: &str) -> Option<&Revoked> {
        self.revoked.iter().find(|revoked| revoked.key_id.eq_ignore_ascii_case(key_id))
    }

    /// Reads a trust file (`schemas/trust-1.json`) strictly: unknown keys are refused. Fails with
    /// `sign/trust`, with the pointer of what is wrong.
    pub fn read(bytes: &[u8], text_of: &mut ReadText<'_>) -> Result<Self, Failure> {
        let doc: TrustDoc = json::read(bytes, codes::TRUST)?;
        if doc.schema != TRUST_SCHEMA {
            let message = format!("expected `{TRUST_SCHEMA}`, found `{}`", doc.schema);
            return Err(refuse("/schema", message));
        }
        let mut trust =
            Self { threshold: doc.threshold.unwrap_or(1), revoked: doc.revoked, ..Self::default() };
        for (index, revoked) in trust.revoked.iter().enumerate() {
            if crate::from_hex(&revoked.key_id).is_none() {
                let message = format!("expected 64 hexadecimal digits, found `{}`", revoked.key_id);
                return Err(refuse(&format!("/revoked/{index}/key_id"), message));
            }
        }
        for (index, key) in doc.keys.into_iter().enumerate() {
            trust.keys.push(key.read(&format!("/keys/{index}"), text_of)?);
        }
        for (index, root) in doc.roots.into_iter().enumerate() {
            trust.roots.push(root.read(&format!("/roots/{index}"), text_of)?);
        }
        if let Some(keyless) = doc.keyless {
            if keyless.identities.is_empty() {
                let message = "expected an identity: a root alone would accept everybody";
                return Err(refuse("/keyless/identities", message));
            }
            let trusted_root = text_of(&keyless.trusted_root_file)?;
            trust.keyless = Some(Keyless { trusted_root, identities: keyless.identities });
        }
        if trust.is_empty() {
            return Err(refuse("", "expected keys, roots or keyless identities, found none"));
        }
        let possible = trust.keys.len();
        if trust.threshold == 0 {
            return Err(refuse("/threshold", "expected at least one signer, found 0"));
        }
        if trust.roots.is_empty() && trust.keyless.is_none() && trust.needed() > possible {
            let message =
                format!("{} signers are needed, and {possible} keys are listed", trust.threshold);
            return Err(refuse("/threshold", message));
        }
        Ok(trust)
    }
}

impl KeyDoc {
    fn read(self, pointer: &str, text_of: &mut ReadText<'_>) -> Result<TrustedKey, Failure> {
        let text = one_of(
            pointer,
            ("public_key", self.public_key),
            ("public_key_file", self.public_key_file),
            text_of,
        )?;
        let key = PublicKey::from_pem(&text).map_err(|f| f.map_location(|l| inside(l, pointer)))?;
        // A key id is for people and for revocation; one that does not fit its key hides a mistake.
        if let Some(id) = self.key_id.filter(|id| !id.eq_ignore_ascii_case(&key.hint())) {
            let message = format!("the key has the id `{}`, not `{id}`", key.hint());
            return Err(refuse(&format!("{pointer}/key_id"), message));
        }
        let validity = span(pointer, self.not_before, self.not_after)?;
        Ok(TrustedKey { name: self.name, key, validity })
    }
}

impl RootDoc {
    fn read(self, pointer: &str, text_of: &mut ReadText<'_>) -> Result<TrustedRoot, Failure> {
        let text = one_of(
            pointer,
            ("certificates", self.certificates),
            ("certificates_file", self.certificates_file),
            text_of,
        )?;
        let certificates =
            Certificate::from_pem(&text).map_err(|f| f.map_location(|l| inside(l, pointer)))?;
        let validity = span(pointer, self.not_before, self.not_after)?;
        Ok(TrustedRoot { name: self.name, certificates, identities: self.identities, validity })
    }
}

fn one_of(
    pointer: &str,
    inline: (&str, Option<String>),
    file: (&str, Option<String>),
    text_of: &mut ReadText<'_>,
) -> Result<String, Failure> {
    match (inline.1, file.1) {
        (Some(text), None) => Ok(text),
        (None, Some(path)) => text_of(&path),
        (Some(_), Some(_)) | (None, None) => {
            Err(refuse(pointer, format!("expected one of `{}` and `{}`", inline.0, file.0)))
        }
    }
}

fn span(
    pointer: &str,
    not_before: Option<Moment>,
    not_after: Option<Moment>,
) -> Result<Validity, Failure> {
    if matches!((not_before, not_after), (Some(start), Some(end)) if start > end) {
        return Err(refuse(pointer, "`not_after` is before `not_before`"));
    }
    Ok(Validity { not_before, not_after })
}

fn refuse(pointer: &str, message: impl Into<String>) -> Failure {
    Failure::malformed(codes::TRUST, message).at(Location::path(PathKind::JsonPointer, pointer))
}

/// A failure of what stands inline is in the trust file; one of another file names that file.
fn inside(location: Location, pointer: &str) -> Location {
    if location.is_none() { Location::path(PathKind::JsonPointer, pointer) } else { location }
}
