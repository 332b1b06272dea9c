//! Every model of `testdata/sklearn` and `testdata/skops` answers as scikit-learn did, or is refused with a
//! known code.

#![cfg(test)]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use holdall_codec::{Body, ReadOptions, Reader};
use holdall_diag::Failure;
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::Source;
use holdall_table::{Column, CsvReader, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{Model, validate};

/// Cases outside what is carried, by the start of their name, and the code that says so.
const REFUSED: [(&str, &str); 1] = [("tree_one_class", "sklearn/outputs")];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}

fn reader(path: &Path) -> &'static dyn Reader {
    if path.extension().is_some_and(|extension| extension == "skops") {
        holdall_sklearn::READER_SKOPS
    } else {
        holdall_sklearn::READER
    }
}

fn cases() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["sklearn", "skops"]
        .into_iter()
        .flat_map(|name| fs::read_dir(folder(name)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.toml").exists())
        .collect();
    all.sort();
    all
}

fn read(path: &Path) -> Result<Model, Failure> {
    let source = Source::open(path)?;
    match reader(path).read(&source, &ReadOptions::default())?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("expected a tabular model"),
    }
}

fn table(path: &Path) -> Table {
    CsvReader::open(&Source::open(path).unwrap()).unwrap().read_all().unwrap()
}

struct Case {
    folder: PathBuf,
    models: Vec<PathBuf>,
    relative: f64,
    absolute: f64,
}

impl Case {
    fn open(folder: &Path) -> Self {
        let bytes = Source::open(&folder.join("case.toml")).unwrap().bytes().unwrap();
        let document: toml::Table = toml::from_slice(&bytes).unwrap();
        let number = |key: &str| document[key].as_float().unwrap();
        let models = document["models"].as_array().unwrap();
        Self {
            models: models.iter().map(|name| folder.join(name.as_str().unwrap())).collect(),
            relative: number("tolerance_rel"),
            absolute: number("tolerance_abs"),
            folder: folder.to_owned(),
        }
    }

    /// The largest part of the tolerance that a number uses up, or what is wrong.
    fn check(&self, path: &Path) -> Result<f64, String> {
        let model = read(path).map_err(|failure| failure.to_string())?;
        let valid = validate(model).map_err(|report| format!("{:?}", report.entries()))?;
        let scorer = Scorer::compile_with(&valid, ScoreOptions { raw: true }).unwrap();
        let rows = table(&self.folder.join("inputs.csv"));
        let by = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
        let (rows, _) = select_inputs(&scorer, &rows, by).map_err(|failure| failure.to_string())?;
        let answers = scorer.score(&rows).map_err(|failure| failure.to_string())?;
        let mut worst = 0.0_f64;
        let margins = self.folder.join("margins.csv");
        let files = [self.folder.join("expected.csv"), margins];
        for file in files.iter().filter(|file| file.exists()) {
            for expected in &table(file).columns {
                let ours = answers
                    .column(&expected.name)
                    .ok_or_else(|| format!("there is no column `{}`", expected.name))?;
                worst = worst.max(self.compare(ours, expected, answers.rows)?);
            }
        }
        Ok(worst)
    }

    fn compare(&self, ours: &Column, expected: &Column, rows: usize) -> Result<f64, String> {
        let mut worst = 0.0_f64;
        let is_label = expected.name == "label" || expected.name.ends_with("_label");
        for row in 0..rows {
            let (a, b) = (ours.text(row), expected.text(row));
            let numbers = (number(&a), number(&b));
            let part = match numbers {
                _ if is_label && a == b => 0.0,
                (Some(a), Some(b)) if a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) => {
                    0.0
                }
                (Some(a), Some(b)) if !is_label => {
                    (a - b).abs() / (self.absolute + self.relative * b.abs())
                }
                _ => f64::INFINITY,
            };
            // A tolerance of zero leaves equal numbers of either sign of zero.
            let part = if part.is_nan() && numbers.0 == numbers.1 { 0.0 } else { part };
            if part.is_nan() || part > 1.0 {
                let name = &expected.name;
                return Err(format!("row {row}, `{name}`: expected {b}, found {a} ({part:.3})"));
            }
            worst = worst.max(part);
        }
        Ok(worst)
    }
}

/// An empty cell is NaN.
fn number(text: &str) -> Option<f64> {
    if text.is_empty() { Some(f64::NAN) } else { text.parse().ok() }
}

fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(start, _)| name.starts_with(start)).map(|(_, code)| *code)
}

#[test]
fn every_case_answers_as_scikit_learn_did() {
    let (mut report, mut failures, mut checked) = (String::new(), 0, 0);
    for folder in cases() {
        let case = Case::open(&folder);
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for model in &case.models {
            checked += 1;
            let file = model.file_name().unwrap().to_str().unwrap();
            let outcome = match refusal(&name) {
                Some(code) => match read(model) {
                    Ok(_) => Err(format!("expected the refusal `{code}`, found a model")),
                    Err(failure) if failure.code().as_str() == code => Ok(0.0),
                    Err(failure) => Err(format!("expected the refusal `{code}`, found: {failure}")),
                },
                None => case.check(model),
            };
            match outcome {
                Ok(part) => writeln!(report, "ok    {name}/{file}: {part:.4} of the tolerance"),
                Err(message) => {
                    failures += 1;
                    writeln!(report, "FAIL  {name}/{file}: {message}")
                }
            }
            .unwrap();
        }
    }
    assert!(checked >= 900, "only {checked} models were found");
    println!("{report}");
    assert!(failures == 0, "{failures} of {checked} models differ:\n{report}");
}

#[test]
fn all_protocols_and_joblib_forms_of_a_fit_give_equal_models() {
    let mut compared = 0;
    for folder in cases() {
        let case = Case::open(&folder);
        if let Some((first, others)) =
            case.models.split_first().filter(|(_, others)| !others.is_empty())
        {
            let first = read(first).unwrap();
            for other in others {
                assert_eq!(read(other).unwrap(), first, "{}", other.display());
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "only {compared} pairs were compared");
}

#[test]
fn every_model_scans_as_safe() {
    let mut others = Vec::new();
    for folder in cases() {
        for model in Case::open(&folder).models {
            let source = Source::open(&model).unwrap();
            let summary = reader(&model).inspect(&source, &ReadOptions::default()).unwrap();
            let verdict = summary.facts.iter().find(|(name, _)| name == "verdict");
            if verdict.unwrap().1 != "safe" {
                let risks: Vec<_> = summary.risks.iter().map(|r| r.message.clone()).collect();
                others.push(format!("{}: {risks:?}", model.display()));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
