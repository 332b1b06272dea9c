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
