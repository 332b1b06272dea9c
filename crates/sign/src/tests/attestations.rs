//! Attestations on the root digest.

use super::*;
use crate::attest::{Attestation, Kind, Provenance, TestResult};

const ROOT: &str = "ab6f3a4eb5cbf6b2b1ed5a4ae5a5ee4a7b4a4b6fcf5f1f2f3f4f5f6f7f8f9faf";

#[test]
fn attestations_are_signed_and_come_back_as_they_were() {
    let key = PrivateKey::generate(Curve::P384).unwrap();
    let trust = Trust::key(key.public_key());
    let credentials = Credentials::key(key);
    let configuration = attest::Resource::file("holdall.json", "00");
    let result = TestResult::new(configuration, vec!["accuracy".into()], vec!["recall".into()]);
    assert_eq!(result.result, "FAILED");
    let made = Attestation::new(Kind::TestResult, "m", ROOT, &result).unwrap();
    let bundle = made.seal(&credentials).unwrap();
    assert_eq!(made.seal(&credentials).unwrap(), bundle);
    let name = "model.sig.d/test-result.sigstore.json";
    let judged = Judged::read(name, &bundle, &trust, Moment(0)).unwrap();
    assert!(!judged.is_signature());
    let Content::Attestation(read) = &judged.content else { panic!("{:?}", judged.content) };
    assert_eq!(*read, made);
    assert_eq!(read.kind(), Some(Kind::TestResult));
    assert!(read.read::<TestResult>().unwrap().agrees(&result));
    // In the place of a signature it is none.
    let failure = Judged::read("model.sig", &bundle, &trust, Moment(0)).unwrap_err();
    assert_eq!(failure.code(), codes::STATEMENT);
    // Alone it does not make a model signed.
    let answer = verify_all(&[judged], &[], &trust, &VerifyOptions::default(), &|_| true);
    assert_eq!(answer.findings.last().unwrap().code, codes::THRESHOLD);
    // By somebody else it does not count.
    let stranger = Trust::key(PrivateKey::generate(Curve::P256).unwrap().public_key());
    let judged = Judged::read(name, &bundle, &stranger, Moment(0)).unwrap();
    assert_eq!(judged.content, Content::UntrustedAttestation(made.predicate_type));
}

#[test]
fn provenance_has_the_shape_of_slsa() {
    let code = attest::Resource {
        uri: Some("git+https://example.com/code@abc".to_owned()),
        digest: [("gitCommit".to_owned(), "abc".to_owned())].into(),
        ..attest::Resource::default()
    };
    let provenance = Provenance {
        build_type: "https://example.com/build".to_owned(),
        external_parameters: json!({"depth": 3}).as_object().unwrap().clone(),
        dependencies: vec![code],
        builder: "https://example.com/builder".to_owned(),
        finished: Some("2026-01-01T00:00:00Z".to_owned()),
        ..Provenance::default()
    };
    let value = serde_json::to_value(&provenance).unwrap();
    assert_eq!(
        value,
        json!({
            "buildDefinition": {
                "buildType": "https://example.com/build",
                "externalParameters": {"depth": 3},
                "resolvedDependencies": [
                    {"uri": "git+https://example.com/code@abc", "digest": {"gitCommit": "abc"}}
                ],
            },
            "runDetails": {
                "builder": {"id": "https://example.com/builder"},
                "metadata": {"finishedOn": "2026-01-01T00:00:00Z"},
            },
        })
    );
}

#[test]
fn kinds_are_known_by_their_predicate_type() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(kind.predicate_type()), Some(kind));
    }
    assert_eq!(Kind::of("https://cyclonedx.org/bom/v1.6"), Some(Kind::Bom));
    assert_eq!(Kind::of("https://cyclonedx.org/bombastic"), None);
    assert_eq!(Kind::of("https://model_signing/signature/v1.0"), None);
}

#[test]
fn attestations_without_one_subject_are_refused() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let trust = Trust::key(key.public_key());
    for subject in [json!([]), json!([{"name": "m", "digest": {"sha512": "00"}}]), json!([{}, {}])]
    {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": subject,
            "predicateType": Kind::Bom.predicate_type(), "predicate": {},
        });
        let bundle = signed(&statement, &key);
        let failure = Judged::read("model.sig.d/x.json", &bundle, &trust, Moment(0)).unwrap_err();
        assert_eq!(failure.code(), codes::STATEMENT, "{subject}");
    }
}
