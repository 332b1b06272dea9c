use std::io::{Cursor, Read, Write};

use super::*;
use crate::{VerifyRequest, codes, verify};

fn refused(name: &str, bytes: Vec<u8>, limits: Limits) -> Failure {
    let source = Source::from_bytes(name, bytes);
    match PackageReader::from_source(source, limits) {
        Ok(package) => verify(&package, &VerifyRequest::default()).unwrap_err(),
        Err(failure) => failure,
    }
}

fn zip_of(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"content").unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A tar header written by hand, because libraries refuse to write bad ones.
fn tar_of(entries: &[(&str, u8)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_size(0);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
    }
    bytes.extend([0; 1024]);
    bytes
}

#[test]
fn other_readers_find_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::Zip, "p.holdall");
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    assert_eq!(zip.len(), files().len() + 1);
    for (name, role, bytes) in files() {
        let mut entry = zip.by_name(&name).unwrap();
        let mut found = Vec::new();
        entry.read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{name}");
        assert_eq!(entry.unix_mode(), Some(0o100_644));
        let stored = entry.compression() == zip::CompressionMethod::Stored;
        assert_eq!(stored, !matches!(role, Role::Evidence | Role::Sample | Role::Documentation));
        if stored {
            assert_eq!(entry.data_start().unwrap() % 64, 0, "{name}");
        }
    }
    let path = pack(folder.path(), Container::Tar, "p.tar");
    let mut tar = tar::Archive::new(std::fs::File::open(path).unwrap());
    let mut found = 0;
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        assert_eq!(entry.header().mtime().unwrap(), 0);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(file) = files().into_iter().find(|f| f.0 == name) {
            assert!(file.2 == bytes, "{name}");
            found += 1;
        }
    }
    assert_eq!(found, files().len());
}

#[test]
fn names_that_leave_the_package_are_refused() {
    for name in ["../a", "/a", "a/../../b", "a\\b", "C:/a", "a//b", "./../a", ""] {
        let zip = refused("a.zip", zip_of(&[name, "ok"]), Limits::default());
        assert_eq!(zip.code(), codes::NAME, "zip {name}");
        let tar = refused("a.tar", tar_of(&[(name, b'0'), ("ok", b'0')]), Limits::default());
        assert_eq!(tar.code(), codes::NAME, "tar {name}");
    }
}

#[test]
fn names_that_come_twice_are_refused() {
    for names in [["a/b", "A/b"], ["a", "a/b"], ["same", "SAME"]] {
        let zip = refused("a.zip", zip_of(&names), Limits::default());
        assert_eq!(zip.code(), codes::DUPLICATE, "{names:?}");
        let tar = tar_of(&[(names[0], b'0'), (names[1], b'0')]);
        assert_eq!(refused("a.tar", tar, Limits::default()).code(), codes::DUPLICATE);
    }
    let mut zip = zip_of(&["twin1", "twin2"]);
    while let Some(at) = zip.windows(5).position(|w| w == b"twin2") {
        zip[at + 4] = b'1';
    }
    assert_eq!(refused("a.zip", zip, Limits::default()).code(), codes::DUPLICATE);
}

#[test]
fn links_and_special_files_are_refused() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("a", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    assert_eq!(refused("a.zip", zip, Limits::default()).code(), codes::LINK);
    for kind in *b"12346S" {
        let failure = refused("a.tar", tar_of(&[("a", kind)]), Limits::default());
        assert_eq!(failure.code(), codes::LINK, "{kind}");
    }
    #[cfg(unix)]
    {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("a")).unwrap();
        let failure = PackageReader::open(folder.path(), Limits::default()).unwrap_err();
        assert_eq!(failure.code(), codes::LINK);
    }
}

#[test]
fn bombs_are_refused_by_their_size() {
    let limits = Limits { decompressed: 1 << 20, entries: 10, ..Limits::default() };
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&vec![0; 2 << 20]).unwrap();
    let mut zip = zip.finish().unwrap().into_inner();
    assert_eq!(refused("a.zip", zip.clone(), limits).code(), codes::DECOMPRESSED);
    // The directory lies about the size: the data is cut at what was promised.
    let size = (2_u32 << 20).to_le_bytes();
    while let Some(at) = zip.windows(4).position(|w| w == size) {
        zip[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    assert_eq!(refused("a.zip", zip, limits).code(), codes::ARCHIVE);
    let mut huge = tar::Header::new_ustar();
    huge.set_path("huge").unwrap();
    huge.set_size(4 << 20);
    huge.set_cksum();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(huge.as_bytes()).unwrap();
    bomb.write_all(&vec![0; 4 << 20]).unwrap();
    let failure = refused("a.tar.gz", bomb.finish().unwrap(), limits);
    assert_eq!(failure.code(), codes::DECOMPRESSED);
    let many: Vec<String> = (0..11).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refused("a.zip", zip_of(&many), limits).code(), codes::ENTRIES);
}

#[test]
fn no_truncation_and_no_changed_byte_ends_in_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let small: Vec<_> =
        files().into_iter().map(|(n, r, b)| (n, r, b[..b.len().min(700)].to_vec())).collect();
    for (container, name) in CONTAINERS.into_iter().skip(1) {
        let path = folder.path().join(name);
        builder(&small).unwrap().write(&path, container, None).unwrap();
        let good = std::fs::read(&path).unwrap();
        let check = |bytes: &[u8]| {
            let source = Source::from_bytes(name, bytes.to_vec());
            let package = PackageReader::from_source(source, Limits::default())?;
            for entry in package.entries() {
                package.read(entry.name())?.bytes()?;
            }
            verify(&package, &VerifyRequest::default()).map(|answer| answer.ok())
        };
        assert!(check(&good).unwrap());
        for end in (0..good.len()).step_by(13) {
            // A tar may lose some of the zeros at its end.
            let answer = check(&good[..end]);
            let ended = container == Container::Tar && end > good.len() - 1024;
            assert!(answer.map_or(true, |ok| ok == ended), "{name} cut at {end}");
        }
        for at in (0..good.len()).step_by(11) {
            let mut bad = good.clone();
            bad[at] = bad[at].wrapping_add(0x81);
            // Padding and unused header fields carry no content, so some changes are harmless.
            drop(check(&bad));
        }
    }
}

#[test]
fn other_files_are_no_packages() {
    for bytes in [b"".to_vec(), b"PK".to_vec(), b"{}".to_vec(), vec![0; 4096]] {
        assert_eq!(refused("x", bytes, Limits::default()).code(), codes::NOT_A_PACKAGE);
    }
}
