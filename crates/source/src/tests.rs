#![expect(clippy::disallowed_methods, reason = "the tests arrange files on disk")]

use std::io::{Read, Seek, SeekFrom, Write};

use super::*;

#[test]
fn a_file_and_the_same_bytes_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.BIN");
    let body: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &body).unwrap();
    for source in [Source::open(&path).unwrap(), Source::from_bytes("a.BIN", body.clone())] {
        assert_eq!(source.len(), 3_000_000);
        assert_eq!(source.extension().as_deref(), Some("bin"));
        assert_eq!(source.head(4).unwrap(), body[..4]);
        assert_eq!(source.range(2_999_998, 2).unwrap(), body[2_999_998..]);
        assert_eq!(source.bytes().unwrap(), body);
        assert_eq!(source.range(2_999_998, 3).unwrap_err().code(), codes::RANGE);
        assert_eq!(source.range(u64::MAX, 3).unwrap_err().code(), codes::RANGE);
        let mut reader = source.reader();
        reader.seek(SeekFrom::End(-2)).unwrap();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, body[2_999_998..]);
    }
}

#[test]
fn siblings_stay_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    std::fs::write(folder.path().join("secret"), "s").unwrap();
    std::fs::write(folder.path().join("inner/model"), "m").unwrap();
    std::fs::write(folder.path().join("inner/weights"), "w").unwrap();
    let model = Source::open(&folder.path().join("inner/model")).unwrap();
    assert_eq!(model.sibling("weights").unwrap().bytes().unwrap(), "w");
    for bad in ["../secret", "/etc/passwd", "", "a\\b", "./../secret"] {
        assert_eq!(model.sibling(bad).unwrap_err().code(), codes::SIBLING, "{bad}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../secret", folder.path().join("inner/link")).unwrap();
        assert_eq!(model.sibling("link").unwrap_err().code(), codes::SIBLING);
    }
}

#[test]
fn folders_and_missing_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Source::open(folder.path()).unwrap_err().code(), codes::NOT_A_FILE);
    let missing = Source::open(&folder.path().join("none")).unwrap_err();
    assert_eq!(missing.code(), codes::OPEN);
    assert!(missing.to_string().contains("there is no such file"));
}

#[test]
fn an_atomic_file_is_whole_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"whole").unwrap();
    assert!(!path.exists());
    file.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Bytes by place, so that a block in the wrong one shows.
fn bytes_by_place(count: usize) -> Vec<u8> {
    (0..count).map(|at| u8::try_from((at / 4096 * 7 + at) % 251).unwrap()).collect()
}

#[test]
fn a_large_file_is_whole_or_absent_and_holds_what_was_written_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    // Past the length at which the page cache is passed by, ending at no multiple of anything.
    let mut expected = bytes_by_place((97 << 20) + 12_345);
    for keep in [false, true] {
        let mut file = AtomicFile::create(&path).unwrap();
        // Changed again and gone on with, as writers of archives do, small, large, and after the end.
        for chunk in expected.chunks(700_001) {
            file.write_all(chunk).unwrap();
        }
        let end = file.stream_position().unwrap();
        for (at, bytes) in
            [(1, &b"x"[..]), (80 << 20, &b"patched"[..]), (end, &vec![7; 9_000_000][..])]
        {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(bytes).unwrap();
        }
        file.seek(SeekFrom::End(-2)).unwrap();
        file.write_all(b"end").unwrap();
        if keep {
            file.commit().unwrap();
        }
        assert_eq!(path.exists(), keep);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    expected[1] = b'x';
    expected[80 << 20..(80 << 20) + 7].copy_from_slice(b"patched");
    expected.extend(vec![7; 9_000_000 - 2]);
    expected.extend(b"end");
    assert!(std::fs::read(&path).unwrap() == expected);
}

#[test]
fn what_was_flushed_can_be_read_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = bytes_by_place((70 << 20) + 1);
    let mut file = AtomicFile::create(&folder.path().join("out")).unwrap();
    file.write_all(&bytes).unwrap();
    file.flush_all().unwrap();
    assert!(Source::open(file.temporary()).unwrap().bytes().unwrap() == bytes);
    file.write_all(&bytes).unwrap();
    file.commit().unwrap();
    let made = std::fs::read(folder.path().join("out")).unwrap();
    assert!(made[..bytes.len()] == bytes && made[bytes.len()..] == bytes);
}

#[test]
fn a_budget_says_no_before_memory_is_taken() {
    let mut budget = Budget::new(Limits { memory: 100, steps: 2, ..Limits::default() });
    assert!(budget.vec::<u64>(12).is_ok());
    assert_eq!(budget.vec::<u64>(1).unwrap_err().code(), codes::MEMORY);
    assert_eq!(budget.charge_elements(u64::MAX, 8).unwrap_err().code(), codes::MEMORY);
    assert!(budget.step(2).is_ok());
    assert_eq!(budget.step(1).unwrap_err().code(), codes::STEPS);
}
