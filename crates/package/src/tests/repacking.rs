use holdall_sign::{Curve, PrivateKey};

use super::*;
use crate::{RepackRequest, VerifyRequest, codes, repack, verify};

fn request(target: &Path, container: Container, reuse: bool) -> RepackRequest<'_> {
    RepackRequest { target, container, key: None, reuse_digests: reuse }
}

#[test]
fn every_container_becomes_every_other_with_the_bytes_of_a_first_pack() {
    let folder = tempfile::tempdir().unwrap();
    for (from, source) in CONTAINERS {
        let package = open(&pack(folder.path(), from, &format!("from-{source}")));
        for (to, name) in CONTAINERS {
            for reuse in [false, true] {
                let target = folder.path().join(format!("{reuse}-{source}-{name}"));
                repack(&package, &request(&target, to, reuse), &|_| ()).unwrap();
                let first = folder.path().join(format!("first-{source}-{reuse}-{name}"));
                builder(&files()).unwrap().write(&first, to, None).unwrap();
                assert!(everything(&target) == everything(&first), "{source} to {name}");
            }
        }
    }
}

#[test]
fn trusted_digests_are_not_checked_and_verify_still_finds_the_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::Tar, "p.tar");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(5001).position(|w| w == [7; 5001]).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let target = folder.path().join("again.tar");
    let failure = repack(&open(&path), &request(&target, Container::Tar, false), &|_| ());
    assert_eq!(failure.unwrap_err().code(), codes::DIGEST);
    assert!(!target.exists());
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let signing = RepackRequest { key: Some(&key), ..request(&target, Container::Tar, true) };
    repack(&open(&path), &signing, &|_| ()).unwrap();
    let public = key.public_key();
    let verifying = VerifyRequest { key: Some(&public), ..VerifyRequest::default() };
    let answer = verify(&open(&target), &verifying).unwrap();
    let found: Vec<&str> = answer.findings.iter().map(|f| f.code.as_str()).collect();
    assert!(found.contains(&"package/digest") && found.contains(&"sign/digest-mismatch"));
}

#[test]
fn a_folder_is_packed_as_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::Folder, "p");
    // As old as the manifest, of the same size: taken for unchanged when digests are trusted.
    let old = std::fs::metadata(path.join("holdall.json")).unwrap().modified().unwrap();
    let write = |name: &str, bytes: &[u8], newer: bool| {
        std::fs::write(path.join(name), bytes).unwrap();
        let file = std::fs::File::options().write(true).open(path.join(name)).unwrap();
        let later = old + std::time::Duration::from_secs(u64::from(newer) * 5);
        file.set_modified(later).unwrap();
    };
    write("rows.csv", &b"a,b\n1,3\n".repeat(400), false);
    write("more.md", b"# more", true);
    let target = folder.path().join("again");
    let manifest =
        repack(&open(&path), &request(&target, Container::Folder, false), &|_| ()).unwrap();
    let rows = b"a,b\n1,3\n".repeat(400);
    let digest = crate::digest::of_bytes(&rows).sha256;
    assert_eq!(manifest.artifact("rows.csv").unwrap().sha256, digest);
    assert_eq!(manifest.artifact("rows.csv").unwrap().role, Role::Sample);
    assert!(manifest.artifact("more.md").is_some());
    assert!(verify(&open(&target), &VerifyRequest::default()).unwrap().ok());
    let trusting = folder.path().join("trusting");
    let manifest =
        repack(&open(&path), &request(&trusting, Container::Folder, true), &|_| ()).unwrap();
    assert_ne!(manifest.artifact("rows.csv").unwrap().sha256, digest);
    write("rows.csv", &rows, true);
    let newer = folder.path().join("newer");
    let manifest =
        repack(&open(&path), &request(&newer, Container::Folder, true), &|_| ()).unwrap();
    assert_eq!(manifest.artifact("rows.csv").unwrap().sha256, digest);
    // A proof that is about the model no longer holds when the model is another one.
    write("model.onnx", b"other", true);
    let failure = repack(
        &open(&path),
        &request(&folder.path().join("stale"), Container::Folder, false),
        &|_| (),
    );
    assert_eq!(failure.unwrap_err().code(), codes::EVIDENCE);
}
