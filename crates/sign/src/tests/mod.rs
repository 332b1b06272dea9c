#![expect(clippy::disallowed_methods, reason = "the tests read samples and conformance bundles")]

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;

mod attestations;
mod certificates;
mod hashes;
mod keys;
mod legacy;
mod signers;
mod vectors;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

fn index() -> Value {
    serde_json::from_slice(&sample("index.json")).unwrap()
}

fn sample_files() -> Vec<Resource> {
    let index = index();
    let files = index["files"].as_array().unwrap().iter();
    files.map(|f| file(f["name"].as_str().unwrap(), f["content"].as_str().unwrap())).collect()
}

fn file(name: &str, content: &str) -> Resource {
    Resource { name: name.to_owned(), sha256: Sha256::digest(content).into() }
}

fn sample_key(bundle: &str) -> PublicKey {
    PublicKey::from_pem(index()["bundles"][bundle]["public_key_pem"].as_str().unwrap()).unwrap()
}

fn check(bundle: &[u8], found: &[Resource], key: &PublicKey) -> Verification {
    verify(bundle, found, key, &VerifyOptions::default()).unwrap()
}

fn codes_of(answer: &Verification) -> Vec<&'static str> {
    answer.findings.iter().map(|f| f.code.as_str()).collect()
}

/// A bundle over a statement written by hand, with a good signature.
fn signed(statement: &Value, key: &PrivateKey) -> Vec<u8> {
    let payload = serde_json::to_vec(statement).unwrap();
    let envelope = Envelope::seal(STATEMENT_TYPE, &payload, key);
    Bundle::with_key(envelope, &key.public_key()).write().unwrap()
}

fn statement_value(files: &[Resource]) -> Value {
    serde_json::from_slice(&Statement::new("m", files, &[]).write().unwrap()).unwrap()
}

#[test]
fn bundles_of_the_reference_verify_on_all_curves() {
    for name in ["key-p256.bundle.json", "key-p384.bundle.json", "key-p521.bundle.json"] {
        let answer = check(&sample(name), &sample_files(), &sample_key(name));
        assert!(answer.ok(), "{name}: {:?}", answer.findings);
        assert_eq!(answer.covered.len(), 3);
        assert_eq!(answer.subject.as_deref(), Some("sample_model"));
    }
}

#[test]
fn a_model_of_one_file_is_named_by_a_dot() {
    let name = "key-p256-single-file.bundle.json";
    let key = sample_key(name);
    assert!(check(&sample(name), &[file("config.json", "hello")], &key).ok());
    let answer = check(&sample(name), &[file("config.json", "hallo")], &key);
    assert_eq!(codes_of(&answer), ["sign/signature-good", "sign/digest-mismatch"]);
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let bundle = sign(&[file(".", "hello")], &SignOptions::new("config.json"), &key).unwrap();
    assert!(check(&bundle, &[file("config.json", "hello")], &key.public_key()).ok());
}

#[test]
fn changed_missing_and_additional_files_are_told_apart() {
    let name = "key-p256.bundle.json";
    let mut found = sample_files();
    found.retain(|f| f.name != "a-b.bin");
    found.iter_mut().find(|f| f.name == "a/b.bin").unwrap().sha256[31] ^= 1;
    found.push(file("sub/.git/x", ""));
    let answer = check(&sample(name), &found, &sample_key(name));
    assert!(!answer.ok());
    let told: Vec<_> =
        answer.findings.iter().skip(1).map(|f| (f.code, f.path.as_deref().unwrap())).collect();
    assert_eq!(
        told,
        [
            (codes::DIGEST_MISMATCH, "a/b.bin"),
            (codes::MISSING_FILE, "a-b.bin"),
            (codes::EXTRA_FILE, "sub/.git/x"),
        ]
    );
    assert_eq!(answer.covered, ["config.json"]);
}

