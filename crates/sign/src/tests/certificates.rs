//! Chains of certificates, good and bad, and signing with them.

use super::{
    hashes::{bytes_of, fails, hold, made, made_files},
    *,
};

/// A day within the dates of all certificates but the expired one.
fn day() -> Moment {
    Moment::parse("2026-06-01").unwrap()
}

fn roots(pem: &str) -> Trust {
    let root = TrustedRoot {
        name: Some("the office".to_owned()),
        certificates: Certificate::from_pem(pem).unwrap(),
        identities: Vec::new(),
        validity: Validity::default(),
    };
    Trust { roots: vec![root], ..Trust::default() }
}

fn good_root() -> Trust {
    roots(made()["certificates"]["root"].as_str().unwrap())
}

fn message(answer: &ModelVerification) -> String {
    answer.findings.iter().map(|f| f.message.clone() + "\n").collect()
}

#[test]
fn chains_are_accepted_and_refused_like_by_the_reference_or_more_strictly() {
    let certificates = &made()["certificates"];
    let trust = good_root();
    let refused = [
        ("expired", "expired at 2024-01-31T00:00:00Z"),
        ("server", "is for other purposes than signing code or models"),
        ("no-usage", "has neither the key usage digitalSignature nor"),
        ("by-no-authority", "is not a certificate authority"),
        ("too-deep", "allows fewer authorities below it"),
        ("unknown-critical", "the critical extension 1.3.6.1.4.1.55555.1"),
        ("forged", "is not by `CN=Middle`"),
        ("without-middle", "does not lead to a root that is trusted"),
    ];
    let mut seen = 0;
    for (case, bundle) in certificates["bundles"].as_object().unwrap() {
        let (_, answer) = hold(&bytes_of(bundle), &made_files(), &trust, day());
        let Some((_, why)) = refused.iter().find(|(name, _)| name == case) else {
            assert_eq!(fails(&answer), [""; 0], "{case}: {}", message(&answer));
            assert!(message(&answer).contains("under `the office`"), "{}", message(&answer));
            continue;
        };
        seen += 1;
        assert_eq!(fails(&answer), ["sign/certificate-refused"], "{case}");
        assert!(message(&answer).contains(why), "{case}: {}", message(&answer));
    }
    assert_eq!(seen, refused.len());
    // Whatever the reference refuses is refused here.
    for case in certificates["reference_refuses"].as_array().unwrap() {
        assert!(refused.iter().any(|(name, _)| *name == case.as_str().unwrap()), "{case}");
    }
}

#[test]
fn the_time_of_checking_decides() {
    let certificates = &made()["certificates"];
    let expired = bytes_of(&certificates["bundles"]["expired"]);
    let trust = good_root();
    let at = |text| hold(&expired, &made_files(), &trust, Moment::parse(text).unwrap()).1;
    assert_eq!(fails(&at("2024-01-15")), [""; 0]);
    assert_eq!(fails(&at("2024-02-15")), ["sign/certificate-refused"]);
    let early = at("2023-12-31T23:59:59Z");
    assert!(
        message(&early).contains("is valid from 2024-01-01T00:00:00Z on"),
        "{}",
        message(&early)
    );
    let good = bytes_of(&certificates["bundles"]["good"]);
    let late = hold(&good, &made_files(), &trust, Moment::parse("2040-01-01").unwrap()).1;
    assert_eq!(fails(&late), ["sign/certificate-refused"]);
}

#[test]
fn another_root_of_the_same_name_does_not_do() {
    let certificates = &made()["certificates"];
    let other = roots(certificates["other_root"].as_str().unwrap());
    for case in ["good", "direct", "with-root"] {
        let bundle = bytes_of(&certificates["bundles"][case]);
        let (_, answer) = hold(&bundle, &made_files(), &other, day());
        assert_eq!(fails(&answer), ["sign/certificate-refused"], "{case}");
    }
}

