#![cfg(test)]
//! Documents of other producers, scored against those producers' own predictions.
//!
//! The cases lie beside the repository, in `../shared/conformance/pmml`; without them nothing is tested.
//! `HOLDALL_BLESS=1` writes `docs/pmml-conformance.md` anew.
#![expect(clippy::disallowed_methods, reason = "the cases are files beside the repository")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    io::Read,
    path::{Path, PathBuf},
};

use holdall_pmml::{decode, lower};
use holdall_score::Scorer;
use holdall_source::{Budget, Source};
use holdall_table::{Column, Data, Matching, Table, select_inputs};
use holdall_tabular::validate;
use serde_json::Value;

/// Cases whose scores differ from what is expected, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("pmml4s-dmg/dmg_tree_normal", UNREACHED),
    ("jpmml-test/CompoundRuleTest", UNREACHED),
    ("jpmml-test/SimpleRuleTest", UNREACHED),
    ("jpmml-test/ClassificationOutputTest", NOT_FINAL),
    ("jpmml-test/ModelChainSimpleTest", NOT_FINAL),
    (
        "pmml4s-dmg/dmg_svm_classification_cont_predictors",
        "the engine answers the target category whatever the value is, against the standard's threshold",
    ),
    (
        "jpmml-test/AlternateBinaryTargetCategoryTest",
        "the engine answers the target category whatever the value is, against the standard's example",
    ),
    (
        "pmml4s-dmg/dmg_anomaly_iforest",
        "rows with missing values: trees without an answer are passed over; the one engine that scores it differs",
    ),
    ("jpmml-test/ModelNestingTest", "the output `x-report` of the engine is left out"),
    (
        "pmml4s-dmg/dmg_weighted_majority_vote_mining",
        "the engine gives sums of weights as probabilities, the standard shares",
    ),
];

const UNREACHED: &str = "a row is refused for an invalid value of a field that its path does not reach; the engine \
                         treats fields when it reaches them";

const NOT_FINAL: &str = "the expected output is marked `isFinalResult=\"false\"`";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> PathBuf {
    root().join("../shared/conformance/pmml")
}

fn bytes(path: &str) -> Vec<u8> {
    let raw = std::fs::read(folder().join(path)).unwrap();
    if Path::new(path).extension().is_none_or(|extension| extension != "gz") {
        return raw;
    }
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(raw.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Cells of a file by column; `N/A` and `NA` are empty.
fn columns(path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = String::from_utf8(bytes(path)).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let separator = ['\t', ';'].into_iter().find(|s| header.contains(*s)).unwrap_or(',');
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                records.last_mut().unwrap().last_mut().unwrap().push('"');
            }
            '"' if quoted => quoted = false,
            // Within a cell a quote is a character.
            '"' if records.last().unwrap().last().unwrap().is_empty() => quoted = true,
            '\r' if !quoted => {}
            '\n' if !quoted => records.push(vec![String::new()]),
            c if c == separator && !quoted => records.last_mut().unwrap().push(String::new()),
            c => records.last_mut().unwrap().last_mut().unwrap().push(c),
        }
    }
    if records.last().is_some_and(|last| last.len() == 1 && last[0].is_empty()) {
        records.pop();
    }
    let mut records = records.into_iter();
    let names = records.next().unwrap_or_default();
    let mut cells = vec![Vec::new(); names.len()];
    for record in records {
        let mut record = record.into_iter();
        for column in &mut cells {
            let cell = record.next().unwrap_or_default();
            column.push(if cell == "N/A" || cell == "NA" { String::new() } else { cell });
        }
    }
    (names, cells)
}

/// Pairs of a transaction and an item as a row a transaction, in their order, with a column an item.
fn baskets(pairs: &[Vec<String>]) -> (Vec<String>, Vec<Vec<String>>) {
    let [transactions, items] = pairs else { panic!("expected transactions and items") };
    let mut order: Vec<&String> = Vec::new();
    for transaction in transactions {
        if order.last() != Some(&transaction) {
            order.push(transaction);
        }
    }
    let names: BTreeSet<&String> = items.iter().collect();
    let held: BTreeSet<(&String, &String)> = transactions.iter().zip(items).collect();
    let cells = names.iter().map(|name| {
        let cell = |transaction: &&String| u8::from(held.contains(&(*transaction, *name)));
        order.iter().map(|transaction| cell(transaction).to_string()).collect()
    });
    let cells = cells.collect();
    (names.into_iter().cloned().collect(), cells)
}

