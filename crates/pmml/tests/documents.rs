#![cfg(test)]
//! Whole documents against the engine that answered them: `testdata/pmml/cases.json`, made by the script beside it.
#![expect(clippy::disallowed_methods, reason = "the cases are a file of the repository")]

use std::{collections::BTreeMap, path::Path};

use holdall_pmml::{decode, lower};
use holdall_score::Scorer;
use holdall_source::{Budget, Source};
use holdall_table::{Column, Data, Matching, Table, select_inputs};
use holdall_tabular::{ValidModel, validate};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Case {
    case: String,
    #[expect(dead_code, reason = "said for readers")]
    by: String,
    document: String,
    inputs: BTreeMap<String, Vec<Value>>,
    expected: BTreeMap<String, Vec<Value>>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pmml/cases.json");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!cases.is_empty(), "there is no case");
    cases
}

fn read(case: &Case) -> ValidModel {
    let source = Source::from_bytes(&*case.case, case.document.clone().into_bytes());
    let document = decode(&source, &mut Budget::default()).unwrap();
    let (model, _) = lower(&document).unwrap_or_else(|failure| panic!("{}: {failure}", case.case));
    validate(model).unwrap_or_else(|report| panic!("{}: {report:?}", case.case))
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
    assert!(failed.is_empty(), "{}: {failed:?}", case.case);
    found
}

fn same(expected: &str, found: &str) -> bool {
    match (expected.parse::<f64>(), found.parse::<f64>()) {
        (Ok(e), Ok(f)) => (e - f).abs() <= 1e-13 * e.abs().max(1e-3),
        _ => expected == found,
    }
}

#[test]
fn documents_score_as_the_engine_does() {
    for case in cases() {
        let found = score(&case, &read(&case));
        for (name, expected) in &case.expected {
            let column = found.columns.iter().find(|column| column.name == *name);
            let column = column.unwrap_or_else(|| panic!("{}: no output `{name}`", case.case));
            for (row, value) in expected.iter().enumerate() {
                let (expected, found) = (text(value), column.text(row));
                assert!(
                    same(&expected, &found),
                    "{}: `{name}` of row {row}: expected `{expected}`, found `{found}`",
                    case.case
                );
            }
        }
    }
}
