use std::fmt;

use holdall_diag::Failure;
use p256::{
    ecdsa::signature::{Signer, hazmat::PrehashVerifier},
    elliptic_curve::Generate,
    pkcs8::{
        DecodePrivateKey, DecodePublicKey, Document, EncodePrivateKey, EncodePublicKey, LineEnding,
        ObjectIdentifier, PrivateKeyInfoRef, SecretDocument, SubjectPublicKeyInfoRef,
    },
};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{codes, hex::to_hex, password, pem};

/// The curves of Model Signing, each with the hash of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256 with SHA-256.
    P256,
    /// NIST P-384 with SHA-384.
    P384,
    /// NIST P-521 with SHA-512.
    P521,
}

impl Curve {
    /// `P-256`, `P-384` or `P-521`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The curve of an object identifier (RFC 5480, 2.1.1.1).
    fn of(oid: &ObjectIdentifier) -> Option<Self> {
        match oid.to_string().as_str() {
            "1.2.840.10045.3.1.7" => Some(Self::P256),
            "1.3.132.0.34" => Some(Self::P384),
            "1.3.132.0.35" => Some(Self::P521),
            _ => None,
        }
    }
}

/// An elliptic-curve private key. Its parts are wiped from memory when it is dropped.
pub struct PrivateKey(Secret);

enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

/// An elliptic-curve public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    pem: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Point {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

impl PrivateKey {
    /// A new key; the random bytes come from the operating system.
    pub fn generate(curve: Curve) -> Result<Self, Failure> {
        let refused = |error: p256::elliptic_curve::common::getrandom::Error| {
            Failure::io(
                codes::RANDOM,
                format!("cannot make a key: {error}"),
                std::io::Error::other(error.to_string()),
            )
        };
        Ok(Self(match curve {
            Curve::P256 => Secret::P256(p256::SecretKey::try_generate().map_err(refused)?),
            Curve::P384 => Secret::P384(p384::SecretKey::try_generate().map_err(refused)?),
            Curve::P521 => Secret::P521(p521::SecretKey::try_generate().map_err(refused)?),
        }))
    }

    /// Reads an unencrypted PEM file: PKCS#8 (`PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`).
    ///
    /// Fails with `sign/key-encrypted`, `sign/key-algorithm`, or `sign/key` when it is neither.
    pub fn from_pem(text: &str) -> Result<Self, Failure> {
        Self::from_pem_with_password(text, None)
    }