/// What became of a case.
enum Outcome {
    Refused(String),
    Passed,
    Failed(String),
}

fn texts(case: &Value, key: &str) -> Vec<String> {
    let list = case[key].as_array().into_iter().flatten();
    list.filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn same(expected: &str, found: &str, tolerance: f64, zero: f64) -> bool {
    if expected == found || expected.eq_ignore_ascii_case(found) {
        return true;
    }
    match (expected.trim().parse::<f64>(), found.trim().parse::<f64>()) {
        (Ok(e), Ok(f)) => {
            (e.abs() <= zero && f.abs() <= zero)
                || (e - f).abs() <= zero
                || (e - f).abs() <= tolerance * e.abs()
                || (e.is_nan() && f.is_nan())
        }
        _ => false,
    }
}

fn run(case: &Value) -> Outcome {
    let path = case["pmml"].as_str().unwrap();
    let source = Source::from_bytes(path, bytes(path));
    let document = match decode(&source, &mut Budget::default()) {
        Ok(document) => document,
        Err(failure) => return Outcome::Failed(format!("does not decode: {failure}")),
    };
    let (model, _) = match lower(&document) {
        Ok(lowered) => lowered,
        Err(failure) => return Outcome::Refused(failure.diagnostic().message.clone()),
    };
    let model = match validate(model) {
        Ok(model) => model,
        Err(report) => return Outcome::Failed(format!("is not valid: {report:?}")),
    };
    let scorer = Scorer::compile(&model).unwrap();
    let (names, cells) = columns(case["input_csv"].as_str().unwrap());
    let (names, cells) = match case["model_element"].as_str() {
        Some("AssociationModel") => baskets(&cells),
        _ => (names, cells),
    };
    let rows = cells.first().map_or(0, Vec::len);
    let inputs = model.input_ports().into_iter().map(|port| {
        let place = names.iter().position(|name| *name == port.name);
        let cells = place.map_or_else(|| vec![String::new(); rows], |place| cells[place].clone());
        // Truth values that a model takes as numbers are 0 and 1.
        let truth =
            |cell: &String| matches!(cell.as_str(), "TRUE" | "FALSE" | "True" | "False" | "");
        if port.kind.is_number() && cells.iter().all(truth) {
            let number = |cell: &String| match cell.as_str() {
                "TRUE" | "True" => "1",
                "FALSE" | "False" => "0",
                _ => "",
            };
            let cells = cells.iter().map(|cell| number(cell).to_owned()).collect();
            return Column::new(port.name, Data::Text(cells));
        }
        Column::new(port.name, Data::Text(cells))
    });
    let table = Table { columns: inputs.collect(), rows, first_row: 0 };
    let selected = match select_inputs(&scorer, &table, Matching::Name) {
        Ok((table, _)) => table,
        Err(failure) => return Outcome::Failed(format!("takes no rows: {failure}")),
    };
    let (found, failed) = match scorer.score_rows(&selected) {
        Ok(scored) => scored,
        Err(failure) => return Outcome::Failed(format!("does not score: {failure}")),
    };
    compare(case, &found, &failed.into_iter().map(|(row, why)| (row, why.to_string())).collect())
}

fn compare(case: &Value, found: &Table, failed: &BTreeMap<usize, String>) -> Outcome {
    let (names, expected) = columns(case["expected_csv"].as_str().unwrap());
    let skipped: BTreeSet<usize> = case["error_rows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row.as_u64().and_then(|row| usize::try_from(row).ok()))
        .collect();
    let number = |key: &str| case[key].as_f64().unwrap_or(0.0);
    let (tolerance, zero) = (number("tolerance"), number("zero_threshold"));
    let allowed = case["reference_error_rows"].as_u64().unwrap_or(0);
    let refused = failed.keys().filter(|row| !skipped.contains(row)).count();
    if refused as u64 > allowed {
        let (row, why) = failed.iter().find(|(row, _)| !skipped.contains(row)).unwrap();
        return Outcome::Failed(format!("{refused} rows refused, the first {row}: {why}"));
    }
    for name in texts(case, "compare_columns") {
        let Some(place) = names.iter().position(|n| *n == name) else { continue };
        let Some(column) = found.columns.iter().find(|c| c.name == name) else {
            return Outcome::Failed(format!("no output `{name}`"));
        };
        let (mut wrong, mut first) = (0, String::new());
        for (row, cell) in expected[place].iter().enumerate() {
            if skipped.contains(&row) || failed.contains_key(&row) {
                continue;
            }
            let text = column.text(row);
            if !same(cell, &text, tolerance, zero) {
                wrong += 1;
                if wrong == 1 {
                    first = format!("row {row}: expected `{cell}`, found `{text}`");
                }
            }
        }
        if wrong > 0 {
            return Outcome::Failed(format!("`{name}` is wrong in {wrong} rows; {first}"));
        }
    }
    Outcome::Passed
}

/// All cases, on two threads.
fn run_all(cases: &[Value]) -> Vec<Outcome> {
    let (first, second) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| second.iter().map(run).collect::<Vec<_>>());
        let mut outcomes: Vec<_> = first.iter().map(run).collect();
        outcomes.extend(other.join().unwrap());
        outcomes
    })
}

