use std::{path::Path, time::Duration};

use holdall_exec::{Array, Engine, Keys, TensorValue};
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
    let patience = Duration::from_mins(1);
    let start = |program: &str, words: &[&str]| {
        Runtime::start(Path::new(program), words, nothing, nothing, patience).unwrap_err()
    };
    assert_eq!(start("/bin/false", &[]).code(), codes::ENDED);
    // Closing the stream is not the end: it is ended.
    let silent = start("/bin/sh", &["-c", "exec >&-; exec sleep 1000"]);
    assert_eq!(silent.code(), codes::ENDED, "{silent}");
}

/// A process that greets, and answers nothing more.
#[cfg(unix)]
const GREETS: &str = r#"
    header='{"version":"0"}'
    printf "\\$(printf %o ${#header})\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0%s" "$header"
    exec sleep 1000
"#;

#[test]
#[cfg(unix)]
fn a_process_that_does_not_answer_in_time_is_ended() {
    let nothing = Path::new("nothing");
    let shell = Path::new("/bin/sh");
    let short = Duration::from_millis(50);
    let mute = ["-c", "exec sleep 1000"];
    let failure = Runtime::start(shell, &mute, nothing, nothing, short).unwrap_err();
    assert_eq!(failure.code(), codes::SLOW);
    assert!(failure.to_string().contains("0.05 s"), "{failure}");
    // One that loads the model and then hangs, whether or not it takes what it is sent.
    let runtime =
        Runtime::start(shell, &["-c", GREETS], nothing, nothing, Duration::from_secs(2)).unwrap();
    assert_eq!(runtime.version(), "0");
    let rows = TensorValue::F32(Array::new(&[1 << 20], vec![0.0; 1 << 20]).unwrap());
    let run = || runtime.run(vec![("x".to_owned(), rows.clone())]).unwrap_err();
    assert_eq!(run().code(), codes::SLOW);
    assert_eq!(run().code(), codes::ENDED);
}
