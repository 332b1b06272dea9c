//! The answers of the library on its own models, against ours.
#![cfg(test)]

use std::path::{Path, PathBuf};

use holdall_codec::{Body, ReadOptions};
use holdall_diag::FailureKind;
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::Source;
use holdall_table::{CsvReader, Data, Kind, Matching, Scoring, Table, select_inputs};
use holdall_tabular::validate;

/// Cases whose margins mean something else here: random forests answer with the mean before the link
/// and the library with the sum; `sigmoid` is multiplied into the margin; `reg_sqrt` squares it.
const OTHER_MARGINS: [&str; 8] = [
    "binary_sigmoid_4_7",
    "linear_tree_rf_4_7",
    "multiclassova_4_7",
    "regression_sqrt_4_7",
    "rf_3_3",
    "rf_4_7",
    "rf_binary_4_7",
    "rf_multiclass_4_7",
];

fn read_csv(path: &Path) -> Table {
    CsvReader::open(&Source::open(path).unwrap()).unwrap().read_all().unwrap()
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    let column = table.column(name).unwrap_or_else(|| panic!("no column `{name}`"));
    let column = column.cast(Kind::F64, 0).unwrap();
    let Data::F64(values) = &column.data else { panic!("asked for f64") };
    let value = |(row, value): (usize, &f64)| {
        if column.is_missing(row) { f64::NAN } else { *value }
    };
    values.iter().enumerate().map(value).collect()
}

fn check(case: &str, expected: &Table, found: &Table, tolerance: (f64, f64)) {
    assert_eq!(expected.rows, found.rows, "{case}");
    for column in &expected.columns {
        let theirs = numbers(expected, &column.name);
        let ours = numbers(found, &column.name);
        let (rel, abs) = if column.name == "label" { (0.0, 0.0) } else { tolerance };
        for (row, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
            let equal = (ours - theirs).abs() <= abs + rel * theirs.abs()
                || ours.to_bits() == theirs.to_bits()
                || (ours.is_nan() && theirs.is_nan());
            assert!(equal, "{case}, row {row}, `{}`: {ours:e}, expected {theirs:e}", column.name);
        }
    }
}

fn run(folder: &Path) -> bool {
    let case = folder.file_name().unwrap().to_str().unwrap();
    let about: toml::Table =
        std::str::from_utf8(&Source::open(&folder.join("case.toml")).unwrap().bytes().unwrap())
            .unwrap()
            .parse()
            .unwrap();
    let tolerance = |key: &str| about[key].as_float().unwrap();
    let source = Source::open(&folder.join("model.txt")).unwrap();
    let outcome = match holdall_lightgbm::READER.read(&source, &ReadOptions::default()) {
        Ok(outcome) => outcome,
        Err(failure) => {
            assert_eq!(failure.kind(), FailureKind::Unsupported, "{failure}");
            return false;
        }
    };
    let Body::Tabular(model) = outcome.body else { panic!("LightGBM models are tabular") };
    let model = validate(*model).unwrap();
    let scorer = Scorer::compile_with(&model, ScoreOptions { raw: true }).unwrap();
    let matching = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
    let rows = read_csv(&folder.join("inputs.csv"));
    let (rows, _) = select_inputs(&scorer, &rows, matching).unwrap();
    let found = scorer.score(&rows).unwrap();
    let near = (tolerance("tolerance_rel"), tolerance("tolerance_abs"));
    check(case, &read_csv(&folder.join("expected.csv")), &found, near);
    if !OTHER_MARGINS.contains(&case) {
        check(case, &read_csv(&folder.join("margins.csv")), &found, (0.0, 0.0));
    }
    true
}

#[test]
fn every_case_answers_as_the_library_does() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lightgbm");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("model.txt").exists());
    folders.sort();
    let scored = folders.iter().filter(|folder| run(folder)).count();
    assert_eq!((folders.len(), scored), (35, 35));
}
