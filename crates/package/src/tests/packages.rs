use holdall_sign::{Curve, PrivateKey, Resource, SignOptions};

use super::*;
use crate::{
    MANIFEST_NAME, SIGNATURE_NAME, Seal, Sealing, Status, VerifyRequest, codes, seal, verify,
};

fn key() -> PrivateKey {
    PrivateKey::generate(Curve::P256).unwrap()
}

/// Signs a package where it is, reading every file.
fn sign(package: &PackageReader, subject: &str, key: &PrivateKey) {
    let mut make = |resources: &[Resource]| {
        let bytes = holdall_sign::sign(resources, &SignOptions::new(subject), key)?;
        Ok((vec![Seal { name: SIGNATURE_NAME.to_owned(), bytes }], Vec::new()))
    };
    seal(package, &mut Sealing { known: &|_| None, make: &mut make }).unwrap();
}

fn codes_of(package: &PackageReader, request: &VerifyRequest<'_>) -> Vec<&'static str> {
    let answer = verify(package, request).unwrap();
    answer.findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn packages_have_equal_bytes_whatever_the_order_of_making() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    for (container, name) in CONTAINERS {
        let first = folder.path().join(format!("first-{name}"));
        let again = folder.path().join(name);
        let mut files = files();
        builder(&files).unwrap().write(&first, container, Some(&key)).unwrap();
        files.reverse();
        builder(&files).unwrap().write(&again, container, Some(&key)).unwrap();
        assert!(everything(&first) == everything(&again), "{name}");
    }
}

#[test]
fn every_container_gives_back_what_was_put_in() {
    let folder = tempfile::tempdir().unwrap();
    for (container, name) in CONTAINERS {
        let package = open(&pack(folder.path(), container, name));
        assert_eq!(package.container(), container);
        assert_eq!(package.entries().len(), files().len() + 1);
        for (name, role, bytes) in files() {
            assert_eq!(package.read(&name).unwrap().bytes().unwrap(), bytes, "{name}");
            let manifest = package.manifest().unwrap();
            assert_eq!(manifest.artifact(&name).unwrap().role, role);
        }
        assert_eq!(package.read("none").unwrap_err().code(), codes::NO_ENTRY);
        assert_eq!(codes_of(&package, &VerifyRequest::default()), ["package/intact"]);
        let target = folder.path().join(format!("{name}-unpacked"));
        package.unpack(&target, &|_| true).unwrap();
        assert_eq!(codes_of(&open(&target), &VerifyRequest::default()), ["package/intact"]);
        assert_eq!(package.unpack(&target, &|_| true).unwrap_err().code(), codes::EXISTS);
    }
}

#[test]
fn a_selection_is_unpacked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let package = open(&pack(folder.path(), Container::TarGz, "p.tgz"));
    let target = folder.path().join("some");
    assert_eq!(package.unpack(&target, &|name| name.starts_with("model")).unwrap(), 2);
    assert_eq!(open(&target).entries().len(), 2);
}

#[test]
fn signing_while_packing_and_afterwards_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let public = key.public_key();
    let request = VerifyRequest { key: Some(&public), ..VerifyRequest::default() };
    for (container, name) in CONTAINERS {
        let path = pack(folder.path(), container, name);
        assert!(codes_of(&open(&path), &request).contains(&"package/unsigned"));
        sign(&open(&path), "sample", &key);
        let signed = open(&path);
        assert_eq!(codes_of(&signed, &request), ["package/intact", "sign/signature-good"]);
        let at_once = folder.path().join(format!("signed-{name}"));
        builder(&files()).unwrap().write(&at_once, container, Some(&key)).unwrap();
        let both = [signed.signature(), open(&at_once).signature()];
        let [after, at_once_signature] = both.map(|s| s.unwrap().unwrap());
        assert_eq!(after, at_once_signature);
        if container != Container::Folder {
            assert!(everything(&path) == everything(&at_once), "{name}");
        }
        // Signing again replaces the signature and changes nothing else.
        sign(&signed, "sample", &key);
        assert_eq!(open(&path).signature().unwrap().unwrap(), after);
    }
}

#[test]
fn a_change_of_any_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let key = key();
    let public = key.public_key();
    let path = folder.path().join("p");
    builder(&files()).unwrap().write(&path, Container::Folder, Some(&key)).unwrap();
    let request = VerifyRequest { key: Some(&public), ..VerifyRequest::default() };
    let names: Vec<_> = open(&path).entries().iter().map(|e| e.name().to_owned()).collect();
    for name in names.iter().filter(|name| *name != "empty") {
        let file = path.join(name);
        let good = std::fs::read(&file).unwrap();
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&file, bad).unwrap();
            let answer = verify(&open(&path), &request);
            assert!(answer.map_or(true, |a| !a.ok()), "{name} {at}");
            if ![MANIFEST_NAME, SIGNATURE_NAME].contains(&name.as_str()) {
                let found = codes_of(&open(&path), &VerifyRequest::default());
                assert!(found.contains(&"package/digest"), "{name} {at}");
            }
        }
        std::fs::write(&file, good).unwrap();
    }
    assert!(verify(&open(&path), &request).unwrap().ok());
    std::fs::write(path.join("more"), "x").unwrap();
    let found = codes_of(&open(&path), &request);
    assert!(found.contains(&"package/unlisted") && found.contains(&"sign/extra-file"));
    std::fs::remove_file(path.join("more")).unwrap();
    std::fs::remove_file(path.join("model.onnx")).unwrap();
    let found = codes_of(&open(&path), &request);
    assert!(found.contains(&"package/missing") && found.contains(&"sign/missing-file"));
}

