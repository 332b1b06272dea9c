use super::*;

const CODE: Code = Code::new("diag/test");

#[test]
fn a_location_reads_from_the_outside_in() {
    let location = Location::at(7).in_entry("inner.json").in_entry("outer.zip").in_file("a.zip");
    assert_eq!(location.to_string(), "a.zip!outer.zip!inner.json: byte 7");
    let location = Location::line(3, 9).with_path(PathKind::Xml, "/PMML").in_file("m.pmml");
    assert_eq!(location.to_string(), "m.pmml:3:9: /PMML");
    assert_eq!(Location::span(2..4).to_string(), "bytes 2..4");
    assert_eq!(Location::none().to_string(), "");
}

#[test]
fn a_failure_keeps_its_cause_and_its_place() {
    let cause = std::io::Error::other("disk on fire");
    let failure = Failure::io(CODE, "cannot read", cause).at(Location::file("x"));
    assert_eq!(failure.to_string(), "x: cannot read [diag/test]");
    assert_eq!(failure.kind(), FailureKind::Io);
    assert_eq!(failure.into_diagnostic().notes, ["caused by: disk on fire"]);
}

#[test]
fn a_report_counts_what_it_does_not_keep() {
    let mut report = Report::new();
    for _ in 0..Report::MAX + 5 {
        report.push(Diagnostic::error(CODE, "bad"));
    }
    let mut other = Report::new();
    other.append(report);
    assert_eq!(other.entries().len(), Report::MAX);
    assert_eq!(other.omitted(), 5);
    assert!(other.has_errors());
}