    /// Reads a PEM file that may be encrypted (PKCS#8 with PBES2, `ENCRYPTED PRIVATE KEY`).
    ///
    /// Beside the failures of [`from_pem`](Self::from_pem) it fails with `sign/password` when the password
    /// is wrong. A password for a key that is not encrypted is not looked at.
    pub fn from_pem_with_password(text: &str, password: Option<&[u8]>) -> Result<Self, Failure> {
        let blocks = pem::blocks(text);
        let Some(block) = blocks.iter().find(|b| b.label.ends_with("PRIVATE KEY")) else {
            return Err(other_block("private", &blocks));
        };
        if block.encrypted {
            return Err(Failure::unsupported(
                codes::KEY_ENCRYPTED,
                "the private key is encrypted in the traditional form, which is weak and not read",
            )
            .with_help("bring it to PKCS#8: `openssl pkcs8 -topk8 -in key.pem -out new.pem`"));
        }
        if !matches!(block.label, "PRIVATE KEY" | "EC PRIVATE KEY" | "ENCRYPTED PRIVATE KEY") {
            return Err(wrong_algorithm(&format!("a key of the kind `{}`", block.label)));
        }
        let (_, der) = SecretDocument::from_pem(&block.text)
            .map_err(|error| damaged("private", "not a PEM block", error))?;
        match block.label {
            "PRIVATE KEY" => Self::from_pkcs8(der.as_bytes()),
            "ENCRYPTED PRIVATE KEY" => {
                Self::from_pkcs8(password::decrypt(der.as_bytes(), password)?.as_bytes())
            }
            _ => Self::from_sec1(der.as_bytes()),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, Failure> {
        let info = PrivateKeyInfoRef::try_from(der)
            .map_err(|error| damaged("private", "not PKCS#8", error))?;
        let curve = curve_of(info.algorithm.oid, info.algorithm.parameters_oid().ok())?;
        let broken = |error| damaged("private", "not a point of its curve", error);
        Ok(Self(match curve {
            Curve::P256 => Secret::P256(p256::SecretKey::from_pkcs8_der(der).map_err(broken)?),
            Curve::P384 => Secret::P384(p384::SecretKey::from_pkcs8_der(der).map_err(broken)?),
            Curve::P521 => Secret::P521(p521::SecretKey::from_pkcs8_der(der).map_err(broken)?),
        }))
    }

    /// SEC1 may leave the curve out, so each is tried; lengths and named curves keep them apart.
    fn from_sec1(der: &[u8]) -> Result<Self, Failure> {
        let p256 = || p256::SecretKey::from_sec1_der(der).ok().map(Secret::P256);
        let p384 = || p384::SecretKey::from_sec1_der(der).ok().map(Secret::P384);
        let p521 = || p521::SecretKey::from_sec1_der(der).ok().map(Secret::P521);
        p256()
            .or_else(p384)
            .or_else(p521)
            .map(Self)
            .ok_or_else(|| wrong_algorithm("an EC key that is on another curve or damaged"))
    }

    /// The key as unencrypted PKCS#8 PEM.
    pub fn to_pem(&self) -> Result<String, Failure> {
        let text = match &self.0 {
            Secret::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::P384(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::P521(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        text.map(|pem| pem.as_str().to_owned())
            .map_err(|error| Failure::bug(codes::KEY, format!("cannot write the key: {error}")))
    }

    /// The key as PKCS#8 PEM, encrypted with a password (PBES2: scrypt and AES-256-CBC). Salt and vector
    /// are random, so the text is another one each time.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, Failure> {
        let der = match &self.0 {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
        };
        let der = der
            .map_err(|error| Failure::bug(codes::KEY, format!("cannot write the key: {error}")))?;
        password::encrypt(der.as_bytes(), password)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of(match &self.0 {
            Secret::P256(key) => Point::P256(key.public_key()),
            Secret::P384(key) => Point::P384(key.public_key()),
            Secret::P521(key) => Point::P521(key.public_key()),
        })
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        match &self.0 {
            Secret::P256(_) => Curve::P256,
            Secret::P384(_) => Curve::P384,
            Secret::P521(_) => Curve::P521,
        }
    }

    /// The DER signature of `message`; the nonce follows from key and message (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Secret::P256(key) => {
                let made: p256::ecdsa::DerSignature =
                    p256::ecdsa::SigningKey::from(key).sign(message);
                made.as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let made: p384::ecdsa::DerSignature =
                    p384::ecdsa::SigningKey::from(key).sign(message);
                made.as_bytes().to_vec()
            }
            Secret::P521(key) => {
                let made: p521::ecdsa::DerSignature =
                    p521::ecdsa::SigningKey::from(key).sign(message);
                made.as_bytes().to_vec()
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.curve().as_str())
    }
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` block (`SubjectPublicKeyInfo`).
    pub fn from_pem(text: &str) -> Result<Self, Failure> {
        let blocks = pem::blocks(text);
        let Some(block) = blocks.iter().find(|b| b.label == "PUBLIC KEY") else {
            return Err(other_block("public", &blocks));
        };
        let (_, der) = Document::from_pem(&block.text)
            .map_err(|error| damaged("public", "not a PEM block", error))?;
        Self::from_der(der.as_bytes())
    }

    /// Reads a `SubjectPublicKeyInfo` in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, Failure> {
        let info = SubjectPublicKeyInfoRef::try_from(der)
            .map_err(|error| damaged("public", "not SubjectPublicKeyInfo", error))?;
        let curve = curve_of(info.algorithm.oid, info.algorithm.parameters_oid().ok())?;
        let point = match curve {
            Curve::P256 => p256::PublicKey::from_public_key_der(der).map(Point::P256),
            Curve::P384 => p384::PublicKey::from_public_key_der(der).map(Point::P384),
            Curve::P521 => p521::PublicKey::from_public_key_der(der).map(Point::P521),
        };
        point.map(Self::of).map_err(|error| damaged("public", "not a point of its curve", error))
    }

    fn of(point: Point) -> Self {
        let pem = match &point {
            Point::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Point::P384(key) => key.to_public_key_pem(LineEnding::LF),
            Point::P521(key) => key.to_public_key_pem(LineEnding::LF),
        };
        // A point on the curve always has an encoding; the text is empty only if the library breaks.
        Self { point, pem: pem.unwrap_or_default() }
    }

    /// The key as `SubjectPublicKeyInfo` PEM: LF line ends, 64 columns, a newline at the end.
    pub fn to_pem(&self) -> &str {
        &self.pem
    }

    /// The hint by which bundles name this key: SHA-256 of the PEM text, in lower-case hex.
    pub fn hint(&self) -> String {
        to_hex(&Sha256::digest(self.pem.as_bytes()))
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        match &self.point {
            Point::P256(_) => Curve::P256,
            Point::P384(_) => Curve::P384,
            Point::P521(_) => Curve::P521,
        }
    }

    /// Whether `signature` (DER) is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.curve() {
            Curve::P256 => self.verifies_hash(&Sha256::digest(message), signature),
            Curve::P384 => self.verifies_hash(&Sha384::digest(message), signature),
            Curve::P521 => self.verifies_hash(&Sha512::digest(message), signature),
        }
    }

    /// Whether `signature` (DER) is this key's over a message with this hash. Certificates may be signed
    /// with a hash of another size than the curve's.
    pub(crate) fn verifies_hash(&self, hash: &[u8], signature: &[u8]) -> bool {
        // The library refuses hashes shorter than half a field. A hash is a number: zeros in front of it
        // change nothing.
        let mut number = vec![0; 66_usize.saturating_sub(hash.len())];
        number.extend_from_slice(hash);
        match &self.point {
            Point::P256(key) => p256::ecdsa::DerSignature::from_bytes(signature)
                .and_then(|s| p256::ecdsa::VerifyingKey::from(key).verify_prehash(hash, &s))
                .is_ok(),
            Point::P384(key) => p384::ecdsa::DerSignature::from_bytes(signature)
                .and_then(|s| p384::ecdsa::VerifyingKey::from(key).verify_prehash(hash, &s))
                .is_ok(),
            Point::P521(key) => p521::ecdsa::DerSignature::from_bytes(signature)
                .and_then(|s| p521::ecdsa::VerifyingKey::from(key).verify_prehash(&number, &s))
                .is_ok(),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.curve().as_str(), self.hint())
    }
}

fn curve_of(
    algorithm: ObjectIdentifier,
    parameters: Option<ObjectIdentifier>,
) -> Result<Curve, Failure> {
    match algorithm.to_string().as_str() {
        "1.2.840.10045.2.1" => parameters.as_ref().and_then(Curve::of).ok_or_else(|| {
            let curve = parameters.map_or("explicit parameters".to_owned(), |oid| {
                match oid.to_string().as_str() {
                    "1.3.132.0.10" => "secp256k1".to_owned(),
                    other => format!("curve {other}"),
                }
            });
            wrong_algorithm(&format!("an EC key on {curve}"))
        }),
        "1.2.840.113549.1.1.1" => Err(wrong_algorithm("an RSA key")),
        "1.3.101.112" => Err(wrong_algorithm("an Ed25519 key")),
        other => Err(wrong_algorithm(&format!("a key for algorithm {other}"))),
    }
}

fn wrong_algorithm(found: &str) -> Failure {
    Failure::unsupported(
        codes::KEY_ALGORITHM,
        format!("expected an EC key on P-256, P-384 or P-521, found {found}"),
    )
    .with_help(
        "make one: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`",
    )
}

fn damaged(
    half: &str,
    why: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Failure {
    not_a_key(&format!("the {half} key is damaged: its content is {why}")).caused_by(error)
}

fn not_a_key(message: &str) -> Failure {
    Failure::malformed(codes::KEY, message)
}

fn other_block(wanted: &str, blocks: &[pem::Block<'_>]) -> Failure {
    let found = blocks.first().map_or("no PEM block".to_owned(), |b| format!("`{}`", b.label));
    let failure = not_a_key(&format!("expected a {wanted} key in PEM, found {found}"));
    match (wanted, blocks.first().map(|b| b.label)) {
        ("public", Some(label)) if label.ends_with("PRIVATE KEY") => failure
            .with_help("write its public half: `openssl pkey -in key.pem -pubout -out key.pub`"),
        ("private", Some("PUBLIC KEY" | "CERTIFICATE")) => {
            failure.with_help("name the private key: this file is for those who verify")
        }
        ("public", Some("CERTIFICATE")) => failure
            .with_help("take the key out: `openssl x509 -in cert.pem -pubkey -noout > key.pub`"),
        _ => failure,
    }
}
