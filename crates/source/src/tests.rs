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

#[test]
fn a_large_file_that_the_disk_takes_early_is_whole_or_absent_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let block: Vec<u8> = (0..=255_u8).cycle().take(5 << 20).collect();
    for keep in [false, true] {
        let mut file = AtomicFile::create(&path).unwrap();
        for _ in 0..15 {
            file.write_all(&block).unwrap();
        }
        // What was written is changed again, as writers of archives do, after the disk has begun.
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write_all(b"x").unwrap();
        if keep {
            file.commit().unwrap();
        }
        assert_eq!(path.exists(), keep);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let made = std::fs::read(&path).unwrap();
    assert_eq!(made.len(), 15 * block.len());
    assert!(made[0] == 0 && made[1] == b'x' && made[2..block.len()] == block[2..]);
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
