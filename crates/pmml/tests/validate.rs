#![cfg(test)]
//! What is wrong in a document is found, at its place, and nothing in documents that are right.
//!
//! The conformance cases lie beside the repository, in `../shared/conformance/pmml`; without them they are
//! not checked.
#![expect(clippy::disallowed_methods, reason = "the cases are files beside the repository")]

use std::{collections::BTreeMap, fmt::Write, io::Read, path::Path};

use holdall_diag::{Report, Severity};
use holdall_pmml::{check, decode};
use holdall_source::{Budget, Source};
use serde_json::Value;

/// A document without defects.
const BASE: &str = include_str!("../../../testdata/pmml/broken/base.pmml");

/// One defect: what is changed into what, and the code that says so.
#[derive(serde::Deserialize)]
struct Defect {
    what: String,
    from: String,
    to: String,
    code: String,
}

fn defects() -> Vec<Defect> {
    serde_json::from_str(include_str!("../../../testdata/pmml/broken/defects.json")).unwrap()
}

fn checked(text: &str) -> Report {
    let source = Source::from_bytes("model.pmml", text.as_bytes().to_vec());
    check(&decode(&source, &mut Budget::default()).unwrap())
}

#[test]
fn a_document_without_defects_has_no_findings() {
    let report = checked(BASE);
    assert!(report.is_empty(), "{report:?}");
}

#[test]
fn each_defect_is_found_with_its_code_at_a_place() {
    let defects = defects();
    assert!(defects.len() >= 50);
    for Defect { what, from, to, code } in &defects {
        assert!(BASE.contains(from), "`{from}` is not in the base document");
        let report = checked(&BASE.replacen(from, to, 1));
        let found = report.entries().iter().find(|finding| finding.code.as_str() == code);
        let found = found.unwrap_or_else(|| panic!("{what}: expected {code}: {report:?}"));
        let location = &found.location;
        assert!(location.line.is_some() && location.path.is_some(), "{what}: {found:?}");
    }
}

/// What others say of the same documents: `testdata/pmml/broken/peer.py` asks them.
#[derive(serde::Deserialize)]
struct Peers {
    by: BTreeMap<String, String>,
    found: Vec<Peer>,
}

#[derive(serde::Deserialize)]
struct Peer {
    what: String,
    schema: Option<String>,
    /// When the engine stops, and with what.
    engine: Option<(String, String)>,
}

#[test]
fn the_page_of_broken_documents_is_current() {
    let peers: Peers =
        serde_json::from_str(include_str!("../../../testdata/pmml/broken/peers.json")).unwrap();
    let defects = defects();
    assert!(peers.found.iter().map(|peer| &peer.what).eq(defects.iter().map(|d| &d.what)));
    let mut text = format!(
        "# Broken PMML documents\n\n\
         One document with one defect at a time, and who finds it: `holdall validate`; libxml2 {} with the schema of 4.4;\n\
         JPMML-Evaluator (`jpmml_evaluator` {}), which stops when it loads the document or when it scores a row.\n\
         Made by `crates/pmml/tests/validate.rs` of `testdata/pmml/broken`.\n\n\
         | defect | holdall | schema | engine |\n|---|---|---|---|\n",
        peers.by["libxml2"], peers.by["jpmml_evaluator"]
    );
    let (mut schema, mut engine) = (0, 0);
    for (defect, peer) in defects.iter().zip(&peers.found) {
        schema += usize::from(peer.schema.is_some());
        engine += usize::from(peer.engine.is_some());
        let tells = if peer.schema.is_some() { "finds it" } else { "–" };
        let stops = peer.engine.as_ref().map_or("–", |(when, _)| when);
        writeln!(text, "| {} | `{}` | {tells} | {stops} |", defect.what, defect.code).unwrap();
    }
    writeln!(text, "| all | {} | {schema} | {engine} |", defects.len()).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pmml-validation.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "docs/pmml-validation.md is stale: HOLDALL_BLESS=1 writes it");
}

/// The base document with a block of two rows, the second answer as given.
fn verified(second: &str) -> String {
    let row = |x: &str, out: &str| {
        format!(
            "<row><data:x xmlns:data=\"urn:d\">{x}</data:x><data:c>p</data:c><data:out>{out}</data:out></row>"
        )
    };
    let block = format!(
        "<ModelVerification recordCount=\"2\"><VerificationFields><VerificationField field=\"x\" column=\"data:x\"/>\
         <VerificationField field=\"c\" column=\"data:c\"/><VerificationField field=\"out\" column=\"data:out\" \
         precision=\"1e-3\" zeroThreshold=\"1e-9\"/></VerificationFields><InlineTable>{}{}</InlineTable>\
         </ModelVerification></MiningModel>",
        row("2", "1"),
        row("4", second)
    );
    BASE.replacen(" segmentId=\"s1\"", "", 1).replacen("</MiningModel>", &block, 1)
}

/// A local field and an output of the first segment, and a place that names one of them.
fn scoped(chain: bool, place: &str, name: &str) -> Report {
    let mut text = BASE
        .replacen(
            "</MiningSchema>\n<Node id=\"n1\"",
            "</MiningSchema>\n<Output><OutputField name=\"told\" optype=\"continuous\" dataType=\"double\"/></Output>\
             <LocalTransformations><DerivedField name=\"own\" optype=\"continuous\" dataType=\"double\">\
             <FieldRef field=\"x\"/></DerivedField></LocalTransformations>\n<Node id=\"n1\"",
            1,
        )
        .replacen(" segmentId=\"s1\"", "", 1);
    if chain {
        text = text.replacen("\"selectFirst\"", "\"modelChain\"", 1);
    }
    let to = place.replacen("NAME", name, 1);
    let from = place.replacen("NAME", if place.contains("Numeric") { "e" } else { "x" }, 1);
    assert!(text.contains(&from), "{from}");
    checked(&text.replacen(&from, &to, 1))
}

