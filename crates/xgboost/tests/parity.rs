//! The answers of the library on its own models, against ours.
#![cfg(test)]

use std::path::{Path, PathBuf};

use holdall_codec::{Body, ReadOptions};
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::Source;
use holdall_table::{CsvReader, Data, Kind, Matching, Scoring, Table, select_inputs};
use holdall_tabular::validate;

/// Sums of products, whose order differs: their margins agree to the tolerance of the case.
const SUMS_OF_PRODUCTS: &str = "linear_";

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

fn run(folder: &Path) {
    let case = folder.file_name().unwrap().to_str().unwrap();
    let about: toml::Table =
        std::str::from_utf8(&Source::open(&folder.join("case.toml")).unwrap().bytes().unwrap())
            .unwrap()
            .parse()
            .unwrap();
    let tolerance = |key: &str| about[key].as_float().unwrap();
    let near = (tolerance("tolerance_rel"), tolerance("tolerance_abs"));
    let forms =
        [("model.json", holdall_xgboost::READER_JSON), ("model.ubj", holdall_xgboost::READER_UBJ)];
    for (file, reader) in forms {
        let source = Source::open(&folder.join(file)).unwrap();
        let outcome = reader.read(&source, &ReadOptions::default()).unwrap();
        let Body::Tabular(model) = outcome.body else { panic!("XGBoost models are tabular") };
        let model = validate(*model).unwrap();
        let scorer = Scorer::compile_with(&model, ScoreOptions { raw: true }).unwrap();
        let matching = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
        let rows = read_csv(&folder.join("inputs.csv"));
        let (rows, _) = select_inputs(&scorer, &rows, matching).unwrap();
        let found = scorer.score(&rows).unwrap();
        check(case, &read_csv(&folder.join("expected.csv")), &found, near);
        let margins = if case.starts_with(SUMS_OF_PRODUCTS) { near } else { (0.0, 0.0) };
        check(case, &read_csv(&folder.join("margins.csv")), &found, margins);
    }
}

#[test]
fn every_case_answers_as_the_library_does() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/xgboost");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("model.json").exists());
    folders.sort();
    assert_eq!(folders.len(), 41);
    for folder in folders {
        run(&folder);
    }
}
