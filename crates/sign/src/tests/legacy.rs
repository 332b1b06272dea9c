//! Forms from before v1.0, as the reference still accepts them.

use super::{
    hashes::{bytes_of, fails, hold, made, made_files, made_key},
    *,
};

#[test]
fn old_forms_hold_with_a_warning_and_find_changes() {
    let made = made();
    let trust = Trust::key(made_key());
    let bundles = made["legacy"].as_object().unwrap();
    assert_eq!(bundles.len(), 5);
    for (case, bundle) in bundles {
        let (_, answer) = hold(&bytes_of(bundle), &made_files(), &trust, Moment(0));
        assert_eq!(fails(&answer), [""; 0], "{case}: {:?}", answer.findings);
        assert_eq!(answer.covered.len(), 5, "{case}");
        let warned = answer.findings.iter().any(|f| f.code == codes::LEGACY);
        assert!(warned, "{case}: {:?}", answer.findings);
        let mut files = made_files();
        files[0].1.push('!');
        assert_eq!(
            fails(&hold(&bytes_of(bundle), &files, &trust, Moment(0)).1),
            ["sign/digest-mismatch"],
            "{case}"
        );
        let other = Trust::key(PrivateKey::generate(Curve::P256).unwrap().public_key());
        let (judged, answer) = hold(&bytes_of(bundle), &made_files(), &other, Moment(0));
        assert_eq!(fails(&answer), ["sign/wrong-key"], "{case}");
        assert!(judged.listing().is_none());
    }
}

#[test]
fn a_changed_payload_in_an_old_form_does_not_verify() {
    let made = made();
    let trust = Trust::key(made_key());
    for (case, bundle) in made["legacy"].as_object().unwrap() {
        let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
        let mut payload = STANDARD.decode(payload).unwrap();
        let digit = payload.iter().rposition(|b| *b == b'"').unwrap() - 1;
        payload[digit] ^= 1;
        let mut bundle = bundle.clone();
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(&payload).into();
        let judged = Judged::read("model.sig", &bytes_of(&bundle), &trust, Moment(0)).unwrap();
        assert!(judged.answer.signer().is_none(), "{case}");
    }
}
