#![cfg(test)]
//! Every model of `testdata/`: read, scored, converted to every target, read back and scored again,
//! always against the answers of the library that made it. The outcome is `docs/corpus.md`.
#![expect(clippy::disallowed_methods, reason = "the corpus is read and the environment decides")]

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use holdall_codec::{Fate, Policy};
use holdall_convert::{FormatSpec, Loaded, LoadedBody, WriteRequest, load};
use holdall_diag::{Report, Severity};
use holdall_prove::{
    BoundaryOptions, Comparison, Tolerance, Verdict, boundary_rows, compare as prove,
};
use holdall_source::{Limits, Source};
use holdall_table::{Column, CsvReader, Data, Kind, Matching, Scoring, Table, select_inputs};

const TARGETS: [&str; 3] = ["onnx", "pmml", "pfa"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder of the corpus.
struct Case {
    name: String,
    folder: PathBuf,
    about: toml::Table,
}

impl Case {
    fn models(&self) -> Vec<PathBuf> {
        let models = self.about["models"].as_array().unwrap().iter();
        models.map(|name| self.folder.join(name.as_str().unwrap())).collect()
    }

    fn is_f32(&self) -> bool {
        self.about.get("precision").and_then(toml::Value::as_str) == Some("f32")
    }

    fn tolerance(&self) -> (f64, f64) {
        let float = |key: &str| self.about[key].as_float().unwrap();
        (float("tolerance_rel"), float("tolerance_abs"))
    }

    /// Why a conversion, or reading, is known to be refused.
    fn refused(&self, what: &str) -> Option<&str> {
        self.about.get("refused")?.as_table()?.get(what)?.as_str()
    }

    /// Why the answers are known to differ.
    fn known(&self) -> Option<&str> {
        self.about.get("known")?.as_table()?.get("read")?.as_str()
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in ["boosted", "catboost", "lightgbm", "onnx", "skops", "sklearn", "xgboost"] {
        let folder = root().join("testdata").join(format);
        for entry in std::fs::read_dir(folder).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(folder.join("case.toml")) else { continue };
            let name = format!("{format}/{}", folder.file_name().unwrap().to_string_lossy());
            cases.push(Case { name, folder, about: text.parse().unwrap() });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() > 100, "the corpus is not there");
    cases
}

fn csv(path: &Path) -> Table {
    CsvReader::open(&Source::open(path).unwrap()).unwrap().read_all().unwrap()
}

fn answers(scoring: &dyn Scoring, rows: &Table) -> Result<Table, String> {
    let matching = if scoring.has_named_inputs() { Matching::Name } else { Matching::Position };
    let (inputs, _) = select_inputs(scoring, rows, matching).map_err(|f| f.to_string())?;
    scoring.score(&inputs).map_err(|f| f.to_string())
}

fn number(column: &Column, row: usize) -> Option<f64> {
    if column.is_missing(row) {
        return None;
    }
    match &column.data {
        Data::F32(v) => Some(f64::from(v[row])),
        Data::F64(v) => Some(v[row]),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => column.text(row).parse().ok(),
    }
}

/// The largest relative difference, or what differs beyond the tolerance.
fn compare(expected: &Table, found: &Table, (rel, abs): (f64, f64)) -> Result<f64, String> {
    if expected.columns.len() != found.columns.len() {
        let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
        return Err(format!("columns {names:?}"));
    }
    let mut largest = 0.0_f64;
    for (theirs, ours) in expected.columns.iter().zip(&found.columns) {
        let is_label = theirs.name == "label" || theirs.name.ends_with("_label");
        let theirs_typed =
            if is_label { theirs.clone() } else { theirs.cast(Kind::F64, 0).unwrap() };
        for row in 0..expected.rows {
            if is_label {
                let same = theirs.text(row) == ours.text(row)
                    || (number(theirs, row).is_some()
                        && number(theirs, row).map(f64::to_bits)
                            == number(ours, row).map(f64::to_bits));
                if !same {
                    return Err(format!(
                        "row {}: label `{}`, expected `{}`",
                        row + 1,
                        ours.text(row),
                        theirs.text(row)
                    ));
                }
                continue;
            }
            match (number(&theirs_typed, row), number(ours, row)) {
                (None, None) => {}
                // The expected file has an empty cell where the library answers NaN.
                (None, Some(b)) if b.is_nan() => {}
                (Some(a), Some(b)) if a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) => {}
                (Some(a), Some(b)) if (a - b).abs() <= abs + rel * a.abs() => {
                    if (a - b).abs() > abs {
                        largest = largest.max((a - b).abs() / a.abs());
                    }
                }
                (a, b) => {
                    return Err(format!(
                        "row {}, `{}`: {b:?}, expected {a:?}",
                        row + 1,
                        theirs.name
                    ));
                }
            }
        }
    }
    Ok(largest)
}

fn read(path: &Path) -> Result<Loaded, String> {
    let source = Source::open(path).unwrap();
    load(&source, None, Limits::default()).map_err(|f| f.diagnostic().message.clone())
}

/// Converts and reads back: the fate of the plan and the scoring of the target.
fn converted(case: &Case, to: &str) -> Result<(Fate, Loaded), String> {
    let loaded = read(&case.models()[0])?;
    let request = WriteRequest::new(Some(to), "m").unwrap();
    let mut bytes = Vec::new();
    let fate = if request.takes_body(&loaded.body) {
        request.write_body(&loaded, &mut bytes).map_err(|f| f.to_string())?;
        Fate::Native
    } else {
        let (model, _) = loaded.into_tabular().map_err(|f| f.diagnostic().message.clone())?;
        let plan = request.plan(&model).map_err(|f| f.to_string())?;
        let fate = plan.worst();
        let policy = Policy { approximate: true, drop: true };
        let (accepted, _) = plan.accept(policy).map_err(|report| first_error(&report))?;
        holdall_convert::write(&request, &accepted, &mut bytes).unwrap();
        let mut again = Vec::new();
        holdall_convert::write(&request, &accepted, &mut again).unwrap();
        assert!(bytes == again, "{}: {to} is not written the same twice", case.name);
        fate
    };
    let target = Source::from_bytes(format!("{}.{to}", case.name), bytes);
    let spec = FormatSpec::new(to);
    let reread = load(&target, Some(&spec), Limits::default())
        .unwrap_or_else(|failure| panic!("{}: written as {to} and not read: {failure}", case.name));
    Ok((fate, reread))
}

/// The first finding that blocks: warnings may stand before it.
fn first_error(report: &Report) -> String {
    let error = report.entries().iter().find(|entry| entry.severity == Severity::Error);
    error.map(|entry| entry.message.clone()).unwrap_or_default()
}

/// What a target may differ by: its plan is exact, or it says that it rounds to binary32.
fn target_tolerance(case: &Case, fate: Fate) -> (f64, f64) {
    let (rel, abs) = case.tolerance();
    if fate == Fate::Approximate || case.is_f32() {
        (rel.max(1e-6), abs.max(1e-7))
    } else {
        (rel.max(1e-12), abs.max(1e-15))
    }
}

fn cell(case: &Case, to: &str, faults: &mut Vec<String>) -> String {
    let known = case.refused(to);
    match converted(case, to) {
        Err(why) if known.is_some() => format!("refused: {}", why.replace('|', "\\|")),
        Err(why) => {
            faults.push(format!("{}: {to}: refused: {why}", case.name));
            String::new()
        }
        Ok(_) if known.is_some() => {
            faults.push(format!("{}: {to}: is listed as refused and is not", case.name));
            String::new()
        }
        Ok((fate, target)) => {
            let scoring = target.scoring(false).unwrap();
            let rows = csv(&case.folder.join("inputs.csv"));
            let expected = csv(&case.folder.join("expected.csv"));
            let outcome = answers(&*scoring, &rows)
                .and_then(|found| compare(&expected, &found, target_tolerance(case, fate)));
            match outcome {
                Ok(largest) => figure(fate, largest),
                Err(_) if case.known().is_some() => "known difference".to_owned(),
                Err(why) => {
                    faults.push(format!("{}: {to}: {why}", case.name));
                    String::new()
                }
            }
        }
    }
}

fn figure(fate: Fate, largest: f64) -> String {
    let name = if fate <= Fate::Rewrite { "exact" } else { fate.as_str() };
    // Last digits depend on the C library's exponential; orders of magnitude do not.
    if largest > 0.0 { format!("{name}, {}", order(largest)) } else { format!("{name}, 0") }
}

fn order(largest: f64) -> String {
    let bound =
        [1e-15, 1e-14, 1e-13, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5].into_iter().find(|b| largest <= *b);
    bound.map_or_else(|| format!("{largest:e}"), |bound| format!("≤ {bound:e}"))
}

#[test]
fn the_corpus_answers_as_its_makers_do() {
    let mut page = String::from(
        "# The corpus\n\nEvery model of `testdata/` read, scored, converted, read back and scored \
         again, against the answers of the library that made it: the largest relative difference \
         over all rows beyond the absolute tolerance of the case (1e-15 for binary64, 1e-7 for \
         binary32 models), labels equal in every row. *exact*: the plan is native or an exact \
         rewrite. *approximate*: the plan says by how much. Written by \
         `tests/tests/corpus.rs`.\n\n| model | read | ONNX | PMML | PFA |\n|---|---|---|---|---|\n",
    );
    let mut faults = Vec::new();
    for case in cases() {
        let rows = csv(&case.folder.join("inputs.csv"));
        let expected = csv(&case.folder.join("expected.csv"));
        let mut read_cell = String::new();
        for path in case.models() {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            match (read(&path), case.refused("read")) {
                (Err(why), Some(_)) => {
                    read_cell = format!("refused: {}", why.replace('|', "\\|"));
                }
                (Err(why), None) => faults.push(format!("{} {file}: {why}", case.name)),
                (Ok(_), Some(_)) => {
                    faults.push(format!("{} {file}: is listed as refused and is not", case.name));
                }
                (Ok(loaded), None) => {
                    let outcome = loaded
                        .scoring(false)
                        .map_err(|f| f.to_string())
                        .and_then(|scoring| answers(&*scoring, &rows))
                        .and_then(|found| compare(&expected, &found, case.tolerance()));
                    match outcome {
                        Ok(_) if case.known().is_some() => {
                            faults.push(format!("{}: is listed as known and agrees", case.name));
                        }
                        Err(_) if case.known().is_some() => {
                            read_cell = format!("known: {}", case.known().unwrap_or_default());
                        }
                        Ok(largest) if largest > 0.0 => read_cell = order(largest),
                        Ok(_) => read_cell = "0".to_owned(),
                        Err(why) => faults.push(format!("{} {file}: {why}", case.name)),
                    }
                }
            }
        }
        write!(page, "| {} | {read_cell} |", case.name).unwrap();
        for to in TARGETS {
            if case.refused("read").is_some() {
                page.push_str(" – |");
                continue;
            }
            write!(page, " {} |", cell(&case, to, &mut faults)).unwrap();
        }
        page.push('\n');
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    let path = root().join("docs/corpus.md");
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == page, "docs/corpus.md is stale: run with HOLDALL_BLESS=1");
    }
}