#[test]
fn no_changed_byte_of_the_payload_or_the_signature_verifies() {
    for name in ["key-p256.bundle.json", "key-p384.bundle.json", "key-p521.bundle.json"] {
        let bundle: Value = serde_json::from_slice(&sample(name)).unwrap();
        let key = sample_key(name);
        for (pointer, step) in
            [("/dsseEnvelope/payload", 37), ("/dsseEnvelope/signatures/0/sig", 5)]
        {
            let body = STANDARD.decode(bundle.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
            for at in (0..body.len()).step_by(step) {
                let mut body = body.clone();
                body[at] ^= 0x20;
                let mut bundle = bundle.clone();
                *bundle.pointer_mut(pointer).unwrap() = STANDARD.encode(body).into();
                let answer = check(&serde_json::to_vec(&bundle).unwrap(), &sample_files(), &key);
                assert_eq!(codes_of(&answer), ["sign/signature-bad"], "{name} {pointer} {at}");
            }
        }
    }
}

#[test]
fn another_key_is_named_and_a_forged_hint_does_not_help() {
    let key = PrivateKey::generate(Curve::P256).unwrap().public_key();
    let bundle = sample("key-p256.bundle.json");
    assert_eq!(codes_of(&check(&bundle, &sample_files(), &key)), ["sign/wrong-key"]);
    let theirs = sample_key("key-p256.bundle.json").hint();
    let forged = String::from_utf8(bundle).unwrap().replace(&theirs, &key.hint());
    let answer = check(forged.as_bytes(), &sample_files(), &key);
    assert_eq!(codes_of(&answer), ["sign/signature-bad"]);
}

#[test]
fn hints_are_taken_over_the_pem_text() {
    let bundle = Bundle::read(&sample("key-p384.bundle.json")).unwrap();
    let key = sample_key("key-p384.bundle.json");
    assert_eq!(*bundle.material(), Material::Key { hint: key.hint() });
    let windows = key.to_pem().replace('\n', "\r\n");
    assert_eq!(PublicKey::from_pem(&windows).unwrap().hint(), key.hint());
}

#[test]
fn what_is_signed_verifies_and_has_the_same_bytes_again() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let key = PrivateKey::generate(curve).unwrap();
        let mut files = sample_files();
        let first = sign(&files, &SignOptions::new("sample_model"), &key).unwrap();
        files.reverse();
        let again = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(sign(&files, &SignOptions::new("sample_model"), &again).unwrap(), first);
        assert!(check(&first, &files, &key.public_key()).ok());
        assert!(!first.contains(&b'\n') && first.starts_with(br#"{"mediaType":"application/vnd"#));
        let statement = Bundle::read(&first).unwrap().statement().unwrap();
        let names: Vec<_> =
            statement.predicate().resources.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["a-b.bin", "a/b.bin", "config.json"]);
    }
}

#[test]
fn the_signer_refuses_names_that_a_verifier_must_refuse() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let options = SignOptions::new("m");
    for bad in ["../a", "/a", "a//b", "a/./b", "a\\b", "C:a", "", "a/", "a\nb"] {
        let failure = sign(&[file(bad, "x"), file("ok", "x")], &options, &key).unwrap_err();
        assert_eq!(failure.code(), codes::NAME, "{bad:?}");
    }
    let twice = sign(&[file("a", "x"), file("a", "y")], &options, &key).unwrap_err();
    assert_eq!(twice.code(), codes::NAME);
    assert_eq!(sign(&[], &options, &key).unwrap_err().code(), codes::NOTHING_TO_SIGN);
}

#[test]
fn statements_that_the_reference_lets_pass_are_refused() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let public = key.public_key();
    let twice = [file("a", "forged"), file("a", "x")];
    let answer = check(&signed(&statement_value(&twice), &key), &[file("a", "x")], &public);
    assert!(!answer.ok() && codes_of(&answer).contains(&"sign/duplicate-name"));
    let outside = [file("../b", "x"), file("a", "x")];
    let answer = check(&signed(&statement_value(&outside), &key), &outside, &public);
    assert!(!answer.ok() && codes_of(&answer).contains(&"sign/unsafe-name"));

    let files = [file("a", "x"), file("hidden/b", "y")];
    let mut hiding = statement_value(&files[..1]);
    hiding["predicate"]["serialization"]["ignore_paths"] = json!([".git", "hidden/"]);
    let bundle = signed(&hiding, &key);
    let answer = check(&bundle, &files, &public);
    assert_eq!(codes_of(&answer), ["sign/signature-good", "sign/ignored-path", "sign/hidden-file"]);
    let accepting = VerifyOptions { accept_ignored: vec!["hidden".to_owned()] };
    assert!(verify(&bundle, &files, &public, &accepting).unwrap().ok());

    let mut root = statement_value(&files);
    root["subject"][0]["digest"]["sha256"] = json!("00".repeat(32));
    let answer = check(&signed(&root, &key), &files, &public);
    assert_eq!(codes_of(&answer), ["sign/signature-good", "sign/root-digest"]);
}

#[test]
fn digests_in_upper_case_and_base_names_of_one_file_are_accepted() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let files = [file("model.bin", "x")];
    let mut statement = statement_value(&files);
    let upper = |value: &Value| json!(value.as_str().unwrap().to_uppercase());
    for pointer in ["/subject/0/digest/sha256", "/predicate/resources/0/digest"] {
        let value = statement.pointer_mut(pointer).unwrap();
        *value = upper(value);
    }
    assert!(check(&signed(&statement, &key), &files, &key.public_key()).ok());
}

