//! Several signers, trust files, dates, revocation, partial verification.

use super::*;

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// Reads a trust file that refers to no other file.
fn trust(value: &Value) -> Result<Trust, holdall_diag::Failure> {
    let none = &mut |name: &str| -> Result<String, _> { panic!("{name} is asked for") };
    Trust::read(&serde_json::to_vec(value).unwrap(), none)
}

fn judge(bundles: &[&[u8]], trust: &Trust, time: Moment) -> Vec<Judged> {
    let names = ["model.sig", "model.sig.d/1.sig", "model.sig.d/2.sig"];
    let named = names.iter().zip(bundles);
    named.map(|(name, bytes)| Judged::read(name, bytes, trust, time).unwrap()).collect()
}

fn answer(
    bundles: &[&[u8]],
    files: &[Resource],
    trust: &Trust,
    time: Moment,
) -> Vec<(Status, &'static str)> {
    let digests: Vec<FileDigests> =
        files.iter().map(|f| FileDigests::of_sha256(1, f.sha256)).collect();
    let found: Vec<Found<'_>> = files
        .iter()
        .zip(&digests)
        .map(|(f, digests)| Found { name: &f.name, size: 1, digests: Some(digests) })
        .collect();
    let judged = judge(bundles, trust, time);
    let answer = verify_all(&judged, &found, trust, &VerifyOptions::default(), &|_| true);
    answer.findings.iter().map(|f| (f.status, f.code.as_str())).collect()
}

#[test]
fn as_many_signers_as_needed_must_have_signed() {
    let keys: Vec<PrivateKey> =
        [Curve::P256, Curve::P384, Curve::P521].map(|c| PrivateKey::generate(c).unwrap()).into();
    let files = sample_files();
    let options = SignOptions::new("m");
    let signed: Vec<Vec<u8>> = keys.iter().map(|k| sign(&files, &options, k).unwrap()).collect();
    let [a, b, c] = [&signed[0], &signed[1], &signed[2]].map(Vec::as_slice);
    let listed = |key: &PrivateKey, name: &str| json!({"name": name, "public_key": key.public_key().to_pem()});
    let two = trust(&json!({
        "schema": TRUST_SCHEMA, "threshold": 2,
        "keys": [listed(&keys[0], "first"), listed(&keys[1], "second")],
    }))
    .unwrap();
    let good = (Status::Ok, "sign/signature-good");
    let time = at("2026-01-01");
    assert_eq!(answer(&[a, b], &files, &two, time), [good, good]);
    assert_eq!(
        answer(&[a, b, c], &files, &two, time),
        [good, good, (Status::Warn, "sign/wrong-key")],
        "a further signature by a stranger does no harm"
    );
    for short in [&[a][..], &[a, a], &[a, c]] {
        let told = answer(short, &files, &two, time);
        assert!(told.contains(&(Status::Fail, "sign/threshold")), "{told:?}");
    }
    // A signature over other files counts, and they are told.
    let mut changed = files.clone();
    changed[0].sha256[0] ^= 1;
    let other = sign(&changed, &options, &keys[1]).unwrap();
    assert_eq!(
        answer(&[a, &other], &files, &two, time),
        [good, good, (Status::Fail, "sign/digest-mismatch")]
    );
    assert!(answer(&[], &files, &two, time).contains(&(Status::Fail, "sign/threshold")));
    let one = Trust::key(keys[0].public_key());
    assert_eq!(answer(&[], &files, &one, time), [(Status::Fail, "sign/threshold")]);
    assert_eq!(answer(&[c], &files, &one, time), [(Status::Fail, "sign/wrong-key")]);
    assert_eq!(answer(&[c, a], &files, &one, time), [(Status::Warn, "sign/wrong-key"), good]);
}

