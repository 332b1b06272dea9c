#![cfg(test)]
//! The verdicts of the scanner on crafted streams and on every real model.
#![expect(clippy::disallowed_methods, reason = "the corpus is read")]

use std::path::{Path, PathBuf};

use holdall_pickle::scan;
use holdall_source::Limits;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

#[test]
fn crafted_streams_have_the_verdict_they_deserve() {
    let folder = testdata().join("pickle");
    let cases: toml::Table =
        std::fs::read_to_string(folder.join("cases.toml")).unwrap().parse().unwrap();
    assert!(cases.len() > 60);
    let mut faults = Vec::new();
    for (name, case) in &cases {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let found = scan(&bytes.into(), &Limits::default());
        let expected = case["verdict"].as_str().unwrap();
        if found.verdict.as_str() != expected {
            let why: Vec<&str> = found.findings.iter().map(|f| f.message.as_str()).collect();
            faults
                .push(format!("{name}: {}, expected {expected}: {why:?}", found.verdict.as_str()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn real_models_are_safe() {
    let mut count = 0;
    for entry in std::fs::read_dir(testdata().join("sklearn")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(files) = std::fs::read_dir(&folder) else { continue };
        for file in files {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("model") {
                continue;
            }
            let found = scan(&std::fs::read(&path).unwrap().into(), &Limits::default());
            let why: Vec<&str> = found.findings.iter().map(|f| f.message.as_str()).collect();
            assert_eq!(found.verdict.as_str(), "safe", "{}: {why:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 90);
}
