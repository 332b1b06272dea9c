//! The node cases of the onnx backend suite, dumped by `tests/peers/onnx_cases.py`: a choice in
//! `testdata/onnx/node_cases`, and all of them in the folder that `HOLDALL_ONNX_NODE_CASES` names;
//! without it that is said.
//!
//! Of the operators that are implemented every case passes: dtype and shape exactly, elements within the
//! tolerance of the official runner. Cases of other operators are counted as refused, by operator.

#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the cases lie in a folder that the environment names"
)]

mod absurd;
mod figures;
mod support;

use std::{collections::BTreeMap, path::Path};

use figures::{CASES, PASSED};
use holdall_exec::{Behaviour, RunLimits, Session, SessionOptions, TensorValue};
use holdall_source::{Limits, Source};
use serde_json::Value;
use support::{agree, read_value};

/// What became of a case.
enum Verdict {
    Passed,
    Wrong(String),
    /// Not read, or not implemented: the reason.
    Refused(String),
}

fn run(folder: &Path, behaviour: Behaviour, atol: Option<f64>) -> Verdict {
    let text = std::fs::read_to_string(folder.join("data.json")).unwrap();
    let data: Value = serde_json::from_str(&text).unwrap();
    let model = std::fs::read(folder.join("model.onnx")).unwrap();
    let source = Source::from_bytes("model.onnx", model);
    let graph = match holdall_onnx::decode(&source, Limits::default()) {
        Ok((graph, _)) => graph,
        Err(failure) => {
            return Verdict::Refused(format!("reading: {}", failure.diagnostic().message));
        }
    };
    let options = SessionOptions { behaviour, limits: RunLimits::default() };
    let session = match Session::compile(graph, options) {
        Ok(session) => session,
        Err(failure) => return Verdict::Refused(failure.diagnostic().message.clone()),
    };
    let (rtol, official) = (data["rtol"].as_f64().unwrap(), data["atol"].as_f64().unwrap());
    let atol = atol.unwrap_or(official);
    for set in data["sets"].as_array().unwrap() {
        let list = |key: &str| -> Vec<TensorValue> {
            set[key].as_array().unwrap().iter().map(read_value).collect()
        };
        let expected = list("outputs");
        match session.run(list("inputs")) {
            Err(failure) if failure.code() == holdall_exec::codes::OPERATOR => {
                return Verdict::Refused(failure.diagnostic().message.clone());
            }
            Err(failure) => return Verdict::Wrong(failure.to_string()),
            Ok(made) if made.len() != expected.len() => {
                return Verdict::Wrong(format!("{} outputs, not {}", made.len(), expected.len()));
            }
            Ok(made) => {
                for (i, (ours, theirs)) in made.iter().zip(&expected).enumerate() {
                    if let Err(what) = agree(ours, theirs, rtol, atol) {
                        return Verdict::Wrong(format!("output {i}: {what}"));
                    }
                }
            }
        }
    }
    Verdict::Passed
}

/// Cases whose expected numbers are noise: the reference transforms in binary32 and leaves 2e-7 where
/// the exact answer is 0, which is beyond the tolerance of the runner. They agree within 1e-6.
const NOISE: [&str; 2] = ["test_dft_inverse", "test_dft_inverse_opset19"];

/// How many cases passed, and how many were refused for which reason.
type Counts = (usize, BTreeMap<String, usize>);

/// Runs the cases of a folder under both behaviours, and gives how many there are and became what.
fn suite(root: &Path) -> (usize, Vec<Counts>) {
    let mut folders: Vec<_> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "the folder has no cases");
    let mut found = Vec::new();
    for behaviour in [Behaviour::Spec, Behaviour::OnnxRuntime] {
        let (mut passed, mut wrong) = (0, Vec::new());
        let mut refused: BTreeMap<String, usize> = BTreeMap::new();
        for folder in &folders {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let noise = NOISE.contains(&name.as_str());
            match run(folder, behaviour, if noise { Some(1e-6) } else { None }) {
                Verdict::Passed if noise => {
                    let strict = matches!(run(folder, behaviour, None), Verdict::Wrong(_));
                    assert!(strict, "{name} passes, and is listed as noise");
                }
                Verdict::Passed => passed += 1,
                Verdict::Wrong(what) => wrong.push(format!("{name}: {what}")),
                Verdict::Refused(why) => {
                    if std::env::var_os("HOLDALL_ONNX_VERBOSE").is_some() {
                        println!("refused {name}: {why}");
                    }
                    *refused.entry(why).or_default() += 1;
                }
            }
        }
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
        found.push((passed, refused));
    }
    (folders.len(), found)
}

#[test]
fn chosen_cases_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx/node_cases");
    let (count, found) = suite(&root);
    for (passed, refused) in found {
        let noise = NOISE.iter().filter(|name| root.join(name).exists()).count();
        assert_eq!(passed + noise, count, "{refused:?}");
    }
}

#[test]
fn every_case_of_an_implemented_operator_passes() {
    let Some(root) = std::env::var_os("HOLDALL_ONNX_NODE_CASES") else {
        println!(
            "not run: HOLDALL_ONNX_NODE_CASES names no folder (tests/peers/onnx_cases.py --run)"
        );
        return;
    };
    let (count, found) = suite(Path::new(&root));
    for (passed, refused) in found {
        let total: usize = refused.values().sum();
        println!("{count} cases: {passed} passed, {} within 1e-6, {total} refused", NOISE.len());
        for (why, count) in &refused {
            println!("  {count:4} {why}");
        }
        assert!(count != CASES || passed == PASSED, "{passed} passed, expected {PASSED}");
    }
}
