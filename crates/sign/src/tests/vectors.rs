//! The official vectors of the specification.

use super::{
    hashes::{fails, hold},
    *,
};

/// The folder of the vectors: it stands beside the repository, or beside the folder of its work trees.
fn folder() -> Option<std::path::PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let found = above
        .map(|folder| folder.join("../shared/conformance/oms/test-vectors/v1.0"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no official vectors beside the repository");
    }
    found
}

fn bundles(folder: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder.join(name)).unwrap();
    let read: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    assert!(!read.is_empty());
    read
}

fn text(name: &str) -> String {
    String::from_utf8(sample(name)).unwrap()
}

/// What the vectors' signers are trusted by.
fn trust() -> Trust {
    let mut trust = Trust::key(PublicKey::from_pem(&text("official-key.pub")).unwrap());
    trust.roots.push(TrustedRoot {
        name: None,
        certificates: Certificate::from_pem(&text("official-ca.pem")).unwrap(),
        identities: Vec::new(),
        validity: Validity::default(),
    });
    trust.keyless = Some(Keyless {
        trusted_root: text("trusted_root.json"),
        identities: vec![Identity {
            name: None,
            identity: "stefanb@us.ibm.com".to_owned(),
            issuer: "https://sigstore.verify.ibm.com/oauth2".to_owned(),
        }],
    });
    trust
}

fn day() -> Moment {
    Moment::parse("2026-06-01").unwrap()
}

/// The files of the vectors, as their digests say. `signme-1` differs between them.
fn listed(judged: &Judged) -> Vec<Resource> {
    let entries = judged.listing().unwrap().entries().iter();
    entries
        .map(|e| Resource { name: e.name.clone(), sha256: e.digest.clone().try_into().unwrap() })
        .collect()
}

#[test]
fn the_valid_ones_hold_and_the_others_do_not() {
    let Some(folder) = folder() else { return };
    for (name, bytes) in bundles(&folder, "valid") {
        let judged = Judged::read("model.sig", &bytes, &trust(), day()).unwrap();
        let method = judged.bundle.material().method();
        assert_eq!(name, format!("{method}.bundle.json"));
        if method == "sigstore" && !cfg!(feature = "sigstore") {
            assert_eq!(judged.answer.findings[0].code, codes::METHOD);
            continue;
        }
        assert!(judged.answer.signer().is_some(), "{name}: {:?}", judged.answer.findings);
        let files = listed(&judged);
        assert!(judged.listing().unwrap().root_holds());
        assert_eq!(files[1].name, "signme-2", "{name}");
        // What `signme-2` holds is known: its digest is that of the text below.
        let (_, answer) =
            hold(&bytes, &[("signme-2".to_owned(), "signme-2".to_owned())], &trust(), day());
        assert_eq!(fails(&answer), ["sign/missing-file"], "{name}: {:?}", answer.findings);
        assert_eq!(answer.covered, ["signme-2"]);
        // Every byte of the payload counts.
        let mut bundle: Value = serde_json::from_slice(&bytes).unwrap();
        let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
        let mut payload = STANDARD.decode(payload).unwrap();
        let at = payload.windows(8).position(|w| w == b"signme-1").unwrap();
        payload[at] = b'S';
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(payload).into();
        let bytes = serde_json::to_vec(&bundle).unwrap();
        let judged = Judged::read("model.sig", &bytes, &trust(), day()).unwrap();
        assert!(judged.answer.signer().is_none(), "{name}");
    }
    let expected = [
        ("empty.bundle.json", codes::BUNDLE),
        ("missing-envelope.bundle.json", codes::BUNDLE),
        ("missing-tlog-entries.bundle.json", codes::BUNDLE),
        ("missing-verification-material.bundle.json", codes::BUNDLE),
    ];
    let invalid = bundles(&folder, "invalid");
    assert_eq!(invalid.len(), expected.len());
    for (name, bytes) in invalid {
        let failure = Judged::read("model.sig", &bytes, &trust(), day()).unwrap_err();
        assert!(expected.contains(&(name.as_str(), failure.code())), "{name}: {failure}");
    }
    for (name, bytes) in bundles(&folder, "invalid-payload") {
        assert_eq!(name, "wrong-predicate.bundle.json");
        let bundle = Bundle::read(&bytes).unwrap();
        assert_eq!(bundle.listing().unwrap_err().code(), codes::STATEMENT);
        // Its signature is that of another payload.
        let judged = Judged::read("model.sig", &bytes, &trust(), day()).unwrap();
        assert_eq!(judged.answer.standing, Standing::Forged);
    }
}

#[cfg(feature = "sigstore")]
#[test]
fn keyless_signers_are_held_to_identity_issuer_and_trust_root() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("valid/sigstore.bundle.json")).unwrap();
    let codes_with = |change: &dyn Fn(&mut Keyless)| {
        let mut trust = trust();
        change(trust.keyless.as_mut().unwrap());
        let judged = Judged::read("model.sig", &bytes, &trust, Moment(0)).unwrap();
        assert!(judged.answer.signer().is_none());
        judged.answer.findings[0].code
    };
    assert_eq!(codes_with(&|k| k.identities[0].identity.push('x')), codes::IDENTITY);
    assert_eq!(codes_with(&|k| k.identities[0].issuer.push('x')), codes::IDENTITY);
    assert_eq!(codes_with(&|k| k.trusted_root = "{}".to_owned()), codes::KEYLESS);
    // Without the log that the entry is in.
    let without = |part: &str| {
        let mut root: Value = serde_json::from_str(&text("trusted_root.json")).unwrap();
        root[part] = json!([]);
        root.to_string()
    };
    for part in ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"] {
        let root = without(part);
        assert_eq!(codes_with(&|k| k.trusted_root.clone_from(&root)), codes::KEYLESS, "{part}");
    }
    // Parts of the evidence that are changed.
    for pointer in [
        "/verificationMaterial/tlogEntries/0/integratedTime",
        "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
        "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
        "/dsseEnvelope/signatures/0/sig",
    ] {
        let mut bundle: Value = serde_json::from_slice(&bytes).unwrap();
        let text = bundle.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let changed = text.parse::<u64>().map_or_else(
            |_text| {
                let mut raw = STANDARD.decode(&text).unwrap();
                *raw.last_mut().unwrap() ^= 1;
                STANDARD.encode(raw)
            },
            |number| (number + 1).to_string(),
        );
        *bundle.pointer_mut(pointer).unwrap() = changed.into();
        let bytes = serde_json::to_vec(&bundle).unwrap();
        let judged = Judged::read("model.sig", &bytes, &trust(), day()).unwrap();
        assert!(judged.answer.signer().is_none(), "{pointer}");
    }
}
