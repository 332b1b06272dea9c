//! Keyless signatures: a short-lived certificate for an identity, and proof that a public log has seen the
//! signature while it was valid. Verified offline against a trust root that is given.
//!
//! The checks are those of the sigstore project's own library, with the cryptography of this crate under
//! it, so that a build needs no C compiler.

use sigstore_verify::{
    Error, VerificationPolicy, Verifier,
    crypto::{
        CryptoProvider, Error as CryptoError, HashContext, SigningScheme, install_default_provider,
    },
    trust_root::TrustedRoot,
    types::{Bundle as SigstoreBundle, HashAlgorithm, Sha256Hash},
};

use p256::ecdsa::signature::{Verifier as _, hazmat::PrehashVerifier};
use rsa::{pkcs1::DecodeRsaPublicKey, pkcs1v15, pkcs8::AssociatedOid};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{
    Authentication, Bundle, Finding, Identity, Signer, Status, Trust, codes, statement::Subject,
};

/// Verifies a keyless bundle and says whether its identity is one of those accepted.
pub(crate) fn authenticate(bundle: &Bundle, trust: &Trust) -> Authentication {
    let refuse = |code, message: String, help: &str| {
        let finding = Finding::new(code, Status::Warn, message);
        Authentication::uncounted(finding.with_help(help))
    };
    let Some(keyless) = &trust.keyless else {
        return refuse(
            codes::KEYLESS,
            "the model was signed keyless, and no trust root is given".to_owned(),
            "give `--trusted-root`, `--identity` and `--issuer`, or a trust file with `keyless`",
        );
    };
    // Installed once; that another user of the library was first does no harm.
    let _first = install_default_provider(&PROVIDER);
    let broken = |what: &str, why: &dyn std::fmt::Display| {
        refuse(
            codes::KEYLESS,
            format!("{what}: {why}"),
            "the bundle or the trust root is of no use",
        )
    };
    let root = match TrustedRoot::from_json(&keyless.trusted_root) {
        Ok(root) => root,
        Err(error) => return broken("the trust root is not valid", &error),
    };
    let verifier = match Verifier::new(&root) {
        Ok(verifier) => verifier,
        Err(error) => return broken("the trust root is not valid", &error),
    };
    let parsed = match SigstoreBundle::from_json(bundle.text()) {
        Ok(parsed) => parsed,
        Err(error) => return broken("the keyless bundle is not valid", &error),
    };
    let Some(subject) = subject(bundle) else {
        return broken("the keyless bundle is not valid", &"it has no subject with a SHA-256");
    };
    let mut mismatch = None;
    for identity in &keyless.identities {
        let policy = VerificationPolicy::new(identity.identity.as_str(), identity.issuer.as_str());
        match verifier.verify(subject, &parsed, &policy) {
            Ok(result) => return accepted(identity, result.verified_timestamps().first()),
            Err(error @ (Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. })) => {
                mismatch = Some(error);
            }
            Err(error) => return broken("the keyless signature does not hold", &error),
        }
    }
    let why = mismatch.map_or_else(String::new, |error| format!(": {error}"));
    refuse(
        codes::IDENTITY,
        format!("the keyless signer is none of the identities accepted{why}"),
        "accept the identity if it may sign: `--identity` and `--issuer`, or the trust file",
    )
}

fn accepted(identity: &Identity, time: Option<&impl std::fmt::Display>) -> Authentication {
    let who = identity.name.as_ref().map_or_else(String::new, |name| format!("`{name}`, "));
    let when = time.map_or_else(String::new, |time| format!(" at {time}"));
    let message =
        format!("signed by {who}`{}` according to `{}`{when}", identity.identity, identity.issuer);
    let signer = Signer {
        id: format!("{} {}", identity.issuer, identity.identity),
        name: identity.name.clone().or_else(|| Some(identity.identity.clone())),
        method: "sigstore",
    };
    Authentication::trusted(signer, message)
}

/// The digest that binds the bundle to its statement.
fn subject(bundle: &Bundle) -> Option<Sha256Hash> {
    #[derive(serde::Deserialize)]
    struct Subjects {
        subject: Vec<Subject>,
    }
    let payload = bundle.envelope().payload().ok()?;
    let subjects: Subjects = serde_json::from_slice(&payload).ok()?;
    Sha256Hash::from_hex(&subjects.subject.first()?.digest.sha256).ok()
}

/// The cryptography of this crate for the library.
#[derive(Debug)]
struct Provider;

static PROVIDER: Provider = Provider;

struct Hash<D>(D);

impl<D: Digest + Send> HashContext for Hash<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for Provider {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, CryptoError> {
        Ok(match algorithm {
            HashAlgorithm::Sha2256 => Box::new(Hash(Sha256::new())),
            HashAlgorithm::Sha2384 => Box::new(Hash(Sha384::new())),
            HashAlgorithm::Sha2512 => Box::new(Hash(Sha512::new())),
            _ => return Err(CryptoError::UnsupportedAlgorithm(algorithm.to_string())),
        })
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if let SigningScheme::Ed25519 = scheme {
            return settled(scheme, ed25519(key, data, signature));
        }
        let hash = match scheme.hash_algorithm() {
            Some(HashAlgorithm::Sha2256) => Sha256::digest(data).to_vec(),
            Some(HashAlgorithm::Sha2384) => Sha384::digest(data).to_vec(),
            Some(HashAlgorithm::Sha2512) => Sha512::digest(data).to_vec(),
            Some(_) | None => return Err(unsupported(scheme)),
        };
        self.verify_prehashed(scheme, key, &hash, signature)
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let held = match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(key).and_then(|key| {
                    key.verify_prehash(digest, &p256::ecdsa::DerSignature::from_bytes(signature)?)
                })
            }
            SigningScheme::EcdsaP384Sha256 | SigningScheme::EcdsaP384Sha384 => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(key).and_then(|key| {
                    key.verify_prehash(digest, &p384::ecdsa::DerSignature::from_bytes(signature)?)
                })
            }
            SigningScheme::RsaPkcs1Sha256 => rsa_held::<Sha256>(key, digest, signature),
            SigningScheme::RsaPkcs1Sha384 => rsa_held::<Sha384>(key, digest, signature),
            SigningScheme::RsaPkcs1Sha512 => rsa_held::<Sha512>(key, digest, signature),
            SigningScheme::Ed25519
            | SigningScheme::RsaPssSha256
            | SigningScheme::RsaPssSha384
            | SigningScheme::RsaPssSha512
            | SigningScheme::MlDsa44
            | SigningScheme::MlDsa65
            | SigningScheme::MlDsa87
            | _ => return Err(unsupported(scheme)),
        };
        settled(scheme, held.is_ok())
    }
}

fn ed25519(key: &[u8], data: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::try_from(key) else { return false };
    ed25519_dalek::Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify(data, &signature).is_ok())
}

fn rsa_held<D>(key: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), rsa::signature::Error>
where
    D: Digest + AssociatedOid,
{
    let key = rsa::PublicKey::from_pkcs1_der(key).map_err(rsa::signature::Error::from_source)?;
    let signature = pkcs1v15::Signature::try_from(signature)?;
    pkcs1v15::VerifyingKey::<D>::new(key).verify_prehash(digest, &signature)
}

fn settled(scheme: SigningScheme, held: bool) -> Result<(), CryptoError> {
    if held {
        return Ok(());
    }
    Err(CryptoError::Verification(format!("{} signature invalid", scheme.name())))
}

fn unsupported(scheme: SigningScheme) -> CryptoError {
    CryptoError::UnsupportedAlgorithm(format!("{} is not verified here", scheme.name()))
}