#[test]
fn names_stand_for_fields_where_they_are_in_scope() {
    const INSIDE: &str = "<SimplePredicate field=\"NAME\" operator=\"greaterThan\"";
    const BEFORE: &str = "<SimplePredicate field=\"NAME\" operator=\"lessThan\"";
    const AFTER: &str = "<NumericPredictor name=\"NAME\"";
    for (place, name, known) in [
        (INSIDE, "own", true),
        (BEFORE, "own", false),
        (AFTER, "own", false),
        (INSIDE, "told", false),
        (BEFORE, "told", false),
        (AFTER, "told", true),
    ] {
        let report = scoped(true, place, name);
        let undefined = report.entries().iter().any(|d| d.code.as_str() == "pmml/undefined-field");
        assert_eq!(undefined, !known, "{place} {name}: {report:?}");
    }
}

#[test]
fn rows_of_a_verification_block_are_scored_and_compared() {
    // 0.5 + 2 · (2 · 4 + 4); within a thousandth it is the same.
    assert!(checked(&verified("24.5")).is_empty(), "{:?}", checked(&verified("24.5")));
    assert!(checked(&verified("24.51")).is_empty());
    let report = checked(&verified("24.53"));
    let finding = &report.entries()[0];
    assert_eq!(finding.code.as_str(), "pmml/verification");
    assert_eq!(
        finding.message,
        "`out` of row 2: the document expects `24.53`, the model answers `24.5`"
    );
    assert!(finding.location.line.is_some());
}

#[test]
fn all_defects_are_told_at_once() {
    let mut text = BASE.to_owned();
    for (from, to) in [
        ("closure=\"closedClosed\"", "closure=\"closed\""),
        ("function=\"twice\"", "function=\"thrice\""),
        ("segmentId=\"s1\"", "segmentId=\"s9\""),
        ("intercept=\"0.5\"", "intercept=\"0,5\""),
    ] {
        text = text.replacen(from, to, 1);
    }
    let codes: Vec<String> =
        checked(&text).entries().iter().map(|d| d.code.as_str().to_owned()).collect();
    assert_eq!(codes.len(), 4, "{codes:?}");
}

#[test]
fn what_vendors_add_by_the_means_of_the_standard_is_no_finding() {
    let text = BASE
        .replacen(
            "<Segmentation ",
            "<Extension name=\"v\"><any thing=\"1\"/></Extension><Segmentation ",
            1,
        )
        .replacen("<TreeModel ", "<TreeModel x-mathContext=\"float\" ", 1);
    assert!(checked(&text).is_empty());
}

const EMPTY: &str =
    "pmml/missing-element: an element is missing in `MiningSchema`: expected `MiningField`";
const COUNT: &str =
    "pmml/missing-attribute: expected the attribute `recordCount` in `ScoreDistribution`";

/// Documents of 4.4 that break the standard's schema: `schema/peer.py` says the same of each with libxml2.
const AGAINST_THE_SCHEMA: &[(&str, &str)] = &[
    (
        "jpmml-test/MultiModelChainTest",
        "pmml/invalid-element: `DataDictionary` stands at the wrong place in `PMML`: expected `Header`",
    ),
    ("lgbm/ClassificationIris", EMPTY),
    ("r/BinaryTreeAudit", COUNT),
    ("r/ChaidAudit", COUNT),
    ("r/ChaidIris", COUNT),
    ("r/EvTreeAudit", COUNT),
    ("r/EvTreeIris", COUNT),
    (
        "r/KMeansIris",
        "pmml/invalid-element: `Value` stands at the wrong place in `OutputField`: expected one of `Aggregate`, `Apply`, `Constant`, `Decisions`, `Discretize`, `FieldRef`, `Lag`, `MapValues`, …",
    ),
    ("r/RangerProbAudit", COUNT),
    ("sklearn/DummyAudit", COUNT),
    ("sklearn/ExtraTreesIris", EMPTY),
];

/// Documents that are right, and hold what is not carried.
const NOT_CARRIED: &[(&str, &str)] = &[];

#[test]
fn documents_of_other_producers_have_no_false_errors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/pmml");
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        println!("not checked: no conformance cases at {}", folder.display());
        return;
    };
    let cases: Vec<Value> = serde_json::from_slice(&index).unwrap();
    assert!(!cases.is_empty());
    let mut wrong = BTreeMap::new();
    for case in &cases {
        let path = case["pmml"].as_str().unwrap();
        let mut bytes = std::fs::read(folder.join(path)).unwrap();
        if Path::new(path).extension().is_some_and(|e| e == "gz") {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
            bytes = plain;
        }
        let source = Source::from_bytes(path, bytes);
        let report = check(&decode(&source, &mut Budget::default()).unwrap());
        let errors = report.entries().iter().filter(|d| d.severity == Severity::Error);
        let first = errors.map(|d| format!("{}: {}", d.code, d.message)).next();
        if let Some(first) = first {
            wrong.insert(case["id"].as_str().unwrap().to_owned(), first);
        }
    }
    let expected: BTreeMap<String, String> = AGAINST_THE_SCHEMA
        .iter()
        .chain(NOT_CARRIED)
        .map(|(id, what)| ((*id).to_owned(), (*what).to_owned()))
        .collect();
    assert_eq!(wrong, expected);
}