#[test]
fn other_statements_are_refused_by_name() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let files = [file("a", "x")];
    let cases: [(&str, Value, &str); 6] = [
        ("/predicateType", json!("https://example.com/other"), "sign/statement"),
        ("/predicate/serialization/method", json!("shards"), "sign/hashing"),
        ("/predicate/serialization/hash_type", json!("md5"), "sign/hashing"),
        ("/predicate/resources/0/digest", json!("abc"), "sign/statement"),
        ("/subject", json!([]), "sign/statement"),
        ("/predicate", json!({"resources": [], "more": 1}), "sign/statement"),
    ];
    for (pointer, value, code) in cases {
        let mut statement = statement_value(&files);
        *statement.pointer_mut(pointer).unwrap() = value;
        let bundle = signed(&statement, &key);
        let failure = verify(&bundle, &files, &key.public_key(), &VerifyOptions::default());
        assert_eq!(failure.unwrap_err().code().as_str(), code, "{pointer}");
    }
}

#[test]
fn malformed_bundles_are_failures() {
    let good: Value = serde_json::from_slice(&sample("key-p256.bundle.json")).unwrap();
    let cases: [(&str, Value); 8] = [
        ("/mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.3")),
        ("/verificationMaterial", json!({"publicKey": {}, "tlogEntries": []})),
        ("/verificationMaterial", json!({"publicKey": {"hint": "x"}, "more": 1})),
        ("/verificationMaterial", json!({"tlogEntries": []})),
        ("/dsseEnvelope/payloadType", json!("text/plain")),
        ("/dsseEnvelope/payload", json!("_-8=")),
        ("/dsseEnvelope/signatures", json!([])),
        ("/dsseEnvelope/signatures/0", json!({"sig": "AA==", "more": 1})),
    ];
    for (pointer, value) in cases {
        let mut bundle = good.clone();
        *bundle.pointer_mut(pointer).unwrap() = value;
        let failure = Bundle::read(&serde_json::to_vec(&bundle).unwrap()).unwrap_err();
        assert_eq!(failure.kind(), holdall_diag::FailureKind::Malformed, "{pointer}");
    }
    let bytes = sample("key-p256.bundle.json");
    for end in (0..bytes.len()).step_by(7) {
        assert_eq!(Bundle::read(&bytes[..end]).unwrap_err().code(), codes::BUNDLE);
    }
}

#[test]
fn a_certificate_does_not_count_for_one_who_trusts_keys_alone() {
    let bundle = sample("certificate-p256.bundle.json");
    let answer = check(&bundle, &sample_files(), &sample_key("key-p256.bundle.json"));
    assert_eq!(codes_of(&answer), ["sign/certificate-refused"]);
    assert!(!answer.ok() && answer.findings[0].message.contains("CN=Sample Signer"));
}

#[test]
fn keys_of_other_kinds_are_refused_with_what_they_are() {
    let cases = [
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "sign/key-encrypted",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAA==\n-----END EC PRIVATE KEY-----\n",
            "sign/key-encrypted",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n",
            "sign/key-algorithm",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n",
            "sign/key-algorithm",
        ),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "sign/key"),
        ("nothing", "sign/key"),
        ("", "sign/key"),
    ];
    for (text, code) in cases {
        assert_eq!(PrivateKey::from_pem(text).unwrap_err().code().as_str(), code, "{text}");
    }
    let private = PrivateKey::generate(Curve::P384).unwrap().to_pem().unwrap();
    let failure = PublicKey::from_pem(&private).unwrap_err();
    assert!(failure.diagnostic().help.as_deref().unwrap().contains("-pubout"));
}

#[test]
fn sec1_keys_are_read_with_their_parameters_block_in_front() {
    // Appendix A.2.5 of RFC 6979 gives the key and the point.
    let text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
                -----BEGIN EC PRIVATE KEY-----\n\
                MDECAQEEIMmvqdhFunUWa1whV2exaTTlDDnpgIiuEreAYrIg9nIhoAoGCCqGSM49\nAwEH\n\
                -----END EC PRIVATE KEY-----\n";
    let key = PrivateKey::from_pem(text).unwrap();
    assert_eq!(key.curve(), Curve::P256);
    let message = b"sample";
    assert_eq!(key.sign(message), key.sign(message));
    assert!(key.public_key().verifies(message, &key.sign(message)));
    assert!(!key.public_key().verifies(b"simple", &key.sign(message)));
}

#[test]
fn codes_are_unique() {
    let mut texts: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), codes::ALL.len());
}
