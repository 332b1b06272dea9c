//! Who signed, and whether that counts.

use std::collections::BTreeSet;

use holdall_diag::Failure;

use crate::{
    Bundle, Certificate, Curve, Finding, Material, Moment, PublicKey, Status, Trust, TrustedKey,
    TrustedRoot, chain::check_chain, codes, envelope::Form,
};

/// Who signed an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// What tells signers apart: the id of the key, or issuer and identity of a keyless signer.
    pub id: String,
    /// The name that the verifier knows the signer by.
    pub name: Option<String>,
    /// `key`, `certificate` or `sigstore`.
    pub method: &'static str,
}

/// Whether a signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds, and its signer is trusted.
    Trusted(Signer),
    /// It does not count: nobody vouches for the signer, or not at this time.
    Uncounted,
    /// It is said to be by a signer that is trusted, and is not.
    Forged,
}

/// What was found out about one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Whether it counts.
    pub standing: Standing,
    /// Why. Only a forged signature is a failure by itself; whether others are is for [`settle`] to say.
    pub findings: Vec<Finding>,
}

impl Authentication {
    /// The signer, when the signature counts.
    pub fn signer(&self) -> Option<&Signer> {
        match &self.standing {
            Standing::Trusted(signer) => Some(signer),
            Standing::Uncounted | Standing::Forged => None,
        }
    }

    pub(crate) fn uncounted(finding: Finding) -> Self {
        Self { standing: Standing::Uncounted, findings: vec![finding] }
    }

    fn forged() -> Self {
        let finding = Finding::new(
            codes::SIGNATURE_BAD,
            Status::Fail,
            "the signature does not fit the statement: one of them was changed",
        );
        Self { standing: Standing::Forged, findings: vec![finding] }
    }

    pub(crate) fn trusted(signer: Signer, message: String) -> Self {
        let finding = Finding::new(codes::SIGNATURE_GOOD, Status::Ok, message);
        Self { standing: Standing::Trusted(signer), findings: vec![finding] }
    }

    fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }
}

/// Verifies the signature of a bundle and says whether its signer is trusted at `at`.
///
/// Fails for envelopes that cannot be read; a signature that does not hold is an answer.
pub fn authenticate(bundle: &Bundle, trust: &Trust, at: Moment) -> Result<Authentication, Failure> {
    let answer = match bundle.material() {
        Material::Key { hint } => by_hint(bundle, hint, trust, at)?,
        Material::LegacyKey => by_any_key(bundle, trust, at)?,
        Material::Certificates(chain) => by_certificate(bundle, chain, trust, at)?,
        Material::Sigstore { .. } => keyless(bundle, trust),
    };
    if answer.signer().is_some() && bundle.envelope().signature_count() > 1 {
        return Ok(answer.with(Finding::new(
            codes::MORE_SIGNATURES,
            Status::Warn,
            "only the first signature of the envelope was looked at",
        )));
    }
    Ok(answer)
}

/// Decides over all signatures of a model: their findings, with failures where too few of them count.
pub fn settle(answers: &[Authentication], trust: &Trust) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        answers.iter().flat_map(|answer| answer.findings.clone()).collect();
    let counted: BTreeSet<&str> =
        answers.iter().filter_map(Authentication::signer).map(|s| s.id.as_str()).collect();
    let needed = trust.needed();
    if counted.len() >= needed || findings.iter().any(|f| f.status == Status::Fail) {
        return findings;
    }
    if needed == 1 {
        // What kept the signature from counting is the reason.
        for finding in &mut findings {
            finding.status = Status::Fail;
        }
        if !findings.is_empty() {
            return findings;
        }
    }
    let message = match needed {
        1 => "nobody who is trusted has signed".to_owned(),
        _ => format!("{} of the {needed} signers that are needed have signed", counted.len()),
    };
    findings.push(
        Finding::new(codes::THRESHOLD, Status::Fail, message)
            .with_help("have it signed by another one: `holdall sign PACKAGE --key KEY.pem`"),
    );
    findings
}

fn by_hint(
    bundle: &Bundle,
    hint: &str,
    trust: &Trust,
    at: Moment,
) -> Result<Authentication, Failure> {
    let Some(known) = trust.keys.iter().find(|known| known.key.hint() == hint) else {
        return Ok(unknown_key(hint, trust));
    };
    match bundle.envelope().form_by(&known.key)? {
        Some(form) => Ok(key_signed(known, form, trust, at)),
        None => Ok(Authentication::forged()),
    }
}

fn unknown_key(hint: &str, trust: &Trust) -> Authentication {
    let (message, help) = match trust.keys.as_slice() {
        [only] if trust.roots.is_empty() => (
            format!("the signature is by the key `{hint}`, the key given is `{}`", only.key.hint()),
            "give the key that signed it",
        ),
        [] => (
            format!("the signature is by the key `{hint}`, and no key is trusted"),
            "give the public key of the signer with `--key`",
        ),
        _ => (
            format!("the signature is by the key `{hint}`, which is none of those trusted"),
            "add the key to the trust file if you know whose it is",
        ),
    };
    let finding = Finding::new(codes::WRONG_KEY, Status::Warn, message);
    Authentication::uncounted(finding.with_help(help))
}

fn by_any_key(bundle: &Bundle, trust: &Trust, at: Moment) -> Result<Authentication, Failure> {
    for known in &trust.keys {
        if let Some(form) = bundle.envelope().form_by(&known.key)? {
            let old =
                "the bundle carries a key without a hint, a form from before Model Signing v1.0";
            return Ok(key_signed(known, form, trust, at).with(legacy(old)));
        }
    }
    Ok(Authentication::uncounted(
        Finding::new(
            codes::WRONG_KEY,
            Status::Warn,
            "the signature does not say whose it is, and it is by none of the keys that are trusted",
        )
        .with_help("give the public key of the signer with `--key`"),
    ))
}

