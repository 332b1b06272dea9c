//! X.509 certificates: what is read of them, and whether one issued another (RFC 5280).

use holdall_diag::Failure;
use rsa::{pkcs1v15, pkcs8::DecodePublicKey, signature::Verifier};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::{
    Certificate as Document,
    der::{Decode, Encode, Reader, SliceReader, oid::ObjectIdentifier},
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, name::GeneralName},
};

use crate::{Moment, PublicKey, Validity, codes, hex::to_hex, pem};

const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Critical extensions that are understood: basic constraints, key usage, extended key usage, alternative
/// names, and key identifiers.
const UNDERSTOOD: [&str; 6] =
    ["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.14", "2.5.29.35"];

/// A certificate: its bytes, and what signing needs of them.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    /// The part that is signed, byte for byte.
    signed: Vec<u8>,
    document: Document,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl Certificate {
    /// Reads one certificate in DER. Fails with `sign/certificate`.
    pub fn from_der(der: &[u8]) -> Result<Self, Failure> {
        let broken = |error: x509_cert::der::Error| {
            Failure::malformed(codes::CERTIFICATE, "the certificate is damaged").caused_by(error)
        };
        let document = Document::from_der(der).map_err(broken)?;
        // The outer sequence begins with the signed part; its bytes are kept as they are, since writing
        // them anew may give others.
        let mut reader = SliceReader::new(der).map_err(broken)?;
        let header = x509_cert::der::Header::decode(&mut reader).map_err(broken)?;
        let signed = reader
            .read_nested(header.length(), |inner| {
                let signed = inner.tlv_bytes()?.to_vec();
                inner.read_slice(inner.remaining_len())?;
                Ok::<_, x509_cert::der::Error>(signed)
            })
            .map_err(broken)?;
        Ok(Self { der: der.to_vec(), signed, document })
    }

    /// Every certificate of a PEM file, at least one. Fails with `sign/certificate`.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, Failure> {
        let blocks = pem::blocks(text);
        let mut found = Vec::new();
        for block in blocks.iter().filter(|block| block.label == "CERTIFICATE") {
            let (_, der) = pkcs8::Document::from_pem(&block.text).map_err(|error| {
                Failure::malformed(codes::CERTIFICATE, "the PEM block is damaged").caused_by(error)
            })?;
            found.push(Self::from_der(der.as_bytes())?);
        }
        if found.is_empty() {
            let what =
                blocks.first().map_or("no PEM block".to_owned(), |b| format!("`{}`", b.label));
            return Err(Failure::malformed(
                codes::CERTIFICATE,
                format!("expected certificates in PEM, found {what}"),
            ));
        }
        Ok(found)
    }

    /// The bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The key that it is about; only the curves of Model Signing.
    pub fn public_key(&self) -> Result<PublicKey, Failure> {
        let info = self.document.tbs_certificate().subject_public_key_info();
        let der = info.to_der().map_err(|error| {
            Failure::malformed(codes::CERTIFICATE, "the key of the certificate is damaged")
                .caused_by(error)
        })?;
        PublicKey::from_der(&der)
    }

    /// The subject as text (RFC 4514), `CN=…`.
    pub fn subject(&self) -> String {
        let text = self.document.tbs_certificate().subject().to_string();
        if text.is_empty() { "(no subject)".to_owned() } else { printable(&text) }
    }

    /// SHA-256 of the bytes, in hex.
    pub fn fingerprint(&self) -> String {
        to_hex(&Sha256::digest(&self.der))
    }

    /// The names by which a policy may know the holder: the subject, its common name, and alternative names
    /// (mail, URI, DNS), as they are.
    pub fn identities(&self) -> Vec<String> {
        let signed = self.document.tbs_certificate();
        let mut names = vec![signed.subject().to_string()];
        // Taken from the structure: a comma inside of a name must not make two of it.
        let common = signed.subject().common_name().ok().flatten();
        names.extend(common.map(|name| name.value().into_owned()));
        let alternative = signed.get_extension::<SubjectAltName>();
        for name in alternative.ok().flatten().map(|(_, names)| names.0).unwrap_or_default() {
            match name {
                GeneralName::Rfc822Name(text) => names.push(text.as_str().to_owned()),
                GeneralName::DnsName(text) => names.push(text.as_str().to_owned()),
                GeneralName::UniformResourceIdentifier(text) => {
                    names.push(text.as_str().to_owned());
                }
                GeneralName::OtherName(_)
                | GeneralName::DirectoryName(_)
                | GeneralName::EdiPartyName(_)
                | GeneralName::IpAddress(_)
                | GeneralName::RegisteredId(_) => {}
            }
        }
        names
    }

    /// When it may be used.
    pub fn validity(&self) -> Validity {
        let span = self.document.tbs_certificate().validity();
        let moment = |time: x509_cert::time::Time| {
            Moment(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
        };
        Validity {
            not_before: Some(moment(span.not_before)),
            not_after: Some(moment(span.not_after)),
        }
    }

    /// Why it cannot sign models at a time, in words that follow the name of the certificate.
    pub(crate) fn leaf_objection(&self, at: Moment) -> Option<String> {
        if let Some(objection) = self.common_objection(at) {
            return Some(objection);
        }
        let Ok((usage, extended)) = self.usages() else {
            return Some("has a damaged extension".to_owned());
        };
        let signs = usage.as_ref().is_some_and(KeyUsage::digital_signature);
        match extended {
            Some(list) if !allows_code_signing(&list) => {
                Some("is for other purposes than signing code or models".to_owned())
            }
            None if !signs => Some(
                "has neither the key usage digitalSignature nor the extended usage codeSigning"
                    .to_owned(),
            ),
            Some(_) | None => None,
        }
    }

    /// Why it cannot issue certificates at a time with `below` authorities between it and the leaf.
    pub(crate) fn authority_objection(&self, at: Moment, below: usize) -> Option<String> {
        if let Some(objection) = self.common_objection(at) {
            return Some(objection);
        }
        let basic = self.document.tbs_certificate().get_extension::<BasicConstraints>();
        let (Ok(basic), Ok((usage, extended))) = (basic, self.usages()) else {
            return Some("has a damaged extension".to_owned());
        };
        let Some((_, basic)) = basic.filter(|(_, basic)| basic.ca) else {
            return Some("is not a certificate authority".to_owned());
        };
        if basic.path_len_constraint.is_some_and(|most| usize::from(most) < below) {
            return Some("allows fewer authorities below it than there are".to_owned());
        }
        if usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Some("has no key usage keyCertSign".to_owned());
        }
        if extended.is_some_and(|list| !allows_code_signing(&list)) {
            return Some("is for other purposes than signing code or models".to_owned());
        }
        None
    }

    fn common_objection(&self, at: Moment) -> Option<String> {
        if let Some(objection) = self.validity().objection(at) {
            return Some(objection);
        }
        let extensions = self.document.tbs_certificate().extensions();
        let foreign = extensions.into_iter().flatten().find(|extension| {
            extension.critical && !UNDERSTOOD.contains(&extension.extn_id.to_string().as_str())
        })?;
        Some(format!("has the critical extension {}, which is not understood", foreign.extn_id))
    }

    fn usages(
        &self,
    ) -> Result<(Option<KeyUsage>, Option<ExtendedKeyUsage>), x509_cert::der::Error> {
        let signed = self.document.tbs_certificate();
        let usage = signed.get_extension::<KeyUsage>()?.map(|(_, usage)| usage);
        let extended = signed.get_extension::<ExtendedKeyUsage>()?.map(|(_, usage)| usage);
        Ok((usage, extended))
    }

    /// Whether the names say that `issuer` issued this certificate.
    pub(crate) fn names_issuer(&self, issuer: &Self) -> bool {
        let wanted = self.document.tbs_certificate().issuer().to_der();
        let found = issuer.document.tbs_certificate().subject().to_der();
        matches!((wanted, found), (Ok(wanted), Ok(found)) if wanted == found)
    }

    /// Whether the signature on this certificate is by the key of `issuer`: ECDSA on the three curves, or
    /// RSA PKCS#1 v1.5, with SHA-256, SHA-384 or SHA-512.
    pub(crate) fn is_signed_by(&self, issuer: &Self) -> bool {
        let Some(signature) = self.document.signature().as_bytes() else { return false };
        let algorithm = self.document.signature_algorithm();
        // The algorithm stands twice, inside of what is signed and outside (RFC 5280, 4.1.1.2).
        if algorithm != self.document.tbs_certificate().signature() {
            return false;
        }
        let bytes = self.signed.as_slice();
        let ecdsa =
            |hash: &[u8]| issuer.public_key().is_ok_and(|key| key.verifies_hash(hash, signature));
        match algorithm.oid.to_string().as_str() {
            "1.2.840.10045.4.3.2" => ecdsa(&Sha256::digest(bytes)),
            "1.2.840.10045.4.3.3" => ecdsa(&Sha384::digest(bytes)),
            "1.2.840.10045.4.3.4" => ecdsa(&Sha512::digest(bytes)),
            "1.2.840.113549.1.1.11" => issuer.rsa().is_some_and(|key| {
                rsa_verifies(&pkcs1v15::VerifyingKey::<Sha256>::new(key), bytes, signature)
            }),
            "1.2.840.113549.1.1.12" => issuer.rsa().is_some_and(|key| {
                rsa_verifies(&pkcs1v15::VerifyingKey::<Sha384>::new(key), bytes, signature)
            }),
            "1.2.840.113549.1.1.13" => issuer.rsa().is_some_and(|key| {
                rsa_verifies(&pkcs1v15::VerifyingKey::<Sha512>::new(key), bytes, signature)
            }),
            _ => false,
        }
    }

    fn rsa(&self) -> Option<rsa::PublicKey> {
        let der = self.document.tbs_certificate().subject_public_key_info().to_der().ok()?;
        let key = rsa::PublicKey::from_public_key_der(&der).ok()?;
        // Shorter keys are within reach of an attacker.
        (rsa::traits::PublicKeyParts::size(&key) >= 256).then_some(key)
    }
}

fn rsa_verifies(
    key: &impl Verifier<pkcs1v15::Signature>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    pkcs1v15::Signature::try_from(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
}

fn allows_code_signing(usages: &ExtendedKeyUsage) -> bool {
    usages.0.iter().any(|usage| *usage == CODE_SIGNING || *usage == ANY_USAGE)
}

/// Text of a certificate without what could play tricks on a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
