#![cfg(test)]
//! What is wrong in a document is found, at its place, and nothing in documents that are right.
//!
//! The conformance cases lie beside the repository, in `../shared/conformance/pmml`; without them they are
//! not checked.
#![expect(clippy::disallowed_methods, reason = "the cases are files beside the repository")]

use std::{collections::BTreeMap, io::Read, path::Path};

use holdall_diag::{Report, Severity};
use holdall_pmml::{check, decode};
use holdall_source::{Budget, Source};
use serde_json::Value;

/// A document with some of everything, in which nothing is wrong.
const BASE: &str = r#"<?xml version="1.0"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
<Header><Application name="test"/></Header>
<DataDictionary numberOfFields="3">
<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0" rightMargin="9"/></DataField>
<DataField name="c" optype="categorical" dataType="string"><Value value="p"/><Value value="q"/></DataField>
<DataField name="y" optype="continuous" dataType="double"/>
</DataDictionary>
<TransformationDictionary>
<DefineFunction name="twice" optype="continuous" dataType="double"><ParameterField name="a"/><Apply function="*"><FieldRef field="a"/><Constant dataType="double">2</Constant></Apply></DefineFunction>
<DerivedField name="d" optype="continuous" dataType="double"><Apply function="twice"><FieldRef field="x"/></Apply></DerivedField>
<DerivedField name="e" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="d"/><FieldRef field="x"/></Apply></DerivedField>
</TransformationDictionary>
<MiningModel functionName="regression">
<MiningSchema><MiningField name="x" missingValueReplacement="1"/><MiningField name="c"/><MiningField name="y" usageType="target"/></MiningSchema>
<Output><OutputField name="out" optype="continuous" dataType="double" feature="predictedValue" segmentId="s1"/></Output>
<Segmentation multipleModelMethod="selectFirst">
<Segment id="s1"><SimplePredicate field="x" operator="lessThan" value="3"/>
<TreeModel functionName="regression" missingValueStrategy="defaultChild"><MiningSchema><MiningField name="x"/><MiningField name="c"/></MiningSchema>
<Node id="n1" defaultChild="n2" score="0"><True/>
<Node id="n2" score="1"><SimpleSetPredicate field="c" booleanOperator="isIn"><Array n="1" type="string">p</Array></SimpleSetPredicate></Node>
<Node id="n3" score="2"><SimplePredicate field="x" operator="greaterThan" value="1"/></Node>
</Node></TreeModel></Segment>
<Segment id="s2"><True/>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="e"/></MiningSchema>
<RegressionTable intercept="0.5"><NumericPredictor name="e" coefficient="2"/></RegressionTable></RegressionModel></Segment>
</Segmentation>
</MiningModel>
</PMML>
"#;