/// What the Python converters to ONNX were measured to get wrong (onnxmltools 1.16, CatBoost 1.2): models that
/// are right here, and whether ONNX is written. What is not written is refused, never left out.
const WRONG_ELSEWHERE: [(&str, bool, &str); 12] = [
    ("xgboost/parallel_trees_1_7", true, "classes are taken to go round tree by tree"),
    ("xgboost/parallel_trees_2_1", true, "classes are taken to go round tree by tree"),
    ("xgboost/parallel_trees_3_2", true, "classes are taken to go round tree by tree"),
    ("xgboost/dart_3_2", true, "dropped trees are not known: it stops"),
    ("xgboost/dart_multi_3_2", true, "dropped trees are not known: it stops"),
    ("lightgbm/rf_4_7", true, "trees of a random forest are added, not averaged"),
    ("lightgbm/rf_binary_4_7", true, "trees of a random forest are added, not averaged"),
    ("lightgbm/rf_multiclass_4_7", true, "trees of a random forest are added, not averaged"),
    ("lightgbm/linear_tree_4_7", true, "the linear models of leaves are left out"),
    ("catboost/lossguide_1_2_10", true, "only symmetric trees are written"),
    ("catboost/depthwise_1_2_10", true, "only symmetric trees are written"),
    ("catboost/one_hot_pool_1_2_10", true, "categories are not written"),
];

