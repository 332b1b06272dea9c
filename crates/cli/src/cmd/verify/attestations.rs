//! Attestations: who signed them, whether they are about this model, whether they say what the manifest
//! says.

use holdall_package::Status;
use holdall_sign::{
    Content, Finding, Judged, Standing,
    attest::{Attestation, Kind, TestResult},
    codes,
};

use super::Answer;
use crate::cmd::sign::Facts;

/// One attestation and whether it counts.
#[derive(Debug)]
pub(crate) struct Attested {
    pub(crate) judged: Judged,
    pub(crate) predicate_type: String,
    pub(crate) holds: bool,
}

/// Checks all of them. One that is signed by a trusted signer and contradicts the package is a failure; one
/// by somebody else does not count.
pub(crate) fn check(attestations: Vec<Judged>, facts: Option<&Facts<'_>>, answer: &mut Answer) {
    for judged in attestations {
        let (predicate_type, finding) = match &judged.content {
            Content::Attestation(attestation) => {
                let finding = held(&judged, attestation, facts, &answer.model.roots);
                (attestation.predicate_type.clone(), finding)
            }
            Content::UntrustedAttestation(kind) => (kind.clone(), uncounted(&judged, kind)),
            Content::Signature(_) | Content::UntrustedSignature => continue,
        };
        let holds = finding.code == codes::ATTESTATION && finding.status != Status::Fail;
        let holds = holds && judged.answer.signer().is_some();
        answer.findings.push(finding.about(&judged.name));
        answer.attestations.push(Attested { judged, predicate_type, holds });
    }
}

fn label(predicate_type: &str) -> String {
    match Kind::of(predicate_type) {
        Some(Kind::Provenance) => "SLSA provenance".to_owned(),
        Some(Kind::TestResult) => "test result".to_owned(),
        Some(Kind::Proof) => "proof of conversion".to_owned(),
        Some(Kind::Bom) => "CycloneDX bill of material".to_owned(),
        None => format!("attestation `{predicate_type}`"),
    }
}

fn uncounted(judged: &Judged, kind: &str) -> Finding {
    let what = label(kind);
    let why = judged.answer.findings.first().map_or("", |finding| finding.message.as_str());
    if judged.answer.standing == Standing::Forged {
        let message = format!("the {what} is not what was signed: {why}");
        return Finding::new(codes::ATTESTATION_BAD, Status::Fail, message);
    }
    Finding::new(codes::ATTESTATION, Status::Warn, format!("the {what} does not count: {why}"))
}

fn held(
    judged: &Judged,
    attestation: &Attestation,
    facts: Option<&Facts<'_>>,
    roots: &[String],
) -> Finding {
    let what = label(&attestation.predicate_type);
    let bad = |why: &str| {
        Finding::new(
            codes::ATTESTATION_BAD,
            Status::Fail,
            format!("the {what} does not hold: {why}"),
        )
        .with_help("sign it again: `holdall sign PACKAGE --key KEY.pem --attest …`")
    };
    if roots.is_empty() {
        let message =
            format!("the {what} was not checked: no signature says which model it is about");
        return Finding::new(codes::ATTESTATION, Status::Warn, message);
    }
    if !roots.contains(&attestation.root_digest) {
        return bad("it is about another model, or another state of this one");
    }
    if let Some(why) = facts.and_then(|facts| facts.contradiction(attestation)) {
        return bad(&why);
    }
    if facts.is_none() && matches!(attestation.kind(), Some(Kind::TestResult | Kind::Proof)) {
        return bad("there is no manifest that says the same");
    }
    let signer = judged.answer.signer();
    let who = signer.map_or("", |signer| signer.name.as_deref().unwrap_or(&signer.id));
    let failed = attestation.kind() == Some(Kind::TestResult)
        && attestation.read::<TestResult>().is_ok_and(|result| result.result != "PASSED");
    if failed {
        let message = format!("the {what} by `{who}` says that tests failed");
        return Finding::new(codes::ATTESTATION, Status::Warn, message);
    }
    Finding::new(codes::ATTESTATION, Status::Ok, format!("{what} by `{who}`"))
}
