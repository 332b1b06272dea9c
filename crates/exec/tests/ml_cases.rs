//! The published cases of `testdata/onnx/ml_cases`: the answers of onnxruntime releases and of the
//! reference. The behaviour `onnxruntime` is held to the newest release, `spec` to the reference, but
//! for the cases that are listed with a reason.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the cases are read from the corpus")]

mod support;

use std::path::{Path, PathBuf};

use holdall_exec::{Behaviour, Session, SessionOptions, TensorValue};
use holdall_source::{Limits, Source};
use serde_json::Value;
use support::{agree, read_value};

const NEWEST: &str = "1.31.1";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx/ml_cases")
}

/// Every case: `Operator/name` and its folder.
fn cases() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for operator in std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()) {
        if !operator.is_dir() {
            continue;
        }
        for case in std::fs::read_dir(&operator).unwrap().map(|e| e.unwrap().path()) {
            let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            found.push((format!("{}/{}", name(&operator), name(&case)), case));
        }
    }
    found.sort();
    found
}

fn run(folder: &Path, data: &Value, behaviour: Behaviour) -> Result<Vec<TensorValue>, String> {
    let model = std::fs::read(folder.join("model.onnx")).unwrap();
    let source = Source::from_bytes("model.onnx", model);
    let (graph, _) = holdall_onnx::decode(&source, Limits::default()).map_err(|f| f.to_string())?;
    let options = SessionOptions { behaviour, ..SessionOptions::default() };
    let session = Session::compile(graph, options).map_err(|f| f.to_string())?;
    let inputs = data["inputs"].as_array().unwrap().iter().map(read_value).collect();
    session.run(inputs).map_err(|f| f.to_string())
}

/// The answer of a release: its outputs, or that it refuses.
fn answer(data: &Value, of: &str) -> Option<Result<Vec<TensorValue>, ()>> {
    let entries = data["answers"].as_array().unwrap();
    let entry = entries.iter().find(|e| e["from"].as_array().unwrap().iter().any(|r| r == of))?;
    Some(match entry.get("outputs") {
        Some(outputs) => Ok(outputs.as_array().unwrap().iter().map(read_value).collect()),
        None => Err(()),
    })
}

fn difference(
    ours: &Result<Vec<TensorValue>, String>,
    theirs: &Result<Vec<TensorValue>, ()>,
) -> Option<String> {
    match (ours, theirs) {
        (Err(_), Err(())) => None,
        (Err(why), Ok(_)) => Some(why.clone()),
        (Ok(made), Err(())) => Some(format!("refused there, here {made:?}")),
        (Ok(made), Ok(expected)) if made.len() != expected.len() => {
            Some(format!("{} outputs, not {}", made.len(), expected.len()))
        }
        (Ok(made), Ok(expected)) => made
            .iter()
            .zip(expected)
            .find_map(|(ours, theirs)| agree(ours, theirs, 2e-6, 1e-6).err()),
    }
}

fn hold(behaviour: Behaviour, of: &str, known: &[(&str, &str)]) {
    let cases = cases();
    assert!(cases.len() >= 190, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, folder) in cases {
        let text = std::fs::read_to_string(folder.join("data.json")).unwrap();
        let data: Value = serde_json::from_str(&text).unwrap();
        let theirs = answer(&data, of).unwrap_or_else(|| panic!("{name} has no answer of {of}"));
        // What the reference does not compute says nothing about the specification.
        if of == "reference" && theirs.is_err() {
            continue;
        }
        let differs = difference(&run(&folder, &data, behaviour), &theirs);
        let listed = known.iter().find(|(pattern, _)| {
            pattern.strip_suffix('*').map_or(name == *pattern, |start| name.starts_with(start))
        });
        match (differs, listed) {
            (None, None) | (Some(_), Some(_)) => {}
            (Some(what), None) => wrong.push(format!("{name}: {what}")),
            (None, Some(_)) => wrong.push(format!("{name}: agrees, and is listed as a difference")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where the reference is not what the text says, or the text leaves open what it does.
const KNOWN: [(&str, &str); 18] = [
    ("ArrayFeatureExtractor/negative", "NumPy counts from the end; the text knows positions only"),
    ("DictVectorizer/*", "gives binary64, and a vector, where the schema says the type of the map"),
    ("FeatureVectorizer/double", "the schema says binary32"),
    ("FeatureVectorizer/int64", "the schema says binary32"),
    ("LinearClassifier/double", "the schema says binary32"),
    ("LinearClassifier/three_rows_probit", "NaN scores: which is the largest is left open"),
    ("LinearClassifier/two_rows_probit", "takes the label after the transform"),
    ("LinearRegressor/no_intercepts", "NaN, where intercepts are optional"),
    ("Normalizer/double", "the schema says binary32"),
    ("Normalizer/int64", "the schema says binary32"),
    ("SVMClassifier/binary_post_probit", "one column for two classes"),
    ("SVMClassifier/platt_post_probit", "the transform in binary64"),
    ("SVMClassifier/positive_post*", "the second label whenever all weights are positive"),
    ("SVMClassifier/three_platt", "stops the iteration elsewhere"),
    ("SVMClassifier/weights_three*", "labels 0 and 1, which the model does not have"),
    ("SVMClassifier/weights_two*", "the sign of the score alone, whatever the classes"),
    ("Scaler/double", "the schema says binary32"),
    ("Scaler/int64", "the schema says binary32"),
];

#[test]
fn onnxruntime_is_followed() {
    hold(Behaviour::OnnxRuntime, NEWEST, &[]);
}

#[test]
fn the_reference_is_followed() {
    hold(Behaviour::Spec, "reference", &KNOWN);
}
