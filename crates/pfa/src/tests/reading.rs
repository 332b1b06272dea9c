use super::*;

#[test]
fn what_is_written_reads_back_and_answers_the_same() {
    for (i, valid) in models::all().into_iter().enumerate() {
        let again = read(written(&valid)).unwrap_or_else(|failure| panic!("model {i}: {failure}"));
        let again = checked(again);
        assert_eq!(answers(&again), answers(&valid), "model {i}");
        assert_eq!(again.model().header, valid.model().header);
        assert_eq!(again.input_ports(), valid.input_ports(), "model {i}");
        // What was read once is read the same for ever.
        let twice = checked(read(written(&again)).unwrap());
        assert_eq!(answers(&twice), answers(&valid), "model {i}");
    }
}

#[test]
fn a_document_cut_anywhere_is_refused() {
    let whole = written(&models::all()[9]);
    for end in 0..whole.len() - 2 {
        assert!(read(whole[..end].to_vec()).is_err(), "{end}");
    }
}

#[test]
fn a_document_with_changed_bytes_never_panics() {
    let whole = written(&models::all()[13]);
    for (at, step) in (0..whole.len()).step_by(3).zip(1_u8..=u8::MAX) {
        let mut bytes = whole.clone();
        bytes[at] = bytes[at].wrapping_add(step % 13 + 1);
        if let Ok(model) = read(bytes) {
            let _valid = validate(model);
        }
    }
}

#[test]
fn deep_nesting_and_huge_numbers_are_refused() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(read(deep.into_bytes()).unwrap_err().code(), crate::codes::JSON);
    let huge = br#"{"input":"double","output":"double","action":[1e999]}"#.to_vec();
    assert_eq!(read(huge).unwrap_err().code(), crate::codes::JSON);
}

#[test]
fn a_function_that_does_something_else_under_a_known_name_is_refused() {
    let text = String::from_utf8(written(&models::all()[9])).unwrap();
    let changed =
        text.replacen("{\"<=\":[\"v\",\"threshold\"]}", "{\"<\":[\"v\",\"threshold\"]}", 1);
    assert_ne!(text, changed);
    let failure = read(changed.into_bytes()).unwrap_err();
    assert_eq!(failure.code(), crate::codes::UNSUPPORTED);
    assert!(failure.location().to_string().contains("/fcns/passes"), "{failure}");
}

#[test]
fn other_programs_are_refused_at_their_place() {
    let foreign = br#"{"input":"double","output":"double","action":[{"+":["input",1]}]}"#;
    let failure = read(foreign.to_vec()).unwrap_err();
    assert_eq!(failure.code(), crate::codes::UNSUPPORTED);
    let head = holdall_codec::Head::of(&Source::from_bytes("m", foreign.to_vec())).unwrap();
    assert_eq!(READER.detect(&head), holdall_codec::Confidence::Certain);
    let summary = READER
        .inspect(&Source::from_bytes("m", foreign.to_vec()), &ReadOptions::default())
        .unwrap();
    assert!(summary.facts.iter().any(|(name, fact)| name == "method" && fact == "map"));
}
