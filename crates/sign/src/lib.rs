//! OpenSSF Model Signing v1.0 with keys: one signature over a list of files.
//!
//! A [`Statement`] names every file with its SHA-256; an [`Envelope`] (DSSE) carries the statement and
//! its signature; a [`Bundle`] (sigstore v0.3) adds which key to use. [`sign`] makes the file
//! `model.sig` from names and digests, [`verify`] holds it against the files found. Nothing here opens
//! a file or looks at a clock, and signatures are deterministic (RFC 6979): same input, same bytes.
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
//! Verification is stricter than the reference: duplicate names, `..` names, files hidden by an
//! `ignore_paths` that the verifier did not ask for, and unknown keys are all refused.
#![warn(clippy::indexing_slicing)]

mod bundle;
mod envelope;
mod finding;
mod hex;
mod json;
mod key;
mod names;
mod pem;
mod produce;
mod statement;
mod verify;

pub use bundle::{Bundle, Material};
pub use envelope::{Envelope, STATEMENT_TYPE, Signature, pae};
pub use finding::{Finding, Status};
pub use hex::{from_hex, to_hex};
pub use key::{Curve, PrivateKey, PublicKey};
pub use names::{ROOT_IGNORED, is_below, is_safe_name};
pub use produce::{SignOptions, sign};
pub use statement::{Digest, NamedDigest, Predicate, Serialization, Statement, Subject};
pub use verify::{Verification, VerifyOptions, verify};

/// The usual name of the signature at the root of a model.
pub const SIGNATURE_NAME: &str = "model.sig";

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
        METHOD = "sign/method": "the signing method cannot be verified by this version";
        HASHING = "sign/hashing": "the statement was hashed in a way that is not verified by this version";
        SIGNATURE_GOOD = "sign/signature-good": "the signature is by the given key";
        SIGNATURE_BAD = "sign/signature-bad": "the signature does not fit the statement and the key";
        WRONG_KEY = "sign/wrong-key": "the signature names another key";
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