#[test]
fn what_other_converters_get_wrong_is_right_here() {
    let cases = cases();
    for (name, written, why) in WRONG_ELSEWHERE {
        let case = cases.iter().find(|case| case.name == name).expect(name);
        let rows = csv(&case.folder.join("inputs.csv"));
        let expected = csv(&case.folder.join("expected.csv"));
        for path in case.models() {
            let scoring = read(&path).unwrap().scoring(false).unwrap();
            let found = answers(&*scoring, &rows).unwrap();
            let outcome = compare(&expected, &found, case.tolerance());
            assert!(outcome.is_ok(), "{name} ({why}): {outcome:?}");
        }
        match converted(case, "onnx") {
            Ok((fate, target)) => {
                assert!(written, "{name}: ONNX is written: list it so");
                let found = answers(&*target.scoring(false).unwrap(), &rows).unwrap();
                let outcome = compare(&expected, &found, target_tolerance(case, fate));
                assert!(outcome.is_ok(), "{name} ({why}): {outcome:?}");
            }
            Err(refusal) => assert!(!written, "{name} ({why}): {refusal}"),
        }
    }
}

/// Documents that are known to differ when they are read and written again: derived fields that do not
/// depend on each other change places, or the targets of a Gaussian process, which are worked out of its weights, change
/// their last digits.
const UNSTABLE: &[(&str, &str)] = &[
    ("onnx/skl_complement_nb", "pmml"),
    ("sklearn/ada_3_1_0", "pmml"),
    ("sklearn/ada_r_2_1_1", "pmml"),
    ("sklearn/gp_rbf_0_22", "pmml"),
    ("sklearn/gp_rbf_1_0", "pmml"),
    ("sklearn/isolation_forest_0_24", "pmml"),
    ("sklearn/kmeans_0_22", "pmml"),
    ("sklearn/kmeans_1_2", "pmml"),
    ("sklearn/kmeans_1_9", "pmml"),
    ("sklearn/voting_soft_3_1_9", "pmml"),
];