#[test]
fn keys_are_rotated_by_dates_and_revoked_by_id() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let files = sample_files();
    let bundle = sign(&files, &SignOptions::new("m"), &key).unwrap();
    let id = key.public_key().hint();
    let document = |extra: Value| {
        json!({
            "schema": TRUST_SCHEMA,
            "keys": [{
                "name": "2026", "key_id": id.to_uppercase(), "public_key": key.public_key().to_pem(),
                "not_before": "2026-01-01", "not_after": "2026-12-31T23:59:59Z",
            }],
            "revoked": extra,
        })
    };
    let dated = trust(&document(json!([]))).unwrap();
    let codes = |trust: &Trust, time: &str| answer(&[&bundle], &files, trust, at(time));
    assert_eq!(codes(&dated, "2026-06-01"), [(Status::Ok, "sign/signature-good")]);
    assert_eq!(codes(&dated, "2025-12-31"), [(Status::Fail, "sign/key-expired")]);
    assert_eq!(codes(&dated, "2027-01-01"), [(Status::Fail, "sign/key-expired")]);
    let revoked = trust(&document(json!([{"key_id": id, "reason": "lost"}]))).unwrap();
    assert_eq!(codes(&revoked, "2026-06-01"), [(Status::Fail, "sign/key-revoked")]);
}

#[test]
fn trust_files_that_are_no_use_are_refused_with_the_place() {
    let key = PrivateKey::generate(Curve::P256).unwrap().public_key();
    let good = json!({"schema": TRUST_SCHEMA, "keys": [{"public_key": key.to_pem()}]});
    assert!(trust(&good).is_ok());
    let cases = [
        ("/schema", json!("holdall/trust/2"), "/schema"),
        ("/keys", json!([]), ""),
        ("/keys/0", json!({}), "/keys/0"),
        ("/keys/0/public_key", json!("nothing"), "/keys/0"),
        ("/keys/0", json!({"public_key": key.to_pem(), "public_key_file": "x"}), "/keys/0"),
        ("/keys/0", json!({"public_key": key.to_pem(), "key_id": "00"}), "/keys/0/key_id"),
        ("/keys/0", json!({"public_key": key.to_pem(), "extra": 1}), "/keys/0/extra"),
        ("/keys/0", json!({"public_key": key.to_pem(), "not_after": "soon"}), "/keys/0/not_after"),
        (
            "/keys/0",
            json!({"public_key": key.to_pem(), "not_before": "2026-01-02", "not_after": "2026-01-01"}),
            "/keys/0",
        ),
    ];
    for (pointer, value, place) in cases {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        let failure = trust(&document).unwrap_err();
        let found = failure.location().path.as_ref().map_or("", |(_, path)| path);
        assert_eq!(found, place, "{pointer}: {failure}");
    }
    for (key_name, value) in [
        ("threshold", json!(0)),
        ("threshold", json!(2)),
        ("revoked", json!([{"key_id": "xyz"}])),
        ("keyless", json!({"trusted_root_file": "x", "identities": []})),
        ("other", json!(1)),
    ] {
        let mut document = good.clone();
        document[key_name] = value;
        assert_eq!(trust(&document).unwrap_err().code(), codes::TRUST, "{key_name}");
    }
}

#[test]
fn a_part_can_be_verified_and_the_rest_is_told() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let files = [file("a.bin", "a"), file("b.bin", "b"), file("c.txt", "c")];
    let bundle = sign(&files, &SignOptions::new("m"), &key).unwrap();
    let trust = Trust::key(key.public_key());
    let judged = judge(&[&bundle], &trust, Moment(0));
    let digests = FileDigests::of_sha256(1, files[0].sha256);
    let found = [
        Found { name: "a.bin", size: 1, digests: Some(&digests) },
        Found { name: "c.txt", size: 1, digests: None },
        Found { name: "extra.txt", size: 1, digests: None },
        Found { name: "model.sig", size: 1, digests: None },
    ];
    let verify = |select: &dyn Fn(&str) -> bool| {
        verify_all(&judged, &found, &trust, &VerifyOptions::default(), select)
    };
    let part = verify(&|name| name == "a.bin");
    assert!(part.findings.iter().all(|f| f.status != Status::Fail), "{:?}", part.findings);
    assert_eq!(part.covered, ["a.bin"]);
    assert_eq!(part.not_checked, ["b.bin", "c.txt"]);
    assert_eq!(part.not_covered, ["extra.txt", "model.sig"]);
    let part = verify(&|name| name != "c.txt" && name != "extra.txt");
    let told: Vec<_> = part.findings.iter().map(|f| f.code).collect();
    assert_eq!(told, [codes::SIGNATURE_GOOD, codes::MISSING_FILE]);
    let part = verify(&|name| name == "extra.txt");
    assert_eq!(part.findings.last().unwrap().code, codes::EXTRA_FILE);
}
