use base64::{Engine, engine::general_purpose::STANDARD};
use holdall_diag::{Code, Failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
    /// Signs `payload`; the signature is the first and only one.
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

    /// How many signatures there are.
    pub fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// Whether the first signature is by `key`. Model Signing knows one signature and ignores others.
    pub fn verifies(&self, key: &PublicKey) -> Result<bool, Failure> {
        Ok(self.form_by(key)? == Some(Form::Current))
    }

    /// Over which bytes the first signature is by `key`, if over any.
    pub(crate) fn form_by(&self, key: &PublicKey) -> Result<Option<Form>, Failure> {
        let payload = self.payload()?;
        let Some(first) = self.signatures.first() else { return Ok(None) };
        let signature = decode(&first.sig, "sig", codes::ENVELOPE)?;
        if key.verifies(&pae(&self.payload_type, &payload), &signature) {
            return Ok(Some(Form::Current));
        }
        // Releases before 1.0 signed other bytes, and with certificates always a SHA-256 of them.
        let legacy = legacy_pae(&self.payload_type, &payload);
        let old = key.verifies(&legacy, &signature)
            || key.verifies_hash(&Sha256::digest(&legacy), &signature);
        Ok(old.then_some(Form::Legacy))
    }
}

/// Over which bytes an envelope is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As DSSE has it.
    Current,
    /// As `model_signing` 0.2 had it by mistake.
    Legacy,
}

/// The bytes that DSSE signs: type and payload with their lengths (pre-authentication encoding).
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// What `model_signing` 0.2 signed: a capital V, and the payload as Python writes bytes in source code.
fn legacy_pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("DSSEV1 {} {payload_type} {} b", payload_type.len(), payload.len()).into_bytes();
    // Python prefers single quotes, unless only those would have to be escaped.
    let quote = if payload.contains(&b'\'') && !payload.contains(&b'"') { b'"' } else { b'\'' };
    bytes.push(quote);
    for &byte in payload {
        match byte {
            b'\\' => bytes.extend_from_slice(b"\\\\"),
            b'\t' => bytes.extend_from_slice(b"\\t"),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            b'\r' => bytes.extend_from_slice(b"\\r"),
            _ if byte == quote => bytes.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => bytes.push(byte),
            _ => bytes.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    bytes.push(quote);
    bytes
}

/// Standard base64 with padding; the URL alphabet is refused like by the reference.
pub(crate) fn decode(text: &str, what: &str, code: Code) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|error| {
        Failure::malformed(code, format!("expected standard base64 in `{what}`, found {error}"))
            .caused_by(error)
    })
}
