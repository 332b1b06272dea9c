//! Digests in one read, and listings of every hash and of shards.

use std::collections::BTreeSet;

use super::*;

pub(super) fn made() -> Value {
    serde_json::from_slice(&sample("made.json")).unwrap()
}

/// Names and contents of the model that `made.json` is about.
pub(super) fn made_files() -> Vec<(String, String)> {
    let made = made();
    let files = made["files"].as_object().unwrap().iter();
    files.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect()
}

pub(super) fn made_key() -> PublicKey {
    PublicKey::from_pem(made()["public_key"].as_str().unwrap()).unwrap()
}

pub(super) fn bytes_of(bundle: &Value) -> Vec<u8> {
    serde_json::to_vec(bundle).unwrap()
}

/// Judges a bundle and holds it against files, as the command line does.
pub(super) fn hold(
    bundle: &[u8],
    files: &[(String, String)],
    trust: &Trust,
    at: Moment,
) -> (Judged, ModelVerification) {
    let judged = Judged::read(SIGNATURE_NAME, bundle, trust, at).unwrap();
    let wanted: BTreeSet<Hashing> = judged.listing().map(Listing::hashing).into_iter().collect();
    let digests: Vec<FileDigests> = files
        .iter()
        .map(|(_, text)| {
            digest_stream(&mut text.as_bytes(), text.len() as u64, &wanted, 100).unwrap()
        })
        .collect();
    let found: Vec<Found<'_>> = files
        .iter()
        .zip(&digests)
        .map(|((name, text), digests)| Found {
            name,
            size: text.len() as u64,
            digests: Some(digests),
        })
        .collect();
    let judged = [judged];
    let answer = verify_all(&judged, &found, trust, &VerifyOptions::default(), &|_| true);
    let [judged] = judged;
    (judged, answer)
}

pub(super) fn fails(answer: &ModelVerification) -> Vec<&'static str> {
    let failed = answer.findings.iter().filter(|f| f.status == Status::Fail);
    failed.map(|f| f.code.as_str()).collect()
}

#[test]
fn every_hash_and_way_of_the_reference_verifies_and_finds_changes() {
    let made = made();
    let trust = Trust::key(made_key());
    let bundles = made["hashings"].as_object().unwrap();
    assert_eq!(bundles.len(), 5);
    for (case, bundle) in bundles {
        let files = made_files();
        let (judged, answer) = hold(&bytes_of(bundle), &files, &trust, Moment(0));
        assert_eq!(fails(&answer), [""; 0], "{case}: {:?}", answer.findings);
        // Shards leave empty files out. The reference makes none with BLAKE3.
        let hashing = judged.listing().unwrap().hashing();
        assert_eq!(hashing.shard.is_some(), case.starts_with("shards") && case != "shards-blake3");
        let covered = if hashing.shard.is_some() { 4 } else { 5 };
        assert_eq!(answer.covered.len(), covered, "{case}");
        for name in ["big.bin", "a/b.bin"] {
            for change in ["first", "last", "longer", "shorter"] {
                let mut files = made_files();
                let text = &mut files.iter_mut().find(|(n, _)| n == name).unwrap().1;
                match change {
                    "first" => text.replace_range(..1, "X"),
                    "last" => text.replace_range(text.len() - 1.., "X"),
                    "longer" => text.push('z'),
                    _ => drop(text.pop()),
                }
                let (_, answer) = hold(&bytes_of(bundle), &files, &trust, Moment(0));
                assert_eq!(fails(&answer), ["sign/digest-mismatch"], "{case} {name} {change}");
            }
        }
    }
}

