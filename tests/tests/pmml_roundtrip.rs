#![cfg(test)]
//! Documents of other producers, read and written as PMML, ONNX and PFA, read again and scored on each
//! case's rows with our own engines. The outcome is `docs/pmml-roundtrip.md`.
//!
//! The cases lie beside the repository, in `../shared/conformance/pmml`; without them nothing is tested.
#![expect(clippy::disallowed_methods, reason = "the cases are files beside the repository")]

use std::{
    collections::BTreeMap,
    fmt::Write,
    io::Read,
    path::{Path, PathBuf},
};

use holdall_codec::{Fate, Plan, Policy};
use holdall_convert::{FormatSpec, WriteRequest, load};
use holdall_pmml::{decode, lower};
use holdall_score::Scorer;
use holdall_source::{Budget, Limits, Source};
use holdall_table::{Column, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{ValidModel, validate};
use serde_json::Value;

const TARGETS: [&str; 3] = ["pmml", "onnx", "pfa"];
/// Rows scored of each case.
const ROWS: usize = 100;

/// Cases that differ although the plan says that they are equal, with the reason.
const KNOWN: &[(&str, &str, &str)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
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

/// The first rows of a file by column; `N/A` and `NA` are empty.
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
            '"' if records.last().unwrap().last().unwrap().is_empty() => quoted = true,
            '\r' if !quoted => {}
            '\n' if !quoted && records.len() > ROWS => break,
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

/// The rows of a case with the columns that its model takes.
fn rows(case: &Value, model: &ValidModel) -> Table {
    let (names, cells) = columns(case["input_csv"].as_str().unwrap());
    let rows = cells.first().map_or(0, Vec::len);
    let inputs = model.input_ports().into_iter().map(|port| {
        let place = names.iter().position(|name| *name == port.name);
        let mut cells =
            place.map_or_else(|| vec![String::new(); rows], |place| cells[place].clone());
        let truth =
            |cell: &String| matches!(cell.as_str(), "TRUE" | "FALSE" | "True" | "False" | "");
        if port.kind.is_number() && cells.iter().all(truth) {
            for cell in &mut cells {
                *cell = match cell.as_str() {
                    "TRUE" | "True" => "1",
                    "FALSE" | "False" => "0",
                    _ => "",
                }
                .to_owned();
            }
        }
        Column::new(port.name, Data::Text(cells))
    });
    Table { columns: inputs.collect(), rows, first_row: 0 }
}

/// Answers and refused rows.
type Scored = (Table, Vec<usize>);

fn score(scoring: &dyn Scoring, rows: &Table) -> Result<Scored, String> {
    let matching = if scoring.has_named_inputs() { Matching::Name } else { Matching::Position };
    let (inputs, _) = select_inputs(scoring, rows, matching).map_err(|f| f.to_string())?;
    let (found, failed) = scoring.score_rows(&inputs).map_err(|f| f.to_string())?;
    Ok((found, failed.into_iter().map(|(row, _)| row).collect()))
}

/// What differs first; `loose` allows a relative difference, and rows that an approximation may refuse.
fn differs(want: &Scored, got: &Scored, loose: f64) -> Option<String> {
    let ((want, refused), (got, also)) = (want, got);
    if refused != also && loose == 0.0 {
        return Some(format!("{} rows refused, {} before", also.len(), refused.len()));
    }
    for (place, column) in want.columns.iter().enumerate() {
        let by_name = got.columns.iter().find(|other| other.name == column.name);
        let by_place = got.columns.get(place).filter(|_| got.columns.len() == want.columns.len());
        let Some(other) = by_name.or(by_place) else {
            return Some(format!("no column `{}`", column.name));
        };
        for row in 0..want.rows {
            if refused.contains(&row) || also.contains(&row) {
                continue;
            }
            let (a, b) = (column.text(row), other.text(row));
            let number = |text: &str| text.parse::<f64>().ok().filter(|v| !v.is_nan());
            let same = match (number(&a), number(&b)) {
                (Some(a), Some(b)) => {
                    a.to_bits() == b.to_bits() || (a - b).abs() <= loose * a.abs().max(1e-3)
                }
                // NaN and missing are one.
                (None, None) => a.replace("NaN", "") == b.replace("NaN", ""),
                _ => false,
            };
            if !same {
                return Some(format!("`{}` of row {row}: `{a}` became `{b}`", column.name));
            }
        }
    }
    None
}

/// What became of a case in one target.
enum Outcome {
    Same(Fate),
    /// The construct, and why it is refused.
    Refused(String),
    Differs(Fate, String),
}

fn reason(plan: &Plan<'_>) -> Option<String> {
    let refused = plan.entries().iter().find(|entry| entry.support.fate == Fate::Refuse)?;
    Some(format!("`{}`: {}", refused.requirement.construct, refused.support.how))
}

fn convert(model: &ValidModel, rows: &Table, want: &Scored, to: &str) -> Outcome {
    let request = WriteRequest::new(Some(to), "m").unwrap();
    let plan = match request.plan(model) {
        Ok(plan) => plan,
        Err(failure) => return Outcome::Refused(format!("no plan: {failure}")),
    };
    if let Some(reason) = reason(&plan) {
        return Outcome::Refused(reason);
    }
    let fate = plan.worst();
    let fail = |why: String| Outcome::Differs(fate, why);
    let Ok((accepted, _)) = plan.accept(Policy { approximate: true, drop: true }) else {
        return fail("is not accepted".to_owned());
    };
    let mut out = Vec::new();
    if let Err(failure) = holdall_convert::write(&request, &accepted, &mut out) {
        return fail(format!("is not written: {failure}"));
    }
    let source = Source::from_bytes(format!("model.{to}"), out);
    let again = match load(&source, Some(&FormatSpec::new(to)), Limits::default()) {
        Ok(again) => again,
        Err(failure) => return fail(format!("is not read back: {failure}")),
    };
    let scored = again.scoring(false).map_err(|f| f.to_string());
    let scored = scored.and_then(|scoring| score(&*scoring, rows));
    // What an exact plan may differ by: exponentials of another library, in the last places.
    let exact = if to == "pmml" { 0.0 } else { 1e-12 };
    let loose = if fate <= Fate::Rewrite { exact } else { 1e-5 };
    match scored {
        Err(why) => fail(format!("does not score: {why}")),
        Ok(got) => match differs(want, &got, loose) {
            None => Outcome::Same(fate),
            Some(why) => fail(why),
        },
    }
}

/// The outcome of a case in each target; none where it is not read.
fn run(case: &Value) -> Option<[Outcome; 3]> {
    let path = case["pmml"].as_str().unwrap();
    let source = Source::from_bytes(path, bytes(path));
    let document = decode(&source, &mut Budget::default()).ok()?;
    let (model, _) = lower(&document).ok()?;
    let model = validate(model).ok()?;
    let rows = rows(case, &model);
    let scorer = Scorer::compile(&model).unwrap();
    let want = score(&scorer, &rows).unwrap();
    Some(TARGETS.map(|to| convert(&model, &rows, &want, to)))
}

fn run_all(cases: &[Value]) -> Vec<Option<[Outcome; 3]>> {
    let (first, second) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| second.iter().map(run).collect::<Vec<_>>());
        let mut outcomes: Vec<_> = first.iter().map(run).collect();
        outcomes.extend(other.join().unwrap());
        outcomes
    })
}

