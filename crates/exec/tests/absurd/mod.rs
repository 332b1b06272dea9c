//! The node cases with one setting or input made absurd at a time: an answer or one failure, within
//! the limits. The chosen cases of `testdata/onnx/node_cases`, or all where
//! `HOLDALL_ONNX_NODE_CASES` names a folder.

#![expect(clippy::wildcard_enum_match_arm, reason = "only numbers are made absurd")]

use std::path::{Path, PathBuf};

use holdall_exec::{Array, Behaviour, RunLimits, Session, SessionOptions, TensorValue};
use holdall_graph::{Attribute, Graph};
use holdall_source::{Limits, Source};
use serde_json::Value;

use crate::support::read_value;

const LIMITS: RunLimits = RunLimits { memory: 16 << 20, steps: 2_000, work: 1 << 22 };
const INTS: [i64; 7] = [0, -1, 3, 1 << 31, 1 << 40, i64::MAX, i64::MIN];
const FLOATS: [f32; 6] = [0.0, -1.0, 1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// An attribute made absurd in every way.
fn attributes(given: &Attribute) -> Vec<Attribute> {
    match given {
        Attribute::Int(_) => INTS.map(Attribute::Int).to_vec(),
        Attribute::Float(_) => FLOATS.map(Attribute::Float).to_vec(),
        Attribute::Ints(list) => {
            let mut out = vec![Attribute::Ints(Vec::new()), Attribute::Ints(vec![1; 9])];
            for value in INTS {
                out.push(Attribute::Ints(vec![value; list.len()]));
                let mut one = list.clone();
                if let Some(slot) = one.first_mut() {
                    *slot = value;
                }
                out.push(Attribute::Ints(one));
            }
            out
        }
        _ => Vec::new(),
    }
}

/// A value made absurd in every way.
fn values(given: &TensorValue) -> Vec<TensorValue> {
    let mut out = vec![TensorValue::Nothing, TensorValue::F32(Array::new(&[0], vec![]).unwrap())];
    let shape = given.shape();
    let mut empty = shape.to_vec();
    if let Some(last) = empty.last_mut() {
        *last = 0;
    }
    match given {
        TensorValue::F32(array) => {
            out.push(TensorValue::F32(Array::new(&[], vec![2.0]).unwrap()));
            out.push(TensorValue::F32(
                Array::new(&[1, array.len()], array.data().to_vec()).unwrap(),
            ));
            if !shape.is_empty() {
                out.push(TensorValue::F32(Array::new(&empty, vec![]).unwrap()));
            }
            for value in FLOATS {
                out.push(TensorValue::F32(Array::new(shape, vec![value; array.len()]).unwrap()));
            }
        }
        TensorValue::I64(array) => {
            out.push(TensorValue::I64(Array::new(&[], vec![2]).unwrap()));
            if !shape.is_empty() {
                out.push(TensorValue::I64(Array::new(&empty, vec![]).unwrap()));
            }
            for value in INTS {
                out.push(TensorValue::I64(Array::new(shape, vec![value; array.len()]).unwrap()));
                let mut one = array.data().to_vec();
                if let Some(slot) = one.first_mut() {
                    *slot = value;
                }
                out.push(TensorValue::I64(Array::new(shape, one).unwrap()));
            }
        }
        TensorValue::I32(array) => {
            for value in [0, -1, i32::MAX, i32::MIN] {
                out.push(TensorValue::I32(Array::new(shape, vec![value; array.len()]).unwrap()));
            }
        }
        _ => {}
    }
    out
}

/// Whether it ends without a panic.
fn ends(graph: Graph, inputs: Vec<TensorValue>) -> bool {
    let options = SessionOptions { behaviour: Behaviour::Spec, limits: LIMITS };
    std::panic::catch_unwind(|| {
        if let Ok(session) = Session::compile(graph, options) {
            drop(session.run(inputs));
        }
    })
    .is_ok()
}

#[test]
fn absurd_settings_and_inputs_end_in_an_answer_or_a_failure() {
    let chosen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx/node_cases");
    let root = std::env::var_os("HOLDALL_ONNX_NODE_CASES").map_or(chosen, PathBuf::from);
    let mut folders: Vec<_> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "the folder has no cases");
    let mut failed = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join("data.json")).unwrap();
        let data: Value = serde_json::from_str(&text).unwrap();
        let model = std::fs::read(folder.join("model.onnx")).unwrap();
        let source = Source::from_bytes("model.onnx", model);
        let (graph, _) = holdall_onnx::decode(&source, Limits::default()).unwrap();
        let given = data["sets"][0]["inputs"].as_array().unwrap();
        let given: Vec<TensorValue> = given.iter().map(read_value).collect();
        // Functions in place of their calls are many ordinary nodes.
        if graph.nodes.len() > 8 {
            continue;
        }
        for (id, node) in graph.nodes.iter() {
            for (i, (_, attribute)) in node.attributes.iter().enumerate() {
                for absurd in attributes(attribute) {
                    let mut graph = graph.clone();
                    graph.nodes.get_mut(id).unwrap().attributes[i].1 = absurd;
                    let what = format!("{name}: {:?}", graph.nodes.get(id).unwrap().attributes[i]);
                    if !ends(graph, given.clone()) {
                        failed.push(what);
                    }
                }
            }
        }
        for (i, value) in given.iter().enumerate() {
            for absurd in values(value) {
                let mut given = given.clone();
                let what = format!("{name}: input {i}: {absurd:?}");
                given[i] = absurd;
                if !ends(graph.clone(), given) {
                    failed.push(what);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} end in a panic:\n{}", failed.len(), failed.join("\n"));
}
