#![cfg(test)]
//! Whole documents against the engine that answered them: `testdata/pmml/cases.json`, made by the script beside it.
#![expect(clippy::disallowed_methods, reason = "the cases are a file of the repository")]

use std::{collections::BTreeMap, path::Path};

use holdall_codec::{Options, Policy, Writer};
use holdall_pmml::{PmmlWriter, decode, lower};
use holdall_score::Scorer;
use holdall_source::{Budget, Source};
use holdall_table::{Column, Data, Matching, Table, select_inputs};
use holdall_tabular::{ValidModel, validate};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Case {
    #[serde(rename = "case")]
    name: String,
    #[expect(dead_code, reason = "said for readers")]
    by: String,
    document: String,
    inputs: BTreeMap<String, Vec<Value>>,
    expected: BTreeMap<String, Vec<Value>>,
    /// By how much of a number its library may be off.
    #[serde(default = "usual")]
    tolerance: f64,
}

const fn usual() -> f64 {
    1e-13
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pmml/cases.json");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!cases.is_empty(), "there is no case");
    cases
}

fn read(case: &Case) -> ValidModel {
    let source = Source::from_bytes(&*case.name, case.document.clone().into_bytes());
    let document = decode(&source, &mut Budget::default()).unwrap();
    let (model, _) = lower(&document).unwrap_or_else(|failure| panic!("{}: {failure}", case.name));
    validate(model).unwrap_or_else(|report| panic!("{}: {report:?}", case.name))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn score(case: &Case, model: &ValidModel) -> Table {
    let scorer = Scorer::compile(model).unwrap();
    let columns = case.inputs.iter();
    let columns = columns
        .map(|(name, cells)| Column::new(name, Data::Text(cells.iter().map(text).collect())));
    let rows = case.inputs.values().next().map_or(0, Vec::len);
    let table = Table { columns: columns.collect(), rows, first_row: 0 };
    let (rows, _) = select_inputs(&scorer, &table, Matching::Name).unwrap();
    let (found, failed) = scorer.score_rows(&rows).unwrap();
    assert!(failed.is_empty(), "{}: {failed:?}", case.name);
    found
}

fn same(expected: &str, found: &str, tolerance: f64) -> bool {
    match (expected.parse::<f64>(), found.parse::<f64>()) {
        (Ok(e), Ok(f)) => (e - f).abs() <= tolerance * e.abs().max(1e-3),
        _ => expected == found,
    }
}

#[test]
fn documents_score_as_the_engine_does() {
    for case in cases() {
        let found = score(&case, &read(&case));
        for (name, expected) in &case.expected {
            let column = found.columns.iter().find(|column| column.name == *name);
            let column = column.unwrap_or_else(|| panic!("{}: no output `{name}`", case.name));
            for (row, value) in expected.iter().enumerate() {
                let (expected, found) = (text(value), column.text(row));
                assert!(
                    same(&expected, &found, case.tolerance),
                    "{}: `{name}` of row {row}: expected `{expected}`, found `{found}`",
                    case.name
                );
            }
        }
    }
}

/// What a document with this model is refused with.
fn refused(model: &str) -> (String, String) {
    let text = format!(
        "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\"><Header/><DataDictionary>\
         <DataField name=\"x\" optype=\"continuous\" dataType=\"double\"/>\
         <DataField name=\"y\" optype=\"continuous\" dataType=\"double\"/></DataDictionary>{model}</PMML>"
    );
    let source = Source::from_bytes("model.pmml", text.into_bytes());
    let document = decode(&source, &mut Budget::default()).unwrap();
    let failure = lower(&document).unwrap_err();
    assert!(failure.location().line.is_some(), "{failure}");
    let diagnostic = failure.diagnostic();
    (diagnostic.message.clone(), diagnostic.help.clone().unwrap_or_default())
}

const SCHEMA: &str = "<MiningSchema><MiningField name=\"x\"/><MiningField name=\"y\" usageType=\"target\"/>\
                      </MiningSchema>";

#[test]
fn what_a_row_cannot_say_is_refused_with_the_reason() {
    let table = "<RegressionTable intercept=\"0\"><NumericPredictor name=\"a\" coefficient=\"1\"/></RegressionTable>";
    let (message, help) = refused(&format!(
        "<RegressionModel functionName=\"regression\">{SCHEMA}<LocalTransformations><DerivedField name=\"a\" \
         optype=\"continuous\" dataType=\"double\"><Aggregate field=\"x\" function=\"sum\" groupField=\"y\"/>\
         </DerivedField></LocalTransformations>{table}</RegressionModel>"
    ));
    assert_eq!(message, "the element `Aggregate` is not carried here");
    assert!(help.starts_with("a row is one record"), "{help}");
    let baseline = |test: &str| {
        format!(
            "<BaselineModel functionName=\"regression\">{SCHEMA}<TestDistributions field=\"x\" {test}><Baseline>\
             <GaussianDistribution mean=\"0\" variance=\"1\"/></Baseline><Alternate><GaussianDistribution mean=\"1\" \
             variance=\"1\"/></Alternate></TestDistributions></BaselineModel>"
        )
    };
    let (message, help) = refused(&baseline("testStatistic=\"CUSUM\""));
    assert_eq!(message, "`testStatistic=\"CUSUM\"` is not carried in `TestDistributions`");
    assert!(help.ends_with("give a `windowSize`"), "{help}");
    let (message, _) = refused(&baseline("testStatistic=\"CUSUM\" windowSize=\"5000\""));
    assert!(message.contains("expected a whole number up to 1024, found `5000`"), "{message}");
    let (_, help) = refused(&baseline("testStatistic=\"chiSquareDistribution\" windowSize=\"5\""));
    assert!(help.contains("χ²"), "{help}");
}

#[test]
fn segments_that_answer_apart_stay_outermost() {
    let inside = |method: &str, model: &str| {
        format!(
            "<MiningModel functionName=\"regression\">{SCHEMA}<Segmentation multipleModelMethod=\"{method}\">\
             <Segment id=\"1\"><True/>{model}</Segment></Segmentation></MiningModel>"
        )
    };
    let plain = format!(
        "<RegressionModel functionName=\"regression\">{SCHEMA}<RegressionTable intercept=\"0\"/></RegressionModel>"
    );
    let (_, help) = refused(&inside("average", &inside("selectAll", &plain)));
    assert_eq!(help, "use `selectAll` in the outermost model alone");
}

/// What the documents of other constructs than trees and tables are written as: read again they answer the same.
#[test]
fn documents_are_written_with_the_same_answers() {
    let mut refused = Vec::new();
    for case in cases() {
        let model = read(&case);
        let plan = PmmlWriter.plan(&model, &Options::none()).unwrap();
        let policy = Policy { approximate: true, ..Policy::default() };
        let accepted = match plan.accept(policy) {
            Ok((accepted, _)) => accepted,
            Err(report) => {
                let first =
                    report.entries().first().map_or_else(String::new, |d| d.message.clone());
                refused.push(format!("{}: {first}", case.name));
                continue;
            }
        };
        let mut bytes = Vec::new();
        PmmlWriter.write(&accepted, &mut bytes).unwrap();
        let again =
            Case { document: String::from_utf8(bytes).unwrap(), name: case.name.clone(), ..case };
        let (before, after) = (score(&again, &model), score(&again, &read(&again)));
        for column in &before.columns {
            let found = after.columns.iter().find(|other| other.name == column.name);
            let found = found.unwrap_or_else(|| {
                panic!("{}: no output `{}` in {}", again.name, column.name, again.document)
            });
            for row in 0..before.rows {
                let (expected, found) = (column.text(row), found.text(row));
                assert!(
                    same(&expected, &found, 1e-9),
                    "{}: `{}` of row {row}: expected `{expected}`, found `{found}` in {}",
                    again.name,
                    column.name,
                    again.document
                );
            }
        }
    }
    let expected = [
        "baseline CUSUM poisson 1: function/ln-gamma in pmml: refuse: PMML 4.4 has no such function",
        "baseline CUSUM poisson 4: function/ln-gamma in pmml: refuse: PMML 4.4 has no such function",
        "baseline CUSUM poisson 20: function/ln-gamma in pmml: refuse: PMML 4.4 has no such function",
        "mixed bayesian network for fault: estimator/bayesian-network in pmml: refuse: what continuous nodes tell is \
         arithmetic here",
        "mixed bayesian network for machine: estimator/bayesian-network in pmml: refuse: what continuous nodes tell is \
         arithmetic here",
        "mixed bayesian network for alarm: estimator/bayesian-network in pmml: refuse: what continuous nodes tell is \
         arithmetic here",
        "embedded models of classes: estimator/combine in pmml: refuse: a member whose probabilities are worked out \
         beside its model",
    ];
    assert_eq!(refused.join("\n"), expected.join("\n"));
}
