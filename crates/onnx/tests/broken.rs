#![cfg(test)]
//! Every broken model under `testdata/onnx/broken` is found with its code, and with no other one.
#![expect(clippy::disallowed_methods, reason = "the corpus is read")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use holdall_source::{Limits, Source};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx/broken")
}

fn codes(path: &Path) -> BTreeSet<String> {
    let checked = holdall_onnx::check(&Source::open(path).unwrap(), Limits::default()).unwrap();
    for finding in checked.report.entries() {
        assert!(finding.location.path.is_some() || finding.location.file.is_some(), "{finding:?}");
    }
    checked.report.entries().iter().map(|d| d.code.as_str().to_owned()).collect()
}

fn cases() -> Vec<(String, String)> {
    let text = std::fs::read(folder().join("cases.json")).unwrap();
    let table: Value = serde_json::from_slice(&text).unwrap();
    let cases = table["cases"].as_array().unwrap();
    assert!(cases.len() >= 50);
    let text = |case: &Value, key: &str| case[key].as_str().unwrap().to_owned();
    cases.iter().map(|case| (text(case, "name"), text(case, "code"))).collect()
}

#[test]
fn every_defect_is_found_with_its_code_and_nothing_else_is() {
    let mut wrong = Vec::new();
    for (name, code) in cases() {
        let found = codes(&folder().join(format!("{name}.onnx")));
        if found != BTreeSet::from([code.clone()]) {
            wrong.push(format!("{name}: expected {code}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_model_in_the_folder_is_a_case() {
    let known: BTreeSet<String> =
        cases().into_iter().map(|(name, _)| name).chain(["sound".to_owned()]).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "onnx") {
            assert!(known.contains(path.file_stem().unwrap().to_str().unwrap()), "{path:?}");
        }
    }
}

#[test]
fn a_sound_model_has_no_findings() {
    assert_eq!(codes(&folder().join("sound.onnx")), BTreeSet::new());
}

/// Models of other tools that declare an output of another rank than what their operators yield: a column as a
/// vector.
const MISDECLARED: [&str; 3] = ["catboost_regressor", "skl_ovo", "spark_one_vs_rest"];

#[test]
fn the_models_of_other_tools_are_sound() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder().join("..")).unwrap() {
        let case = entry.unwrap().path();
        let path = case.join("model.onnx");
        if path.exists() {
            seen += 1;
            let checked =
                holdall_onnx::check(&Source::open(&path).unwrap(), Limits::default()).unwrap();
            let name = case.file_name().unwrap().to_str().unwrap();
            if MISDECLARED.contains(&name) {
                assert!(codes(&path).contains("onnx/declared-type"), "{name}");
                continue;
            }
            assert!(!checked.report.has_errors(), "{path:?}: {:?}", checked.report.entries());
        }
    }
    assert!(seen >= 10);
}
