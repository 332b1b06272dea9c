//! OpenSSF Model Signing v1.0: signatures over a list of files, and attestations about it.
//!
//! A [`Statement`] names every file with its SHA-256; an [`Envelope`] (DSSE) carries the statement and
//! its signature; a [`Bundle`] (sigstore v0.3) adds which key or certificate to use. [`sign_with`] makes the
//! file `model.sig` from names and digests. A verifier [reads and judges](Judged::read) every signature
//! against a [`Trust`], takes the digests that the signatures ask for with [`digest_stream`], and
//! [compares](verify_all). Nothing here opens a file or looks at a clock, and signatures are deterministic
//! (RFC 6979): same input, same bytes.
//!
//! ```
//! use holdall_sign::{Curve, PrivateKey, Resource, SignOptions, VerifyOptions, sign, verify};
//!
//! let key = PrivateKey::generate(Curve::P256)?;
//! let files = [Resource { name: "model.onnx".into(), sha256: [7; 32] }];
//! let bundle = sign(&files, &SignOptions::new("my-model"), &key)?;
//! let answer = verify(&bundle, &files, &key.public_key(), &VerifyOptions::default())?;
//! assert!(answer.ok());
//! # Ok::<(), holdall_diag::Failure>(())
//! ```
//!
//! Verification is stricter than the reference; `docs/signing.md` says where and why.
#![warn(clippy::indexing_slicing)]

pub mod attest;
mod authenticate;
mod bundle;
mod certificate;
mod chain;
mod compare;
mod envelope;
mod finding;
mod hashing;
mod hex;
mod json;
mod key;
#[cfg(feature = "sigstore")]
mod keyless;
mod listing;
mod names;
mod password;
mod pem;
mod produce;
mod relay;
mod statement;
mod time;
mod trust;
mod verify;

pub use authenticate::{Authentication, Signer, Standing, authenticate, settle};
pub use bundle::{Bundle, Material};
pub use certificate::Certificate;
pub use compare::{Comparison, Found, VerifyOptions, compare};
pub use envelope::{Envelope, STATEMENT_TYPE, Signature, pae};
pub use finding::{Finding, Status};
pub use hashing::{Algorithm, FileDigests, Hashing, digest_copy, digest_stream};
pub use hex::{from_hex, to_hex};
pub use key::{Curve, PrivateKey, PublicKey};
pub use listing::{Listed, Listing};
pub use names::{ROOT_IGNORED, is_below, is_safe_name, is_signature_file};
pub use produce::{Credentials, SignOptions, sign, sign_with, statement};
pub use statement::{Digest, NamedDigest, Predicate, Serialization, Statement, Subject};
pub use time::{Moment, Validity};
pub use trust::{
    Identity, Keyless, ReadText, Revoked, TRUST_SCHEMA, Trust, TrustedKey, TrustedRoot,
};
pub use verify::{Content, Judged, ModelVerification, Verification, verify, verify_all};

/// The usual name of the signature at the root of a model.
pub const SIGNATURE_NAME: &str = "model.sig";

/// The folder at the root of a model for further signatures and for attestations.
pub const SIGNATURE_FOLDER: &str = "model.sig.d";

/// A file of the model: its name below the root, with `/`, and the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Name relative to the root of the model.
    pub name: String,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        KEY = "sign/key": "the text is not a key that can be used here";
        KEY_ENCRYPTED = "sign/key-encrypted": "the private key is encrypted";
        KEY_ALGORITHM = "sign/key-algorithm": "the key is for another algorithm or curve";
        RANDOM = "sign/random": "the operating system gave no random bytes";
        NOTHING_TO_SIGN = "sign/nothing-to-sign": "there is no file to sign";
        NAME = "sign/name": "a file name cannot be signed";
        BUNDLE = "sign/bundle": "the file is not a sigstore bundle v0.3";
        ENVELOPE = "sign/envelope": "the envelope is not what model signing prescribes";
        STATEMENT = "sign/statement": "the signed statement is not what model signing prescribes";
        LEGACY = "sign/legacy": "the signature has a form from before Model Signing v1.0";
        METHOD = "sign/method": "the signing method is not verified by this build";
        HASHING = "sign/hashing": "the statement was hashed in a way that Model Signing does not know";
        TIME = "sign/time": "the text is not a time";
        PASSWORD = "sign/password": "the password does not open the private key, or is none";
        CERTIFICATE = "sign/certificate": "the text is not a certificate";
        CERTIFICATE_REFUSED = "sign/certificate-refused": "the certificate may not sign models, is out of date, or leads to no trusted root";
        TRUST = "sign/trust": "the trust file is not valid";
        KEY_EXPIRED = "sign/key-expired": "the signer is trusted at another time";
        KEY_REVOKED = "sign/key-revoked": "the signature is by a key that is revoked";
        IDENTITY = "sign/identity": "the signer is none of the identities that are accepted";
        KEYLESS = "sign/keyless": "the keyless signature does not hold";
        THRESHOLD = "sign/threshold": "fewer signers than needed have signed";
        ATTESTATION = "sign/attestation": "what an attestation is about";
        ATTESTATION_BAD = "sign/attestation-bad": "an attestation is about another model or contradicts the package";
        SIGNATURE_GOOD = "sign/signature-good": "the signature is by a signer that is trusted";
        SIGNATURE_BAD = "sign/signature-bad": "the signature does not fit the statement and the key";
        WRONG_KEY = "sign/wrong-key": "the signature is by another key than those trusted";
        ROOT_DIGEST = "sign/root-digest": "the subject digest is not that of the listed files";
        DUPLICATE_NAME = "sign/duplicate-name": "the statement lists a name twice";
        UNSAFE_NAME = "sign/unsafe-name": "the statement lists a name outside the model";
        DIGEST_MISMATCH = "sign/digest-mismatch": "a file is not the one that was signed";
        MISSING_FILE = "sign/missing-file": "a signed file is not there";
        EXTRA_FILE = "sign/extra-file": "a file is not covered by the signature";
        HIDDEN_FILE = "sign/hidden-file": "a file is excluded from the signature by the signer";
        IGNORED_PATH = "sign/ignored-path": "the signer excluded a path beyond the usual ones";
        SYMLINKS = "sign/symlinks": "the signer followed symbolic links";
        MORE_SIGNATURES = "sign/more-signatures": "the envelope has signatures that were not looked at";
    }
}

#[cfg(test)]
mod tests;
