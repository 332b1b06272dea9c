//! The answers of the library on its own models, against ours, from both forms.
#![cfg(test)]

use std::path::{Path, PathBuf};

use holdall_codec::{Body, ReadOptions, Reader};
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::Source;
use holdall_table::{CsvReader, Data, Kind, Matching, Scoring, Table, select_inputs};
use holdall_tabular::validate;

/// Their raw values are not margins of the answer.
const OTHER_MARGINS: [&str; 3] = ["uncertainty_", "absent_class_1", "absent_class_ova_"];

fn read_csv(path: &Path) -> Table {
    CsvReader::open(&Source::open(path).unwrap()).unwrap().read_all().unwrap()
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    let column = table.column(name).unwrap_or_else(|| panic!("no column `{name}`"));
    (0..table.rows).map(|row| column.text(row)).collect()
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

/// Compares, and gives the largest relative difference.
fn check(case: &str, expected: &Table, found: &Table, tolerance: (f64, f64)) -> f64 {
    let mut largest = 0.0_f64;
    assert_eq!(expected.rows, found.rows, "{case}");
    for column in &expected.columns {
        if column.name == "label" {
            let same =
                |text: &String| text.parse().map_or(text.to_lowercase(), |x: f64| x.to_string());
            let theirs: Vec<String> = texts(expected, "label").iter().map(same).collect();
            let ours: Vec<String> = texts(found, "label").iter().map(same).collect();
            assert_eq!(theirs, ours, "{case}");
            continue;
        }
        let (theirs, ours) = (numbers(expected, &column.name), numbers(found, &column.name));
        let (rel, abs) = tolerance;
        for (row, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
            let equal = (ours - theirs).abs() <= abs + rel * theirs.abs()
                || ours.to_bits() == theirs.to_bits()
                || (ours.is_nan() && theirs.is_nan());
            assert!(equal, "{case}, row {row}, `{}`: {ours:e}, expected {theirs:e}", column.name);
            if theirs.abs() > 1e-300 {
                largest = largest.max((ours - theirs).abs() / theirs.abs());
            }
        }
    }
    largest
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
    let forms: [(&str, &dyn Reader); 2] = [
        ("model.json", holdall_catboost::READER_JSON),
        ("model.cbm", holdall_catboost::READER_CBM),
    ];
    for (file, reader) in forms {
        let source = Source::open(&folder.join(file)).unwrap();
        let outcome = reader.read(&source, &ReadOptions::default()).unwrap();
        let Body::Tabular(model) = outcome.body else { panic!("CatBoost models are tabular") };
        let model = validate(*model).unwrap();
        let scorer = Scorer::compile_with(&model, ScoreOptions { raw: true }).unwrap();
        let matching = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
        let rows = read_csv(&folder.join("inputs.csv"));
        let (rows, _) = select_inputs(&scorer, &rows, matching).unwrap();
        let found = scorer.score(&rows).unwrap();
        let largest = check(case, &read_csv(&folder.join("expected.csv")), &found, near);
        assert!(largest <= 1e-13, "{case}: {largest:e}");
        if !OTHER_MARGINS.iter().any(|stem| case.starts_with(stem)) {
            check(case, &read_csv(&folder.join("margins.csv")), &found, (0.0, 0.0));
        }
    }
}

#[test]
fn every_case_answers_as_the_library_does() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/catboost");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("model.json").exists());
    folders.sort();
    assert_eq!(folders.len(), 112);
    for folder in folders {
        run(&folder);
    }
}
