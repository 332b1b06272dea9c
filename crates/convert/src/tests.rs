use holdall_source::{Limits, Source};

use super::*;

#[test]
fn format_ids_are_unique_and_sorted() {
    let ids: Vec<&str> = formats().iter().map(|(format, ..)| format.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
}

#[test]
fn what_is_not_known_is_said_with_what_is() {
    let failure = writer("xgboost-json").err().unwrap();
    assert_eq!(failure.code(), codes::NOT_WRITTEN);
    assert!(reader("nonsense").err().unwrap().diagnostic().help.as_ref().unwrap().contains("onnx"));
    assert_eq!(writer_for("model.xyz").err().unwrap().code(), codes::UNKNOWN_FORMAT);
}

#[test]
fn empty_and_foreign_files_are_refused_by_name() {
    let refuse = |bytes: &'static [u8]| {
        load(&Source::from_bytes("m.onnx", bytes), None, Limits::default()).unwrap_err()
    };
    assert_eq!(refuse(b"").code(), codes::EMPTY);
    assert_eq!(refuse(b"hello, world").code(), codes::UNRECOGNISED);
    assert!(refuse(b"hello, world").to_string().starts_with("m.onnx: "));
}