/// One case in seven, whatever other cases there are.
fn is_sampled(name: &str) -> bool {
    name.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 65_521) % 7 == 0
}

#[test]
fn a_round_trip_of_every_tabular_target_is_stable() {
    let mut surprises = Vec::new();
    for case in cases().into_iter().filter(|case| is_sampled(&case.name)) {
        for to in ["pmml", "pfa"] {
            if case.refused(to).is_some() || case.refused("read").is_some() {
                continue;
            }
            let once = converted(&case, to);
            let (_, once) = once.unwrap_or_else(|why| panic!("{}: {to}: {why}", case.name));
            let LoadedBody::Tabular(once) = once.body else { panic!("{to} holds tabular models") };
            let request = WriteRequest::new(Some(to), "m").unwrap();
            let write = |model: &holdall_tabular::ValidModel| {
                let mut bytes = Vec::new();
                let policy = Policy { approximate: true, drop: true };
                let plan = request.plan(model).unwrap().accept(policy);
                let (accepted, _) = plan.map_err(|report| first_error(&report))?;
                holdall_convert::write(&request, &accepted, &mut bytes).unwrap();
                Ok::<_, String>(bytes)
            };
            let known = UNSTABLE.contains(&(case.name.as_str(), to));
            let Ok(first) = write(&once) else {
                if !known {
                    surprises.push(format!("{}: {to}: written again: refused", case.name));
                }
                continue;
            };
            let source = Source::from_bytes("again", first.clone());
            let again = load(&source, Some(&FormatSpec::new(to)), Limits::default()).unwrap();
            let LoadedBody::Tabular(again) = again.body else { panic!() };
            let stable = write(&again).is_ok_and(|bytes| bytes == first);
            if stable == known {
                surprises.push(format!("{}: {to}: written again: same {stable}", case.name));
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// What a proof finds on rows made from the model: nothing where the target is refused, or reads no tabular model.
fn proof(case: &Case, to: &str) -> Option<Comparison> {
    let loaded = read(&case.models()[0]).ok()?;
    let (_, target) = converted(case, to).ok()?;
    let (source, target) = (loaded.scoring(false).unwrap(), target.scoring(false).unwrap());
    let LoadedBody::Tabular(model) = &loaded.body else { return None };
    let options = BoundaryOptions { random_rows: 100, max_rows: 400, ..BoundaryOptions::default() };
    let rows = boundary_rows(model, &options, &mut |_, _| {}).unwrap().rows;
    let ports = source.outputs().iter().chain(target.outputs());
    let tolerance = if ports.into_iter().any(|port| port.kind == Kind::F32) {
        Tolerance { relative: 1e-6, absolute: 1e-7, ulp: 2 }
    } else {
        Tolerance { relative: 1e-12, absolute: 1e-15, ulp: 2 }
    };
    Some(prove(&*source, &*target, &rows, &tolerance, &mut |_, _| {}).unwrap())
}

#[test]
fn conversions_hold_on_rows_made_from_the_model() {
    let (mut faults, mut proved) = (Vec::new(), 0);
    for case in cases() {
        for to in TARGETS.iter().filter(|to| case.refused(to).is_none()) {
            let Some(found) = proof(&case, to) else { continue };
            if found.verdict == Verdict::Different {
                faults.push(format!("{}: {to}: {found:?}", case.name));
            }
            proved += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(proved > 1000, "only {proved} conversions were proved");
}
