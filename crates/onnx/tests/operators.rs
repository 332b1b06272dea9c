//! One-operator models with the answers of onnxruntime: `testdata/make.py` says which release.

#![cfg(test)]

use holdall_exec::{Array, Session, SessionOptions, TensorValue};
use holdall_source::{Limits, Source};
use serde_json::Value;

const CASES: &str = include_str!("../testdata/operators.json");

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| u8::try_from(char::from(c).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn tensor(value: &Value) -> TensorValue {
    let list = |key: &str| value[key].as_array().unwrap().clone();
    let shape: Vec<usize> =
        list("shape").iter().map(|n| usize::try_from(n.as_u64().unwrap()).unwrap()).collect();
    let (data, text) = (list("data"), |v: &Value| v.as_str().unwrap().to_owned());
    let float = |v: &Value| text(v).parse::<f64>().unwrap();
    let int = |v: &Value| v.as_i64().unwrap();
    match value["dtype"].as_str().unwrap() {
        #[expect(clippy::cast_possible_truncation, reason = "printed from binary32")]
        "float32" => {
            let data = data.iter().map(|v| float(v) as f32).collect();
            TensorValue::F32(Array::new(&shape, data).unwrap())
        }
        "float64" => {
            TensorValue::F64(Array::new(&shape, data.iter().map(float).collect()).unwrap())
        }
        "int64" => TensorValue::I64(Array::new(&shape, data.iter().map(int).collect()).unwrap()),
        "int32" => {
            let data = data.iter().map(|v| i32::try_from(int(v)).unwrap()).collect();
            TensorValue::I32(Array::new(&shape, data).unwrap())
        }
        "bool" => {
            let data = data.iter().map(|v| int(v) != 0).collect();
            TensorValue::Bool(Array::new(&shape, data).unwrap())
        }
        _ => TensorValue::Text(Array::new(&shape, data.iter().map(text).collect()).unwrap()),
    }
}

fn near(a: f64, b: f64, relative: f64) -> bool {
    (a.is_nan() && b.is_nan())
        || a.total_cmp(&b).is_eq()
        || (a - b).abs() <= relative * b.abs().max(0.1)
}

fn agree(ours: &TensorValue, theirs: &TensorValue) -> bool {
    use TensorValue as V;
    let same = ours.shape() == theirs.shape();
    same && match (ours, theirs) {
        (V::F32(a) | V::Maps { values: a, .. }, V::F32(b)) => {
            a.data().iter().zip(b.data()).all(|(a, b)| near((*a).into(), (*b).into(), 2e-6))
        }
        (V::F64(a), V::F64(b)) => a.data().iter().zip(b.data()).all(|(a, b)| near(*a, *b, 1e-14)),
        (a, b) => a == b,
    }
}

#[test]
fn every_operator_answers_as_onnxruntime_does() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert!(cases.len() > 250);
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let source = Source::from_bytes(name, bytes(case["model"].as_str().unwrap()));
        let inputs: Vec<_> = case["inputs"].as_array().unwrap().iter().map(tensor).collect();
        let outputs: Vec<_> = case["outputs"].as_array().unwrap().iter().map(tensor).collect();
        let answer = holdall_onnx::decode(&source, Limits::default())
            .and_then(|(graph, _)| Session::compile(graph, SessionOptions::default()))
            .and_then(|session| session.run(inputs));
        match (answer, case["fails"].as_bool().unwrap()) {
            (Err(_), true) => {}
            (Ok(made), false)
                if made.len() == outputs.len()
                    && made.iter().zip(&outputs).all(|(a, b)| agree(a, b)) => {}
            (Ok(made), _) => wrong.push(format!("{name}:\n  {made:?}\n  {outputs:?}")),
            (Err(failure), _) => wrong.push(format!("{name}: {failure}")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
