#![cfg(test)]
//! What is written as ONNX is read again as a tabular model that scores the same: every model of
//! `testdata/`, written, raised and scored beside the original. The outcome is `docs/onnx-raising.md`.
#![expect(clippy::disallowed_methods, reason = "the corpus is read and the environment decides")]

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use holdall_codec::{Fate, Policy};
use holdall_convert::{FormatSpec, LoadedBody, WriteRequest, load};
use holdall_score::Scorer;
use holdall_source::{Limits, Source};
use holdall_table::{Column, CsvReader, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::ValidModel;
use rayon::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Folders of the corpus with the file of each model.
fn cases() -> Vec<(String, PathBuf, PathBuf)> {
    let mut cases = Vec::new();
    for format in ["boosted", "catboost", "lightgbm", "onnx", "sklearn", "xgboost"] {
        for entry in std::fs::read_dir(root().join("testdata").join(format)).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(folder.join("case.toml")) else { continue };
            let about: toml::Table = text.parse().unwrap();
            let name = format!("{format}/{}", folder.file_name().unwrap().to_string_lossy());
            let model = folder.join(about["models"][0].as_str().unwrap());
            cases.push((name, folder, model));
        }
    }
    cases.sort();
    assert!(cases.len() > 100, "the corpus is not there");
    cases
}

/// How a model came back.
enum Outcome {
    /// It is not read, or not written as ONNX at all.
    NotWritten,
    /// All answers have the same bits.
    Same,
    /// Labels are the same, numbers within this.
    Near,
    /// Why it is not raised.
    Refused(String),
    /// Where it answers something else.
    Differs(String),
}

fn score(model: &ValidModel, rows: &Table) -> Result<Table, String> {
    let scorer = Scorer::compile(model).map_err(|f| f.to_string())?;
    let matching = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
    let (inputs, _) = select_inputs(&scorer, rows, matching).map_err(|f| f.to_string())?;
    scorer.score(&inputs).map_err(|f| f.to_string())
}

fn round_trip(folder: &Path, model: &Path) -> Outcome {
    let source = Source::open(model).unwrap();
    let Ok(loaded) = load(&source, None, Limits::default()) else { return Outcome::NotWritten };
    let Ok((model, _)) = loaded.into_tabular() else { return Outcome::NotWritten };
    let request = WriteRequest::new(Some("onnx"), "m").unwrap();
    let Ok(plan) = request.plan(&model) else { return Outcome::NotWritten };
    let approximate = plan.worst() == Fate::Approximate;
    let policy = Policy { approximate: true, drop: true };
    let Ok((plan, _)) = plan.accept(policy) else { return Outcome::NotWritten };
    let mut bytes = Vec::new();
    holdall_convert::write(&request, &plan, &mut bytes).unwrap();
    let source = Source::from_bytes("m.onnx", bytes);
    let again = load(&source, Some(&FormatSpec::new("onnx")), Limits::default()).unwrap();
    assert!(matches!(again.body, LoadedBody::Graph(_)));
    let again = match again.into_tabular() {
        Ok((again, _)) => again,
        Err(failure) => return Outcome::Refused(failure.diagnostic().message.clone()),
    };
    let rows = CsvReader::open(&Source::open(&folder.join("inputs.csv")).unwrap());
    let rows = rows.unwrap().read_all().unwrap();
    let expected = match score(&model, &rows) {
        Ok(expected) => expected,
        Err(why) => return Outcome::Differs(format!("the original is not scored: {why}")),
    };
    match score(&again, &rows).and_then(|found| largest(&expected, &found)) {
        Ok(None) => Outcome::Same,
        Ok(Some(difference)) if difference <= if approximate { 1e-5 } else { 1e-12 } => {
            Outcome::Near
        }
        Ok(Some(difference)) => Outcome::Differs(format!("by {difference:e}")),
        Err(why) => Outcome::Differs(why),
    }
}

/// The largest difference, none when all bits agree. What is missing comes back as NaN or empty text.
fn largest(expected: &Table, found: &Table) -> Result<Option<f64>, String> {
    let names = |table: &Table| -> Vec<String> {
        // A graph does not say whether its label is that of a cluster.
        let name = |name: &str| if name == "cluster" { "label" } else { name }.to_owned();
        table.columns.iter().map(|column| name(&column.name)).collect()
    };
    if names(expected) != names(found) {
        return Err(format!("columns {:?}, expected {:?}", names(found), names(expected)));
    }
    let mut largest = None;
    for (theirs, ours) in expected.columns.iter().zip(&found.columns) {
        for row in 0..expected.rows {
            let fault = || {
                let (ours, theirs) = (shown(ours, row), shown(theirs, row));
                format!(
                    "row {}, `{}`: {ours}, expected {theirs}",
                    row + 1,
                    expected.columns[0].name
                )
            };
            match (number(theirs, row), number(ours, row)) {
                (Some(a), Some(b)) if a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) => {}
                (Some(a), Some(b)) if a.is_finite() && b.is_finite() => {
                    let difference = (a - b).abs() / a.abs().max(1.0);
                    largest = Some(largest.unwrap_or(0.0_f64).max(difference));
                }
                (None, None) if theirs.text(row) == ours.text(row) => {}
                _ => return Err(fault()),
            }
        }
    }
    Ok(largest)
}

fn shown(column: &Column, row: usize) -> String {
    format!("`{}`", column.text(row))
}

fn number(column: &Column, row: usize) -> Option<f64> {
    match &column.data {
        Data::F32(_) | Data::F64(_) if column.is_missing(row) => Some(f64::NAN),
        Data::F32(v) => Some(f64::from(v[row])),
        Data::F64(v) => Some(v[row]),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => None,
    }
}

#[test]
fn what_is_written_is_raised_to_a_model_of_equal_answers() {
    let found: Vec<(String, Outcome)> = cases()
        .into_par_iter()
        .map(|(name, folder, model)| (name, round_trip(&folder, &model)))
        .collect();
    let (mut same, mut near, mut written) = (0, 0, 0);
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, outcome) in found {
        written += usize::from(!matches!(outcome, Outcome::NotWritten));
        match outcome {
            Outcome::NotWritten => {}
            Outcome::Same => same += 1,
            Outcome::Near => near += 1,
            Outcome::Refused(why) => reasons.entry(why).or_default().push(name),
            Outcome::Differs(why) => faults.push(format!("{name}: {why}")),
        }
    }
    let mut page = format!(
        "# What is raised again\n\nEvery model of `testdata/` that is written as ONNX, read again as a tabular \
         model and scored on its rows beside the original. Written by `tests/tests/onnx_roundtrip.rs`.\n\n| | \
         models |\n|---|---|\n| written as ONNX | {written} |\n| raised, all answers the same to the bit | {same} \
         |\n| raised, labels the same, numbers in the last places | {near} |\n| refused | {} |\n",
        reasons.values().map(Vec::len).sum::<usize>()
    );
    if !reasons.is_empty() {
        page.push_str("\n| reason | models |\n|---|---|\n");
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(why, names)| (std::cmp::Reverse(names.len()), why.clone()));
    for (why, names) in reasons {
        let shown = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let more = if names.len() > 3 { ", …" } else { "" };
        writeln!(
            page,
            "| {} | {}: {}{more} |",
            why.replace('|', "\\|"),
            names.len(),
            shown.join(", ")
        )
        .unwrap();
    }
    let path = root().join("docs/onnx-raising.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == page, "docs/onnx-raising.md is stale: run with HOLDALL_BLESS=1");
}