#[test]
fn holders_can_be_limited_and_their_keys_revoked() {
    let certificates = &made()["certificates"];
    let bundle = bytes_of(&certificates["bundles"]["good"]);
    let codes = |trust: &Trust| fails(&hold(&bundle, &made_files(), trust, day()).1);
    let mut trust = good_root();
    for (identity, accepted) in [
        ("good@example.com", true),
        ("Good", true),
        ("CN=Good", true),
        ("Goo", false),
        ("Bad", false),
    ] {
        trust.roots[0].identities = vec![identity.to_owned()];
        let expected: &[&str] = if accepted { &[] } else { &["sign/identity"] };
        assert_eq!(codes(&trust), expected, "{identity}");
    }
    // A comma inside of a name does not make two names of it.
    let comma = bytes_of(&certificates["bundles"]["comma"]);
    for (identity, accepted) in [("Good", false), ("CN=Good", false), ("Other,CN=Good", true)] {
        let mut trust = good_root();
        trust.roots[0].identities = vec![identity.to_owned()];
        let (judged, _) = hold(&comma, &made_files(), &trust, day());
        assert_eq!(judged.answer.signer().is_some(), accepted, "{identity}");
    }
    let mut trust = good_root();
    trust.roots[0].validity.not_after = Some(Moment::parse("2025-01-01").unwrap());
    assert_eq!(codes(&trust), ["sign/key-expired"]);
    let mut trust = good_root();
    let key_id = certificates["key_id"].as_str().unwrap().to_owned();
    trust.revoked = vec![Revoked { key_id, reason: None }];
    assert_eq!(codes(&trust), ["sign/key-revoked"]);
}

#[test]
fn signing_with_a_certificate_verifies_and_refuses_what_verifiers_refuse() {
    let certificates = &made()["certificates"];
    let key = || PrivateKey::from_pem(certificates["key"].as_str().unwrap()).unwrap();
    let chain =
        |case: &str| Certificate::from_pem(certificates["chains"][case].as_str().unwrap()).unwrap();
    let credentials = Credentials::certificate(key(), chain("good"), day()).unwrap();
    let files: Vec<Resource> = made_files().iter().map(|(n, text)| file(n, text)).collect();
    let options = SignOptions::new("model");
    let bundle = sign_with(&files, &options, &credentials).unwrap();
    assert_eq!(sign_with(&files, &options, &credentials).unwrap(), bundle);
    let (judged, answer) = hold(&bundle, &made_files(), &good_root(), day());
    assert_eq!(fails(&answer), [""; 0], "{}", message(&answer));
    let signer = judged.answer.signer().unwrap();
    assert_eq!((signer.method, signer.name.as_deref()), ("certificate", Some("CN=Good")));

    let refuse = |key, chain| Credentials::certificate(key, chain, day()).unwrap_err();
    for case in ["expired", "server", "no-usage", "unknown-critical", "forged"] {
        assert_eq!(refuse(key(), chain(case)).code(), codes::CERTIFICATE_REFUSED, "{case}");
    }
    let stranger = PrivateKey::generate(Curve::P384).unwrap();
    assert!(refuse(stranger, chain("good")).to_string().contains("is for another key"));
    let mut upside_down = chain("with-root");
    upside_down.swap(1, 2);
    assert!(refuse(key(), upside_down).to_string().contains("was not issued by"));
    assert_eq!(refuse(key(), Vec::new()).code(), codes::CERTIFICATE_REFUSED);
}

#[test]
fn broken_certificates_are_failures() {
    let pem = made()["certificates"]["chains"]["good"].as_str().unwrap().to_owned();
    let good = Certificate::from_pem(&pem).unwrap();
    assert_eq!(good.len(), 2);
    for bad in ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Certificate::from_pem(bad).unwrap_err().code(), codes::CERTIFICATE);
    }
    let der = good[0].der().to_vec();
    for end in 0..der.len() {
        assert!(Certificate::from_der(&der[..end]).is_err(), "{end}");
    }
    // Any single changed bit is an error, another certificate, or one that its issuer did not sign.
    for at in 0..der.len() {
        let mut der = der.clone();
        der[at] ^= 4;
        if let Ok(changed) = Certificate::from_der(&der) {
            assert!(!changed.is_signed_by(&good[1]), "{at}");
        }
    }
}
