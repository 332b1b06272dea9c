#![cfg(test)]
//! Graphs of other converters: each is read as a tabular model that answers as ONNX Runtime did on the graph, and
//! is written as PMML and PFA with a proof beside the graph. The outcome is `docs/onnx-converters.md`.
#![expect(clippy::disallowed_methods, reason = "the corpus is read and the environment decides")]

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use holdall_codec::{Fate, Policy};
use holdall_convert::{FormatSpec, WriteRequest, load};
use holdall_prove::{BoundaryOptions, Tolerance, Verdict, boundary_rows, compare};
use holdall_score::Scorer;
use holdall_source::{Limits, Source};
use holdall_table::{Column, CsvReader, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::ValidModel;
use rayon::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

struct Case {
    name: String,
    folder: PathBuf,
    about: toml::Table,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(root().join("testdata/onnx")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("case.toml")) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case { name, folder, about: text.parse().unwrap() });
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() > 50, "the graphs are not there");
    cases
}

/// Who wrote a graph.
fn converter(name: &str) -> &'static str {
    match name.split('_').next() {
        Some("catboost") => "CatBoost",
        Some("mltools") => "onnxmltools, boosters",
        Some("spark") => "onnxmltools, Spark",
        _ => "skl2onnx",
    }
}

fn csv(path: &Path) -> Table {
    CsvReader::open(&Source::open(path).unwrap()).unwrap().read_all().unwrap()
}

fn inputs(scoring: &dyn Scoring, rows: &Table) -> Table {
    let matching = if scoring.has_named_inputs() { Matching::Name } else { Matching::Position };
    select_inputs(scoring, rows, matching).unwrap().0
}

fn number(column: &Column, row: usize) -> Option<f64> {
    match &column.data {
        _ if column.is_missing(row) => Some(f64::NAN),
        Data::F32(v) => Some(f64::from(v[row])),
        Data::F64(v) => Some(v[row]),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => column.text(row).parse().ok(),
    }
}

/// Labels equal, numbers within the tolerances of the case.
fn held(case: &Case, expected: &Table, found: &Table) -> Result<(), String> {
    let tolerance = |key: &str| case.about[key].as_float().unwrap();
    // Sums that the runtime orders differ in the last places of their largest terms.
    let (rel, abs) = (tolerance("tolerance_rel").max(1e-5), tolerance("tolerance_abs"));
    if expected.columns.len() != found.columns.len() {
        let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
        return Err(format!("columns {names:?}"));
    }
    for (theirs, ours) in expected.columns.iter().zip(&found.columns) {
        for row in 0..expected.rows {
            let same = match (number(theirs, row), number(ours, row)) {
                (Some(a), Some(b)) if theirs.name == "label" => a.to_bits() == b.to_bits(),
                (Some(a), Some(b)) => {
                    (a.is_nan() && b.is_nan()) || (a - b).abs() <= abs + rel * a.abs()
                }
                _ => theirs.text(row) == ours.text(row),
            };
            if !same {
                let (ours, theirs) = (ours.text(row), (theirs.text(row), &theirs.name));
                return Err(format!(
                    "row {}, `{}`: {ours}, expected {}",
                    row + 1,
                    theirs.1,
                    theirs.0
                ));
            }
        }
    }
    Ok(())
}

/// How a conversion fares and what the proof says, or why it is refused.
type Written = Result<(Fate, Verdict), String>;

/// What a conversion came to: its fate and what the proof says, or why it is refused.
fn converted(case: &Case, graph: &dyn Scoring, model: &ValidModel, to: &str) -> Written {
    let request = WriteRequest::new(Some(to), "m").unwrap();
    let plan = request.plan(model).map_err(|f| f.to_string())?;
    let fate = plan.worst();
    let policy = Policy { approximate: true, drop: true };
    let (plan, _) = plan.accept(policy).map_err(|report| {
        let error = report.entries().iter().find(|e| e.severity == holdall_diag::Severity::Error);
        error.map(|entry| entry.message.clone()).unwrap_or_default()
    })?;
    let mut bytes = Vec::new();
    holdall_convert::write(&request, &plan, &mut bytes).unwrap();
    let source = Source::from_bytes("m", bytes);
    let target = load(&source, Some(&FormatSpec::new(to)), Limits::default()).unwrap();
    let target = target.scoring(false).unwrap();
    // Rows of the case and rows made of the model itself.
    let allowed = Tolerance { relative: 1e-5, absolute: 1e-5, ulp: 8 };
    let given = inputs(graph, &csv(&case.folder.join("inputs.csv")));
    let proven = compare(graph, &*target, &given, &allowed, &mut |_, _| {});
    let proven = proven.map_err(|f| f.to_string())?;
    Ok((fate, proven.verdict))
}

struct Outcome {
    converter: &'static str,
    name: String,
    raised: Result<(), String>,
    written: Vec<Written>,
    boundary: Option<Verdict>,
}