fn key_signed(known: &TrustedKey, form: Form, trust: &Trust, at: Moment) -> Authentication {
    let id = known.key.hint();
    let label = known.name.as_ref().map_or_else(|| format!("`{id}`"), |name| format!("`{name}`"));
    if let Some(answer) = revoked(&id, trust) {
        return answer;
    }
    if let Some(objection) = known.validity.objection(at) {
        return Authentication::uncounted(
            Finding::new(codes::KEY_EXPIRED, Status::Warn, format!("the key {label} {objection}"))
                .with_help("give the time of interest with `--at` if the signature is older"),
        );
    }
    let curve = known.key.curve().as_str();
    let message = match &known.name {
        Some(name) => format!("signed by `{name}`, the {curve} key `{id}`"),
        None => format!("signed by the {curve} key `{id}`"),
    };
    let signer = Signer { id, name: known.name.clone(), method: "key" };
    with_form(Authentication::trusted(signer, message), form)
}

fn with_form(answer: Authentication, form: Form) -> Authentication {
    match form {
        Form::Current => answer,
        Form::Legacy => answer.with(legacy(
            "the signature is over the bytes that model signing 0.2 took by mistake, from before v1.0",
        )),
    }
}

/// A form from before v1.0, which holds and should be replaced.
pub(crate) fn legacy(message: &str) -> Finding {
    Finding::new(codes::LEGACY, Status::Warn, message)
        .with_help("have the model signed again with a current tool")
}

fn revoked(key_id: &str, trust: &Trust) -> Option<Authentication> {
    let revoked = trust.revocation(key_id)?;
    let why = revoked.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    Some(Authentication::uncounted(Finding::new(
        codes::KEY_REVOKED,
        Status::Warn,
        format!("the signature is by the key `{key_id}`, which is revoked{why}"),
    )))
}

fn by_certificate(
    bundle: &Bundle,
    chain: &[Vec<u8>],
    trust: &Trust,
    at: Moment,
) -> Result<Authentication, Failure> {
    let chain: Result<Vec<Certificate>, Failure> =
        chain.iter().map(|der| Certificate::from_der(der)).collect();
    let chain = chain?;
    let Some(leaf) = chain.first() else { return Ok(Authentication::forged()) };
    let refuse = |message: String, help: &str| {
        let finding = Finding::new(codes::CERTIFICATE_REFUSED, Status::Warn, message);
        Authentication::uncounted(finding.with_help(help))
    };
    if trust.roots.is_empty() {
        let message =
            format!("signed with the certificate `{}`, and no root is trusted", leaf.subject());
        return Ok(refuse(message, "give the root that you trust with `--root ROOT.pem`"));
    }
    let roots: Vec<(&TrustedRoot, &Certificate)> =
        trust.roots.iter().flat_map(|r| r.certificates.iter().map(move |c| (r, c))).collect();
    let certificates: Vec<&Certificate> =
        roots.iter().map(|(_, certificate)| *certificate).collect();
    let root = match check_chain(&chain, &certificates, at) {
        Ok(index) => roots.get(index).map(|(root, _)| *root),
        Err(why) => {
            let help = if leaf.validity().objection(at).is_some() {
                "have it signed anew, or give the time of signing with `--at` if you know it"
            } else {
                "give the root that issued it, or have it signed with another certificate"
            };
            return Ok(refuse(why, help));
        }
    };
    let Some(root) = root else { return Ok(Authentication::forged()) };
    let key = leaf.public_key()?;
    let Some(form) = bundle.envelope().form_by(&key)? else { return Ok(Authentication::forged()) };
    Ok(certificate_signed(leaf, &key, root, form, trust, at))
}

fn certificate_signed(
    leaf: &Certificate,
    key: &PublicKey,
    root: &TrustedRoot,
    form: Form,
    trust: &Trust,
    at: Moment,
) -> Authentication {
    let id = key.hint();
    if let Some(answer) = revoked(&id, trust) {
        return answer;
    }
    let under = root.name.as_ref().map_or_else(String::new, |name| format!(" under `{name}`"));
    if let Some(objection) = root.validity.objection(at) {
        let message = format!("the root{under} {objection}");
        return Authentication::uncounted(Finding::new(codes::KEY_EXPIRED, Status::Warn, message));
    }
    let holders = leaf.identities();
    let subject = leaf.subject();
    if !root.identities.is_empty() && !holders.iter().any(|name| root.identities.contains(name)) {
        return Authentication::uncounted(
            Finding::new(
                codes::IDENTITY,
                Status::Warn,
                format!("signed by `{subject}`{under}, who is none of the identities accepted"),
            )
            .with_help("add the identity to the trust file if it may sign"),
        );
    }
    let end =
        leaf.validity().not_after.map_or_else(String::new, |end| format!(", valid until {end}"));
    let curve: Curve = key.curve();
    let message = format!(
        "signed by `{subject}`{under} with a certificate for the {} key `{id}`{end}",
        curve.as_str()
    );
    let signer = Signer { id, name: Some(subject), method: "certificate" };
    with_form(Authentication::trusted(signer, message), form)
}

#[cfg(feature = "sigstore")]
fn keyless(bundle: &Bundle, trust: &Trust) -> Authentication {
    crate::keyless::authenticate(bundle, trust)
}

#[cfg(not(feature = "sigstore"))]
fn keyless(_bundle: &Bundle, _trust: &Trust) -> Authentication {
    let message = "the model was signed by the method `sigstore`, which this build does not verify";
    Authentication::uncounted(
        Finding::new(codes::METHOD, Status::Warn, message)
            .with_help("build holdall with the feature `sigstore`, or use the reference command"),
    )
}