#[test]
fn a_changed_byte_of_stored_data_in_an_archive_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (container, name) in [(Container::Zip, "p.holdall"), (Container::Tar, "p.tar")] {
        let path = pack(folder.path(), container, name);
        let good = std::fs::read(&path).unwrap();
        let at = good.windows(5001).position(|w| w == [7; 5001]).unwrap();
        for offset in [0, 2500, 5000] {
            let mut bad = good.clone();
            bad[at + offset] ^= 0x10;
            std::fs::write(&path, bad).unwrap();
            let answer = verify(&open(&path), &VerifyRequest::default());
            assert!(answer.map_or(true, |a| !a.ok()), "{name} {offset}");
        }
    }
}

#[test]
fn a_plain_folder_is_signed_without_what_belongs_to_git() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("model");
    for name in [".git/HEAD", ".github/x", ".gitignore", "sub/.git/x", "weights.bin", ".hidden"] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
    let key = key();
    let public = key.public_key();
    let request = VerifyRequest { key: Some(&public), ..VerifyRequest::default() };
    let nothing = verify(&open(&root), &VerifyRequest::default()).unwrap();
    assert_eq!(nothing.findings[0].status, Status::Fail);
    sign(&open(&root), "model", &key);
    let answer = verify(&open(&root), &request).unwrap();
    assert!(answer.ok());
    assert_eq!(answer.signature.unwrap().covered, [".hidden", "sub/.git/x", "weights.bin"]);
    std::fs::write(root.join(".git/HEAD"), "another").unwrap();
    assert!(verify(&open(&root), &request).unwrap().ok());
    std::fs::write(root.join("sub/.git/x"), "another").unwrap();
    assert!(!verify(&open(&root), &request).unwrap().ok());
}

#[test]
fn proofs_about_other_bytes_and_missing_files_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (container, name) in CONTAINERS {
        let mut stale = builder(&files()).unwrap();
        stale.manifest_mut().evidence[0].target.sha256.0[0] ^= 1;
        let failure = stale.write(&folder.path().join(name), container, None).unwrap_err();
        assert_eq!(failure.code(), codes::EVIDENCE);
        let mut absent = builder(&files()).unwrap();
        absent.manifest_mut().evidence[0].path = "evidence/none.json".to_owned();
        let failure = absent.write(&folder.path().join(name), container, None).unwrap_err();
        assert_eq!(failure.code(), codes::DECLARED);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn names_that_clash_are_not_packed() {
    for (name, code) in [
        ("MODEL.ONNX", codes::DUPLICATE),
        ("model.onnx", codes::DUPLICATE),
        ("model.onnx/part", codes::DUPLICATE),
        ("evidence", codes::DUPLICATE),
        ("../a", codes::NAME),
        ("model.sig", codes::NAME),
        ("holdall.json", codes::NAME),
    ] {
        let mut builder = builder(&files()).unwrap();
        let file = NewFile::new(Source::from_bytes("x", Vec::new()), Role::Other);
        assert_eq!(builder.add(name, file).unwrap_err().code(), code, "{name}");
    }
}

#[test]
fn digests_are_those_of_the_bytes_whatever_the_size() {
    use crate::digest::{of_bytes, pump};
    const MIB: usize = 1 << 20;
    for size in [0, 1, MIB - 1, MIB, MIB + 1, 8 * MIB, 20 * MIB + 7] {
        let bytes: Vec<u8> =
            (0..size).map(|i| (i.wrapping_mul(31) >> 3).to_le_bytes()[0]).collect();
        // A wrong expectation changes who does the work, and nothing else.
        for claimed in [0, size as u64, u64::MAX] {
            let mut copy = Vec::new();
            let found = pump(&mut bytes.as_slice(), &mut copy, claimed).unwrap();
            assert_eq!(found, of_bytes(&bytes), "{size} {claimed}");
            assert!(copy == bytes, "{size} {claimed}");
        }
    }
}

#[test]
fn trouble_on_either_side_of_a_copy_ends_it() {
    struct Broken(usize);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(buffer.len()).ok_or(std::io::ErrorKind::TimedOut)?;
            Ok(buffer.len())
        }
    }
    impl std::io::Write for Broken {
        fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(buffer.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(buffer.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    use crate::digest::pump;
    let long = vec![1; 9 << 20];
    for claimed in [0, 9 << 20] {
        let failed = pump(&mut Broken(9 << 20), &mut std::io::sink(), claimed).unwrap_err();
        assert_eq!(failed.kind(), std::io::ErrorKind::TimedOut);
        let failed = pump(&mut long.as_slice(), &mut Broken(5 << 20), claimed).unwrap_err();
        assert_eq!(failed.kind(), std::io::ErrorKind::StorageFull);
    }
}