fn outcome(case: &Case) -> Outcome {
    let source = Source::open(&case.folder.join("model.onnx")).unwrap();
    let read = || load(&source, None, Limits::default()).unwrap();
    let graph = read().scoring(false).unwrap();
    let mut made = Outcome {
        converter: converter(&case.name),
        name: case.name.clone(),
        raised: Ok(()),
        written: Vec::new(),
        boundary: None,
    };
    let model = match read().into_tabular() {
        Ok((model, _)) => model,
        Err(failure) => {
            made.raised = Err(failure.diagnostic().message.clone());
            return made;
        }
    };
    let scorer = Scorer::compile(&model).unwrap();
    let rows = csv(&case.folder.join("inputs.csv"));
    let expected = csv(&case.folder.join("expected.csv"));
    let found = scorer.score(&inputs(&scorer, &rows)).unwrap();
    let agrees = held(case, &expected, &found);
    assert!(agrees.is_ok(), "{}: {agrees:?}", case.name);
    let options = BoundaryOptions::default();
    if let Ok(boundary) = boundary_rows(&model, &options, &mut |_, _| {}) {
        let allowed = Tolerance { relative: 1e-5, absolute: 1e-5, ulp: 8 };
        let proven = compare(&*graph, &scorer, &boundary.rows, &allowed, &mut |_, _| {});
        made.boundary = proven.ok().map(|proven| proven.verdict);
    }
    made.written = ["pmml", "pfa"].map(|to| converted(case, &*graph, &model, to)).into();
    made
}

fn cell(written: Option<&Written>) -> String {
    match written {
        None => "–".to_owned(),
        Some(Err(why)) => format!("refused: {}", why.replace('|', "\\|")),
        Some(Ok((fate, verdict))) => {
            let fate = if *fate <= Fate::Rewrite { "exact" } else { fate.as_str() };
            let proof = if *verdict == Verdict::Different { "differs" } else { "proved" };
            format!("{fate}, {proof}")
        }
    }
}

#[test]
fn graphs_of_other_converters_are_raised_and_carried_on() {
    let found: Vec<Outcome> = cases().par_iter().map(outcome).collect();
    let mut page = String::from(
        "# Graphs of other converters\n\nEvery graph of `testdata/onnx` read as a tabular model, which answers as ONNX \
         Runtime does on the graph (labels equal, numbers within the tolerances of the case), then written as PMML and \
         PFA, read back and compared with the graph itself on the rows of the case. *exact*: the plan is native or an \
         exact rewrite. *boundary*: graph and tabular model compared on rows made of the model, with NaN, infinities \
         and neighbours of every threshold. Written by `tests/tests/onnx_converters.rs`.\n\n",
    );
    page.push_str("| written by | graphs | raised | PMML exact | approximate | refused | PFA exact | approximate | refused |\n");
    page.push_str("|---|---|---|---|---|---|---|---|---|\n");
    let mut groups: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &found {
        groups.entry(outcome.converter).or_default().push(outcome);
    }
    for (converter, outcomes) in &groups {
        let raised = outcomes.iter().filter(|o| o.raised.is_ok()).count();
        write!(page, "| {converter} | {} | {raised} |", outcomes.len()).unwrap();
        for place in 0..2 {
            let of = |wanted: &dyn Fn(&Written) -> bool| {
                outcomes.iter().filter(|o| o.written.get(place).is_some_and(wanted)).count()
            };
            let exact = of(&|w| matches!(w, Ok((fate, _)) if *fate <= Fate::Rewrite));
            let refused = of(&|w| w.is_err());
            let all = of(&|_| true);
            write!(page, " {exact} | {} | {refused} |", all - exact - refused).unwrap();
        }
        page.push('\n');
    }
    page.push_str("\n| graph | raised | boundary | PMML | PFA |\n|---|---|---|---|---|\n");
    let mut faults = Vec::new();
    for outcome in &found {
        let raised = match &outcome.raised {
            Ok(()) => "yes".to_owned(),
            Err(why) => format!("refused: {}", why.replace('|', "\\|")),
        };
        let boundary = match outcome.boundary {
            None => "–",
            Some(Verdict::Different) => "differs",
            Some(Verdict::Equal | Verdict::WithinTolerance) => "same",
        };
        let [pmml, pfa] = [0, 1].map(|place| cell(outcome.written.get(place)));
        writeln!(page, "| {} | {raised} | {boundary} | {pmml} | {pfa} |", outcome.name).unwrap();
        for (to, written) in ["pmml", "pfa"].into_iter().zip(&outcome.written) {
            let differs = matches!(written, Ok((_, Verdict::Different)));
            if differs {
                faults.push(format!("{} as {to}", outcome.name));
            }
        }
    }
    let path = root().join("docs/onnx-converters.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(faults.is_empty(), "{} conversions differ: {}", faults.len(), faults.join(", "));
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == page, "docs/onnx-converters.md is stale: run with HOLDALL_BLESS=1");
}
