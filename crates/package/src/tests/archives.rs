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
    for (container, name) in CONTAINERS.into_iter().skip(2) {
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

/// A zip whose first entry is a hole of 5 GiB, so that everything after it needs zip64; the file is
/// sparse, and nothing of the hole is read.
#[test]
fn a_manifest_behind_more_than_four_gibibytes_is_found_without_reading_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.holdall");
    let size: u64 = 5 << 30;
    let manifest = Manifest::new("huge", semver::Version::new(1, 0, 0)).write().unwrap();
    let entry = |name: &str, size: u64, crc: u32, offset: u64, central: bool| {
        let mut out = Vec::new();
        out.extend(if central { *b"PK\x01\x02" } else { *b"PK\x03\x04" });
        if central {
            out.extend(45_u16.to_le_bytes());
        }
        for half in [45_u16, 0, 0, 0, 33] {
            out.extend(half.to_le_bytes());
        }
        let extra = if central { 28 } else { 20_u16 };
        out.extend(crc.to_le_bytes());
        out.extend([0xff; 8]);
        out.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend(extra.to_le_bytes());
        if central {
            out.extend([0; 10]);
            out.extend([0xff; 4]);
        }
        out.extend(name.as_bytes());
        out.extend(1_u16.to_le_bytes());
        out.extend((extra - 4).to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(size.to_le_bytes());
        if central {
            out.extend(offset.to_le_bytes());
        }
        out
    };
    let hole = entry("weights.bin", size, 0, 0, false);
    let second = hole.len() as u64 + size;
    let mut crc = flate2::Crc::new();
    crc.update(&manifest);
    let mut tail = entry(crate::MANIFEST_NAME, manifest.len() as u64, crc.sum(), second, false);
    tail.extend(&manifest);
    let directory = second + tail.len() as u64;
    let records = [
        entry("weights.bin", size, 0, 0, true),
        entry(crate::MANIFEST_NAME, manifest.len() as u64, crc.sum(), second, true),
    ]
    .concat();
    tail.extend(&records);
    let end = second + tail.len() as u64;
    tail.extend(b"PK\x06\x06");
    tail.extend(44_u64.to_le_bytes());
    tail.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [2, 2, records.len() as u64, directory] {
        tail.extend(number.to_le_bytes());
    }
    tail.extend(b"PK\x06\x07");
    tail.extend([0; 4]);
    tail.extend(end.to_le_bytes());
    tail.extend(1_u32.to_le_bytes());
    tail.extend(b"PK\x05\x06");
    tail.extend([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    tail.extend([0xff; 8]);
    tail.extend([0, 0]);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&hole).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(second)).unwrap();
    file.write_all(&tail).unwrap();
    drop(file);
    let package = open(&path);
    assert_eq!(package.entry("weights.bin").unwrap().size(), size);
    assert_eq!(package.manifest().unwrap().name, "huge");
    // Another reader agrees on where things are.
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(zip.by_name("weights.bin").unwrap().size(), size);
    assert_eq!(zip.by_name(crate::MANIFEST_NAME).unwrap().size(), manifest.len() as u64);
}

#[test]
fn a_layout_that_is_not_whole_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::Oci, "p.oci");
    let good = std::fs::read_to_string(path.join("index.json")).unwrap();
    let refuse = |index: &str| {
        std::fs::write(path.join("index.json"), index).unwrap();
        let failure = PackageReader::open(&path, Limits::default()).unwrap_err();
        std::fs::write(path.join("index.json"), &good).unwrap();
        failure.code()
    };
    assert_eq!(refuse("{}"), codes::ARCHIVE);
    assert_eq!(refuse("no json"), codes::ARCHIVE);
    assert_eq!(refuse(&good.replace("sha256:", "md5:")), codes::ARCHIVE);
    let digest = good.split("sha256:").nth(1).unwrap().get(..64).unwrap();
    let manifest = path.join("blobs/sha256").join(digest);
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("model.joblib", "model.pickle")).unwrap();
    let failure = PackageReader::open(&path, Limits::default()).unwrap_err();
    assert_eq!(failure.code(), codes::ARCHIVE);
    assert!(failure.to_string().contains("digest"), "{failure}");
    std::fs::write(&manifest, text).unwrap();
    let weights = open(&path).manifest().unwrap().artifact("model.onnx").unwrap().sha256;
    let blob = path.join("blobs/sha256").join(weights.to_string());
    std::fs::write(&blob, "short").unwrap();
    let failure = PackageReader::open(&path, Limits::default()).unwrap_err();
    assert_eq!(failure.code(), codes::ARCHIVE);
    std::fs::remove_file(&blob).unwrap();
    let failure = PackageReader::open(&path, Limits::default()).unwrap_err();
    assert_eq!(failure.code(), codes::ARCHIVE);
}

#[test]
fn gzip_members_are_one_stream_for_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::TarGz, "p.tar.gz");
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.windows(10).filter(|w| **w == bytes[..10]).count() > 2, "there are members");
    let output = std::process::Command::new("gzip").args(["-dc"]).arg(&path).output().unwrap();
    assert!(output.status.success());
    let plain = pack(folder.path(), Container::Tar, "p.tar");
    assert!(output.stdout == std::fs::read(plain).unwrap());
}
