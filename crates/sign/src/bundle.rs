use base64::{Engine, engine::general_purpose::STANDARD};
use holdall_diag::{Failure, Location, PathKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Certificate, Envelope, Listing, PublicKey, STATEMENT_TYPE, Statement, codes, envelope::decode,
    json, statement::Head,
};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A sigstore bundle v0.3: an envelope and what is needed to verify it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    material: Material,
    envelope: Envelope,
    /// The text as it was read, for the method that is verified by another library.
    text: Option<String>,
}

/// Which method signed, and what the bundle carries for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// A key that both sides know, named by its hint.
    Key {
        /// Lower-case hex SHA-256 of the public key's PEM text.
        hint: String,
    },
    /// The `publicKey` form from before v1.0: the key itself, without a hint.
    LegacyKey,
    /// A certificate chain, leaf first, each DER.
    Certificates(Vec<Vec<u8>>),
    /// A short-lived certificate and entries of a transparency log.
    Sigstore {
        /// The certificate, DER.
        certificate: Vec<u8>,
        /// How many log entries there are, at least one.
        log_entries: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BundleDoc {
    media_type: String,
    verification_material: MaterialDoc,
    dsse_envelope: Envelope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MaterialDoc {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<KeyDoc>,
    #[serde(default, rename = "x509CertificateChain", skip_serializing_if = "Option::is_none")]
    chain: Option<ChainDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateDoc>,
    #[serde(default)]
    tlog_entries: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Value>,
}

/// The OMS schema leaves these three open to keys of later sigstore versions.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyDoc {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ChainDoc {
    certificates: Vec<CertificateDoc>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CertificateDoc {
    raw_bytes: String,
}

impl Material {
    /// The method's name in Model Signing.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Key { .. } | Self::LegacyKey => "key",
            Self::Certificates(_) => "certificate",
            Self::Sigstore { .. } => "sigstore",
        }
    }
}

impl Bundle {
    /// A bundle that names `key`.
    pub fn with_key(envelope: Envelope, key: &PublicKey) -> Self {
        Self { material: Material::Key { hint: key.hint() }, envelope, text: None }
    }

    /// A bundle with a certificate chain, leaf first.
    pub fn with_certificates(envelope: Envelope, chain: &[Certificate]) -> Self {
        let chain = chain.iter().map(|certificate| certificate.der().to_vec()).collect();
        Self { material: Material::Certificates(chain), envelope, text: None }
    }

    /// Reads a bundle strictly: unknown keys, other media types, missing parts and mixed methods fail
    /// with `sign/bundle`; an envelope of another kind fails with `sign/envelope`.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let doc: BundleDoc = json::read(bytes, codes::BUNDLE)?;
        let here = |path: &str| Location::path(PathKind::JsonPointer, path);
        if doc.media_type != MEDIA_TYPE {
            return Err(Failure::malformed(
                codes::BUNDLE,
                format!("expected media type `{MEDIA_TYPE}`, found `{}`", doc.media_type),
            )
            .at(here("/mediaType")));
        }
        let material = doc
            .verification_material
            .read()
            .map_err(|failure| failure.at(here("/verificationMaterial")))?;
        let envelope = doc.dsse_envelope;
        if envelope.payload_type() != STATEMENT_TYPE {
            return Err(Failure::malformed(
                codes::ENVELOPE,
                format!(
                    "expected payload type `{STATEMENT_TYPE}`, found `{}`",
                    envelope.payload_type()
                ),
            )
            .at(here("/dsseEnvelope/payloadType")));
        }
        if envelope.signatures().map_err(|f| f.at(here("/dsseEnvelope/signatures")))?.is_empty() {
            return Err(Failure::malformed(
                codes::ENVELOPE,
                "expected at least one signature, found none",
            )
            .at(here("/dsseEnvelope/signatures")));
        }
        envelope.payload().map_err(|f| f.at(here("/dsseEnvelope/payload")))?;
        let keyless = matches!(material, Material::Sigstore { .. });
        let text = keyless.then(|| String::from_utf8_lossy(bytes).into_owned());
        Ok(Self { material, envelope, text })
    }

    /// The bundle as one line of JSON, when it was signed with a key or a certificate.
    ///
    /// Fails with `sign/method` for material that is only read.
    pub fn write(&self) -> Result<Vec<u8>, Failure> {
        let mut material = MaterialDoc {
            public_key: None,
            chain: None,
            certificate: None,
            tlog_entries: Some(Vec::new()),
            timestamp_verification_data: None,
        };
        match &self.material {
            Material::Key { hint } => {
                material.public_key = Some(KeyDoc { hint: Some(hint.clone()), raw_bytes: None });
            }
            Material::Certificates(chain) => {
                let document = |der: &Vec<u8>| CertificateDoc { raw_bytes: STANDARD.encode(der) };
                material.chain =
                    Some(ChainDoc { certificates: chain.iter().map(document).collect() });
            }
            Material::LegacyKey | Material::Sigstore { .. } => {
                return Err(Failure::unsupported(
                    codes::METHOD,
                    format!("bundles of the method `{}` are not written", self.material.method()),
                ));
            }
        }
        let doc = BundleDoc {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: material,
            dsse_envelope: self.envelope.clone(),
        };
        serde_json::to_vec(&doc)
            .map_err(|error| Failure::bug(codes::BUNDLE, format!("cannot write: {error}")))
    }

    /// The text as it was read, when it is a keyless bundle.
    #[cfg(feature = "sigstore")]
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// How it was signed.
    pub fn material(&self) -> &Material {
        &self.material
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What the statement in the envelope says about files. It means nothing until the signature was
    /// verified.
    pub fn listing(&self) -> Result<Listing, Failure> {
        Listing::read(&self.envelope.payload()?)
    }

    /// The type of the statement's predicate. It means nothing until the signature was verified.
    pub fn predicate_type(&self) -> Result<String, Failure> {
        Ok(json::read::<Head>(&self.envelope.payload()?, codes::STATEMENT)?.predicate_type)
    }

    /// The statement in the envelope. It means nothing until the signature was verified.
    pub fn statement(&self) -> Result<Statement, Failure> {
        Statement::read(&self.envelope.payload()?)
    }
}

impl MaterialDoc {
    fn read(self) -> Result<Material, Failure> {
        let broken = |message: &str| Failure::malformed(codes::BUNDLE, message);
        let bytes = |doc: &CertificateDoc| decode(&doc.raw_bytes, "rawBytes", codes::BUNDLE);
        match (self.public_key, self.chain, self.certificate) {
            (Some(key), None, None) => match (key.hint, key.raw_bytes) {
                (Some(hint), _) => Ok(Material::Key { hint }),
                (None, Some(_)) => Ok(Material::LegacyKey),
                (None, None) => Err(broken("expected a `hint` in `publicKey`, found none")),
            },
            (None, Some(chain), None) if chain.certificates.is_empty() => {
                Err(broken("expected a certificate in `x509CertificateChain`, found none"))
            }
            (None, Some(chain), None) => {
                let chain: Result<Vec<_>, _> = chain.certificates.iter().map(bytes).collect();
                Ok(Material::Certificates(chain?))
            }
            (None, None, Some(certificate)) => {
                let log_entries = self.tlog_entries.map_or(0, |entries| entries.len());
                if log_entries == 0 {
                    return Err(broken(
                        "expected `tlogEntries` beside a sigstore `certificate`, found none",
                    ));
                }
                Ok(Material::Sigstore { certificate: bytes(&certificate)?, log_entries })
            }
            _ => Err(broken(
                "expected exactly one of `publicKey`, `x509CertificateChain` and `certificate`",
            )),
        }
    }
}