#[test]
fn shards_that_do_not_lie_side_by_side_are_refused() {
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let trust = Trust::key(key.public_key());
    let text = "0123456789";
    let good = [("m:0:4", "0123"), ("m:4:8", "4567"), ("m:8:10", "89")];
    let statement = |shards: &[(&str, &str)]| {
        let digest = |text: &str| to_hex(&Sha256::digest(text));
        let mut value = statement_value(&[]);
        value["predicate"]["serialization"] = json!({"method": "shards", "hash_type": "sha256", "allow_symlinks": false, "shard_size": 4});
        value["predicate"]["resources"] = shards
            .iter()
            .map(
                |(name, text)| json!({"name": name, "algorithm": "sha256", "digest": digest(text)}),
            )
            .collect();
        let raw: Vec<u8> = shards.iter().flat_map(|(_, text)| Sha256::digest(text)).collect();
        value["subject"][0]["digest"]["sha256"] = json!(to_hex(&Sha256::digest(raw)));
        signed(&value, &key)
    };
    let files = [("m".to_owned(), text.to_owned())];
    let codes =
        |shards: &[(&str, &str)]| fails(&hold(&statement(shards), &files, &trust, Moment(0)).1);
    assert_eq!(codes(&good), [""; 0]);
    let [a, b, c] = good;
    assert_eq!(codes(&[c, a, b]), [""; 0], "the order of the statement does not matter");
    for bad in [
        &[a, b][..],
        &[a, c],
        &[b, c],
        &[a, b, ("m:8:11", "89")],
        &[a, ("m:4:10", "456789")],
        &[a, b, c, ("m:10:10", "")],
    ] {
        assert_eq!(codes(bad), ["sign/digest-mismatch"], "{bad:?}");
    }
    assert!(codes(&[a, a, b, c]).contains(&"sign/duplicate-name"));
    for odd in ["m", "m:0", "m:a:b", "m:-1:4", ":"] {
        let bundle = statement(&[(odd, "0123")]);
        let failure = Judged::read("model.sig", &bundle, &trust, Moment(0)).unwrap_err();
        assert_eq!(failure.code(), codes::STATEMENT, "{odd}");
    }
}

#[test]
fn large_streams_are_read_ahead_and_have_the_same_digests() {
    let bytes: Vec<u8> =
        (0..20_000_003_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let shard = Hashing { algorithm: Algorithm::Sha256, shard: Some(7_000_000) };
    let blake2b = Hashing { algorithm: Algorithm::Blake2b, shard: None };
    let wanted = BTreeSet::from([Hashing::SHA256, Hashing::BLAKE3, blake2b, shard]);
    for claimed in [0, bytes.len() as u64] {
        let found = digest_stream(&mut bytes.as_slice(), claimed, &wanted, 10).unwrap();
        assert_eq!(found.size, bytes.len() as u64);
        assert_eq!(found.sha256().unwrap().as_slice(), Sha256::digest(&bytes).as_slice());
        assert_eq!(found.blake3().unwrap(), *blake3::hash(&bytes).as_bytes());
        assert_eq!(found.get(blake2b).unwrap()[0], blake2::Blake2b512::digest(&bytes).to_vec());
        let shards: Vec<Vec<u8>> =
            bytes.chunks(7_000_000).map(|part| Sha256::digest(part).to_vec()).collect();
        assert_eq!(found.get(shard).unwrap(), shards);
    }
}

/// Gives some bytes, then fails.
struct Broken(u64);

impl std::io::Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::Error::other("the disk is gone"));
        }
        let got = buffer.len().min(usize::try_from(self.0).unwrap());
        self.0 -= got as u64;
        Ok(got)
    }
}

#[test]
fn a_stream_that_breaks_is_an_error_in_both_ways_of_reading() {
    let wanted = BTreeSet::from([Hashing::SHA256]);
    for (length, claimed) in [(0, 10), (1_000_000, 10), (30_000_000, 40_000_000)] {
        let error = digest_stream(&mut Broken(length), claimed, &wanted, 0).unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone");
    }
}

/// Every bundle of `made.json` with what trusts it.
fn all_bundles() -> (Vec<Value>, Trust) {
    let made = made();
    let certificates = &made["certificates"];
    let maps = [&made["hashings"], &made["legacy"], &certificates["bundles"]];
    let bundles = maps.iter().flat_map(|map| map.as_object().unwrap().values().cloned());
    let mut trust = Trust::key(made_key());
    trust.roots.push(TrustedRoot {
        name: None,
        certificates: Certificate::from_pem(certificates["root"].as_str().unwrap()).unwrap(),
        identities: Vec::new(),
        validity: Validity::default(),
    });
    (bundles.collect(), trust)
}

#[test]
fn no_changed_byte_of_any_bundle_makes_another_list_of_files_trusted() {
    let (bundles, trust) = all_bundles();
    let day = Moment::parse("2026-06-01").unwrap();
    let mut judgements = 0;
    for bundle in bundles {
        let bytes = bytes_of(&bundle);
        let original = Judged::read("model.sig", &bytes, &trust, day).unwrap();
        for (count, at) in (0..bytes.len()).step_by(151).enumerate() {
            let mut bytes = bytes.clone();
            bytes[at] ^= [1, 0x20, 0x80][count % 3];
            let Ok(judged) = Judged::read("model.sig", &bytes, &trust, day) else { continue };
            // What is not part of the evidence may change, such as the case of a digit.
            if let Some(listing) = judged.listing() {
                assert_eq!(Some(listing), original.listing(), "byte {at}");
            }
            judgements += 1;
        }
    }
    assert!(judgements > 100, "some changes leave it readable");
}