/// Counts of a target: exact, approximate, refused, differing.
#[derive(Default)]
struct Counts {
    exact: usize,
    approximate: usize,
    dropped: usize,
    refused: BTreeMap<String, usize>,
    differs: Vec<String>,
}

#[test]
fn documents_written_again_score_the_same() {
    let Ok(index) = std::fs::read(folder().join("index.json")) else {
        println!("the conformance cases are absent: nothing was tested");
        return;
    };
    let cases: Vec<Value> = serde_json::from_slice(&index).unwrap();
    let mut counts: [Counts; 3] = std::array::from_fn(|_| Counts::default());
    let mut read = 0;
    let mut surprises = Vec::new();
    for (case, outcomes) in cases.iter().zip(run_all(&cases)) {
        let id = case["id"].as_str().unwrap();
        let Some(outcomes) = outcomes else { continue };
        read += 1;
        for ((to, outcome), counts) in TARGETS.iter().zip(outcomes).zip(&mut counts) {
            let known = KNOWN.iter().find(|(name, target, _)| *name == id && target == to);
            match outcome {
                Outcome::Same(fate) => {
                    match fate {
                        Fate::Native | Fate::Rewrite => counts.exact += 1,
                        Fate::Approximate => counts.approximate += 1,
                        Fate::Drop | Fate::Refuse => counts.dropped += 1,
                    }
                    if known.is_some() {
                        surprises.push(format!("{id} to {to} agrees: take it off the list"));
                    }
                }
                Outcome::Refused(why) => *counts.refused.entry(why).or_default() += 1,
                Outcome::Differs(fate, why) => {
                    counts.differs.push(format!("- `{id}` to {to} ({fate}): {why}"));
                    // What a plan leaves out may show; no other plan may be wrong.
                    let said = matches!(fate, Fate::Drop) && *to != "pmml";
                    if known.is_none() && !said {
                        surprises.push(format!("{id} to {to} ({fate}): {why}"));
                    }
                }
            }
        }
    }
    let text = document(cases.len(), read, &counts);
    println!("{text}");
    assert!(surprises.is_empty(), "{} cases:\n{}", surprises.len(), surprises.join("\n"));
    let path = root().join("docs/pmml-roundtrip.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "docs/pmml-roundtrip.md is stale: HOLDALL_BLESS=1 writes it");
}

fn document(all: usize, read: usize, counts: &[Counts; 3]) -> String {
    let mut text = format!(
        "# PMML read and written again\n\nOf {all} documents of other producers {read} are read. Each is written \
         as PMML, ONNX and PFA where the plan allows it, read again, and scored on the first {ROWS} rows of its \
         case with our own engines. *Exact*: the plan is native or an exact rewrite, and the answers are equal \
         (to PMML to the bit; to the others within 1e-12). *Approximate*: the plan says so, and the answers are \
         within 1e-5. *With drops*: something without meaning for these rows is left out, and the answers are \
         equal. Made by `tests/tests/pmml_roundtrip.rs`.\n\n\
         | target | exact | approximate | with drops | refused | differing |\n|---|---|---|---|---|---|\n"
    );
    for (to, counts) in TARGETS.iter().zip(counts) {
        let refused: usize = counts.refused.values().sum();
        writeln!(
            text,
            "| {} | {} | {} | {} | {refused} | {} |",
            to.to_uppercase(),
            counts.exact,
            counts.approximate,
            counts.dropped,
            counts.differs.len()
        )
        .unwrap();
    }
    for (to, counts) in TARGETS.iter().zip(counts) {
        write!(text, "\n## {}\n\n| first reason | refused |\n|---|---|\n", to.to_uppercase())
            .unwrap();
        let mut reasons: Vec<_> = counts.refused.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons {
            writeln!(text, "| {} | {count} |", reason.replace('|', "\\|")).unwrap();
        }
        if !counts.differs.is_empty() {
            text.push_str("\nDiffering:\n\n");
            for line in &counts.differs {
                writeln!(text, "{line}").unwrap();
            }
        }
    }
    text
}
