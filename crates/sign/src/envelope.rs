use base64::{Engine, engine::general_purpose::STANDARD};
use holdall_diag::{Code, Failure};
use serde::{Deserialize, Serialize};

use crate::{PrivateKey, PublicKey, codes};

/// The payload type of in-toto statements.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";

/// A DSSE envelope: a payload, its type, and signatures over both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    sig: String,
    #[serde(default)]
    keyid: Option<String>,
}

impl Envelope {
    /// Signs `payload`.
    pub fn seal(payload_type: &str, payload: &[u8], key: &PrivateKey) -> Self {
        let signature = key.sign(&pae(payload_type, payload));
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signature {
                sig: STANDARD.encode(signature),
                keyid: Some(String::new()),
            }],
        }
    }

    /// What kind of payload it is.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The payload as it was signed.
    pub fn payload(&self) -> Result<Vec<u8>, Failure> {
        decode(&self.payload, "payload", codes::ENVELOPE)
    }

    /// The signatures as DER, in order.
    pub fn signatures(&self) -> Result<Vec<Vec<u8>>, Failure> {
        self.signatures.iter().map(|s| decode(&s.sig, "sig", codes::ENVELOPE)).collect()
    }

    /// Whether the first signature is by `key`. Model Signing knows one signature and ignores others.
    pub fn verifies(&self, key: &PublicKey) -> Result<bool, Failure> {
        let message = pae(&self.payload_type, &self.payload()?);
        Ok(self.signatures()?.first().is_some_and(|first| key.verifies(&message, first)))
    }
}

/// The bytes that DSSE signs: type and payload with their lengths (pre-authentication encoding).
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Standard base64 with padding; the URL alphabet is refused like by the reference.
pub(crate) fn decode(text: &str, what: &str, code: Code) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|error| {
        Failure::malformed(code, format!("expected standard base64 in `{what}`, found {error}"))
            .caused_by(error)
    })
}