fn cases() -> Vec<Value> {
    let Ok(index) = std::fs::read(folder().join("index.json")) else { return Vec::new() };
    serde_json::from_slice(&index).unwrap()
}

#[test]
fn documents_score_as_their_producers_do() {
    let cases = cases();
    if cases.is_empty() {
        println!("the conformance cases are absent: nothing was tested");
        return;
    }
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut why: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut surprises = Vec::new();
    let outcomes = run_all(&cases);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let id = case["id"].as_str().unwrap().to_owned();
        let element = case["model_element"].as_str().unwrap().to_owned();
        let known = KNOWN.iter().find(|(name, _)| *name == id);
        let counts = table.entry(element.clone()).or_default();
        counts[0] += 1;
        match outcome {
            Outcome::Refused(reason) => {
                why.entry(format!("{reason} ({element})")).or_default().push(id);
            }
            Outcome::Passed => {
                counts[1] += 1;
                counts[2] += 1;
                if known.is_some() {
                    surprises.push(format!("{id} passes: take it off the list"));
                }
            }
            Outcome::Failed(reason) => {
                counts[1] += 1;
                counts[3] += 1;
                if known.is_none() {
                    surprises.push(format!("{id} ({element}): {reason}"));
                }
            }
        }
    }
    let mut reasons: Vec<_> = why.iter().collect();
    reasons.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    for (reason, ids) in &reasons {
        println!(
            "{:4} {reason}: {}",
            ids.len(),
            ids.iter().take(3).cloned().collect::<Vec<_>>().join(" ")
        );
    }
    let text = document(&table, &reasons);
    println!("{text}");
    assert!(surprises.is_empty(), "{} cases:\n{}", surprises.len(), surprises.join("\n"));
    let path = root().join("docs/pmml-conformance.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "docs/pmml-conformance.md is stale: HOLDALL_BLESS=1 writes it");
}

fn document(table: &BTreeMap<String, [usize; 4]>, reasons: &[(&String, &Vec<String>)]) -> String {
    let mut text = String::from(
        "# PMML conformance\n\n\
         Documents of other producers, and how their scores compare with those producers' own predictions at each\n\
         case's tolerance. Made by `crates/pmml/tests/conformance.rs`.\n\n\
         | element | cases | lowered | passed | known failures |\n|---|---|---|---|---|\n",
    );
    let mut all = [0; 4];
    for (element, counts) in table {
        for (sum, count) in all.iter_mut().zip(counts) {
            *sum += count;
        }
        let [cases, lowered, passed, failed] = counts;
        writeln!(text, "| {element} | {cases} | {lowered} | {passed} | {failed} |").unwrap();
    }
    let [cases, lowered, passed, failed] = all;
    writeln!(text, "| all | {cases} | {lowered} | {passed} | {failed} |").unwrap();
    text.push_str("\n## Known failures\n\n");
    for (id, reason) in KNOWN {
        writeln!(text, "- `{id}`: {reason}").unwrap();
    }
    text.push_str("\n## Not lowered\n\n| first reason | cases |\n|---|---|\n");
    for (reason, ids) in reasons {
        writeln!(text, "| {} | {} |", reason.replace('|', "\\|"), ids.len()).unwrap();
    }
    text
}