/// What is changed into what, and the code that says so. One defect each.
const BROKEN: &[(&str, &str, &str)] = &[
    // Missing elements.
    ("<Header><Application name=\"test\"/></Header>", "", "pmml/invalid-element"),
    (
        "<MiningSchema><MiningField name=\"x\"/><MiningField name=\"e\"/></MiningSchema>",
        "",
        "pmml/invalid-element",
    ),
    (
        "<RegressionTable intercept=\"0.5\"><NumericPredictor name=\"e\" coefficient=\"2\"/></RegressionTable>",
        "",
        "pmml/missing-element",
    ),
    ("<Segment id=\"s2\"><True/>", "<Segment id=\"s2\">", "pmml/invalid-element"),
    ("<Apply function=\"twice\"><FieldRef field=\"x\"/></Apply>", "", "pmml/missing-element"),
    (
        "<MiningSchema><MiningField name=\"x\"/><MiningField name=\"c\"/></MiningSchema>",
        "<MiningSchema/>",
        "pmml/missing-element",
    ),
    ("<Array n=\"1\" type=\"string\">p</Array>", "", "pmml/missing-element"),
    // Elements at a wrong place, or none of the standard.
    (
        "<Header><Application name=\"test\"/></Header>",
        "<Header><Annotation/><Application name=\"test\"/></Header>",
        "pmml/invalid-element",
    ),
    (
        "<NumericPredictor name=\"e\" coefficient=\"2\"/>",
        "<PredictorTerm coefficient=\"2\"><FieldRef field=\"e\"/></PredictorTerm><NumericPredictor name=\"e\" coefficient=\"2\"/>",
        "pmml/invalid-element",
    ),
    ("<Segment id=\"s2\"><True/>", "<Segment id=\"s2\"><True/><False/>", "pmml/invalid-element"),
    (
        "<Interval closure=\"closedClosed\" leftMargin=\"0\" rightMargin=\"9\"/>",
        "<Constant>1</Constant>",
        "pmml/invalid-element",
    ),
    (
        "<NumericPredictor name=\"e\" coefficient=\"2\"/>",
        "<NumericPredicter/>",
        "pmml/unsupported-element",
    ),
    ("<Value value=\"q\"/>", "<Valeu/>", "pmml/unsupported-element"),
    // Attributes that are missing, unknown, or of another type.
    (" version=\"4.4\"", "", "pmml/missing-attribute"),
    ("<DataField name=\"y\" ", "<DataField ", "pmml/missing-attribute"),
    (
        "<DataField name=\"y\" optype=\"continuous\" ",
        "<DataField name=\"y\" ",
        "pmml/missing-attribute",
    ),
    (" intercept=\"0.5\"", "", "pmml/missing-attribute"),
    (
        "<NumericPredictor name=\"e\" coefficient=\"2\"/>",
        "<NumericPredictor name=\"e\"/>",
        "pmml/missing-attribute",
    ),
    ("<Interval closure=\"closedClosed\" ", "<Interval ", "pmml/missing-attribute"),
    ("<MiningModel functionName=\"regression\">", "<MiningModel>", "pmml/missing-attribute"),
    (
        "<Segmentation multipleModelMethod=\"selectFirst\">",
        "<Segmentation>",
        "pmml/missing-attribute",
    ),
    ("field=\"c\" booleanOperator=\"isIn\"", "field=\"c\"", "pmml/missing-attribute"),
    (" operator=\"lessThan\"", "", "pmml/missing-attribute"),
    ("<Node id=\"n3\"", "<Node colour=\"red\" id=\"n3\"", "pmml/unsupported-attribute"),
    (" intercept=\"0.5\"", " intercept=\"0.5\" slope=\"1\"", "pmml/unsupported-attribute"),
    (
        "<DataField name=\"y\" optype=\"continuous\"",
        "<DataField name=\"y\" optype=\"smooth\"",
        "pmml/invalid-attribute",
    ),
    (
        "name=\"c\" optype=\"categorical\" dataType=\"string\"",
        "name=\"c\" optype=\"categorical\" dataType=\"text\"",
        "pmml/invalid-attribute",
    ),
    (
        "multipleModelMethod=\"selectFirst\"",
        "multipleModelMethod=\"first\"",
        "pmml/invalid-attribute",
    ),
    ("operator=\"lessThan\"", "operator=\"below\"", "pmml/invalid-attribute"),
    (
        "missingValueStrategy=\"defaultChild\"",
        "missingValueStrategy=\"default\"",
        "pmml/invalid-attribute",
    ),
    ("coefficient=\"2\"", "coefficient=\"two\"", "pmml/invalid-attribute"),
    ("intercept=\"0.5\"", "intercept=\"0,5\"", "pmml/invalid-attribute"),
    ("numberOfFields=\"3\"", "numberOfFields=\"-3\"", "pmml/invalid-attribute"),
    ("numberOfFields=\"3\"", "numberOfFields=\"3.5\"", "pmml/invalid-attribute"),
    (
        "missingValueStrategy=\"defaultChild\"",
        "missingValueStrategy=\"defaultChild\" missingValuePenalty=\"1.5\"",
        "pmml/invalid-attribute",
    ),
    (
        "missingValueStrategy=\"defaultChild\"",
        "missingValueStrategy=\"defaultChild\" isScorable=\"maybe\"",
        "pmml/invalid-attribute",
    ),
    ("usageType=\"target\"", "usageType=\"goal\"", "pmml/invalid-attribute"),
    ("closure=\"closedClosed\"", "closure=\"closed\"", "pmml/invalid-attribute"),
    ("feature=\"predictedValue\"", "feature=\"prediction\"", "pmml/invalid-attribute"),
    // Counts.
    ("<Array n=\"1\"", "<Array n=\"2\"", "pmml/array-count"),
    ("<Array n=\"1\" type=\"string\">p<", "<Array n=\"1\" type=\"int\">p<", "pmml/invalid-element"),
    // Fields.
    (
        "<Apply function=\"twice\"><FieldRef field=\"x\"/>",
        "<Apply function=\"twice\"><FieldRef field=\"z\"/>",
        "pmml/undefined-field",
    ),
    ("<FieldRef field=\"a\"/>", "<FieldRef field=\"b\"/>", "pmml/undefined-field"),
    ("<MiningField name=\"e\"/>", "<MiningField name=\"f\"/>", "pmml/undefined-field"),
    (
        "<SimplePredicate field=\"x\" operator=\"greaterThan\"",
        "<SimplePredicate field=\"w\" operator=\"greaterThan\"",
        "pmml/undefined-field",
    ),
    (
        "<Apply function=\"twice\"><FieldRef field=\"x\"/>",
        "<Apply function=\"twice\"><FieldRef field=\"e\"/>",
        "pmml/cycle",
    ),
    (
        "<Apply function=\"twice\"><FieldRef field=\"x\"/>",
        "<Apply function=\"twice\"><FieldRef field=\"d\"/>",
        "pmml/cycle",
    ),
    ("<DataField name=\"y\" ", "<DataField name=\"x\" ", "pmml/duplicate"),
    ("<DerivedField name=\"e\"", "<DerivedField name=\"d\"", "pmml/duplicate"),
    ("<Segment id=\"s2\">", "<Segment id=\"s1\">", "pmml/duplicate"),
    (
        "<MiningField name=\"c\"/><MiningField name=\"y\"",
        "<MiningField name=\"x\"/><MiningField name=\"y\"",
        "pmml/duplicate",
    ),
    ("<Value value=\"q\"/>", "<Value value=\"p\"/>", "pmml/duplicate"),
    ("leftMargin=\"0\"", "leftMargin=\"10\"", "pmml/empty-interval"),
    (
        "closure=\"closedClosed\" leftMargin=\"0\"",
        "closure=\"openClosed\" leftMargin=\"9\"",
        "pmml/empty-interval",
    ),
    ("leftMargin=\"0\"", "leftMargin=\"NaN\"", "pmml/empty-interval"),
    // Types.
    (
        "operator=\"lessThan\" value=\"3\"",
        "operator=\"lessThan\" value=\"three\"",
        "pmml/type-clash",
    ),
    ("missingValueReplacement=\"1\"", "missingValueReplacement=\"none\"", "pmml/type-clash"),
    ("<NumericPredictor name=\"e\"", "<NumericPredictor name=\"c\"", "pmml/type-clash"),
    (
        "name=\"c\" optype=\"categorical\" dataType=\"string\"",
        "name=\"c\" optype=\"categorical\" dataType=\"integer\"",
        "pmml/type-clash",
    ),
    // References, functions, what is never reached, probabilities.
    ("function=\"twice\"", "function=\"thrice\"", "pmml/undefined-function"),
    ("segmentId=\"s1\"", "segmentId=\"s9\"", "pmml/undefined-reference"),
    ("defaultChild=\"n2\"", "defaultChild=\"n9\"", "pmml/undefined-reference"),
    (
        "<SimplePredicate field=\"x\" operator=\"lessThan\" value=\"3\"/>",
        "<True/>",
        "pmml/unreachable",
    ),
    (
        "<SimplePredicate field=\"x\" operator=\"lessThan\" value=\"3\"/>",
        "<False/>",
        "pmml/unreachable",
    ),
    (
        "<SimpleSetPredicate field=\"c\" booleanOperator=\"isIn\"><Array n=\"1\" type=\"string\">p</Array></SimpleSetPredicate>",
        "<True/>",
        "pmml/unreachable",
    ),
    (
        "<SimplePredicate field=\"x\" operator=\"greaterThan\" value=\"1\"/>",
        "<SimplePredicate field=\"x\" operator=\"greaterThan\" value=\"1\"/><ScoreDistribution value=\"1\" recordCount=\"4\" probability=\"0.5\"/><ScoreDistribution value=\"2\" recordCount=\"4\" probability=\"0.25\"/>",
        "pmml/probabilities",
    ),
    (
        "<MiningModel functionName=\"regression\">",
        "<MiningModel functionName=\"regression\" isScorable=\"false\">",
        "pmml/missing-element",
    ),
];

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
    assert!(BROKEN.len() >= 40);
    for (from, to, code) in BROKEN {
        assert!(BASE.contains(from), "`{from}` is not in the base document");
        let report = checked(&BASE.replacen(from, to, 1));
        let found = report.entries().iter().find(|finding| finding.code.as_str() == *code);
        let found = found.unwrap_or_else(|| panic!("{from} → {to}: expected {code}: {report:?}"));
        let location = &found.location;
        assert!(location.line.is_some() && location.path.is_some(), "{from}: {found:?}");
    }
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
const NOT_CARRIED: &[(&str, &str)] = &[(
    "jpmml-test/ClusteringNeighborhoodTest",
    "pmml/unsupported-element: the element `ComparisonMeasure` is not carried here",
)];

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
