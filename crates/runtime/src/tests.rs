use std::path::Path;

use holdall_exec::{Array, Keys, TensorValue};
use serde_json::json;

use super::{
    wire::{decode, encode, receive, send},
    *,
};

#[test]
fn values_come_through_as_they_were() {
    let values = [
        TensorValue::F32(Array::new(&[2, 1], vec![1.5, f32::NAN]).unwrap()),
        TensorValue::I64(Array::new(&[0, 3], vec![]).unwrap()),
        TensorValue::Bool(Array::new(&[2], vec![true, false]).unwrap()),
        TensorValue::Text(Array::new(&[2], vec!["ä".into(), String::new()]).unwrap()),
        TensorValue::Maps {
            keys: Keys::Texts(vec!["no".into(), "yes".into()]),
            values: Array::new(&[1, 2], vec![0.25, 0.75]).unwrap(),
        },
    ];
    let mut payload = Vec::new();
    let headers: Vec<_> = values.iter().map(|v| encode(v, &mut payload).unwrap()).collect();
    let mut stream = Vec::new();
    send(&mut stream, &json!(headers), &payload).unwrap();
    let (header, payload) = receive(stream.as_slice()).unwrap();
    let mut rest = payload.as_slice();
    for (header, value) in header.as_array().unwrap().iter().zip(&values) {
        let back = decode(header, &mut rest).unwrap();
        assert_eq!(format!("{back:?}"), format!("{value:?}"));
    }
    assert!(rest.is_empty());
}

#[test]
fn messages_that_are_cut_or_make_no_sense_are_refused() {
    let mut stream = Vec::new();
    send(&mut stream, &json!({"outputs": []}), &[1, 2, 3]).unwrap();
    for end in 0..stream.len() {
        assert_eq!(receive(&stream[..end]).unwrap_err().code(), codes::ENDED);
    }
    let lies = [u64::MAX.to_le_bytes(), 0_u64.to_le_bytes()].concat();
    assert_eq!(receive(lies.as_slice()).unwrap_err().code(), codes::ENDED);
    for header in [
        json!({"shape": [2], "type": "f32", "bytes": 80}),
        json!({"shape": [-1], "type": "f32", "bytes": 0}),
        json!({"shape": [1], "type": "f99", "bytes": 0}),
        json!({"texts": ["a"]}),
    ] {
        assert!(decode(&header, &mut [0_u8; 8].as_slice()).is_err(), "{header}");
    }
}

#[test]
fn a_process_that_ends_is_a_failure_and_not_the_end() {
    let nothing = Path::new("nothing");
    let failure = Runtime::start(Path::new("/bin/false"), &[], nothing, nothing).unwrap_err();
    assert_eq!(failure.code(), codes::ENDED);
}
