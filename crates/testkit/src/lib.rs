//! What the suites of the readers share: models of `testdata/` beside the answers of the library that made them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use this, and a broken fixture stops them"
)]

use std::path::{Path, PathBuf};

use holdall_codec::{Body, ReadOptions, Reader};
use holdall_diag::Failure;
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::Source;
use holdall_table::{Column, CsvReader, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{Model, validate};

/// A folder of `testdata/`: models, rows, and what the library answered.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of the folder.
    pub name: String,
    folder: PathBuf,
    about: toml::Table,
}

/// A folder of `testdata/`.
pub fn corpus(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(format)
}

impl Case {
    /// The cases of a folder of `testdata/`, by name; there are some.
    pub fn all(format: &str) -> Vec<Self> {
        let entries = std::fs::read_dir(corpus(format)).unwrap().map(|e| e.unwrap().path());
        let mut folders: Vec<PathBuf> =
            entries.filter(|folder| folder.join("case.toml").exists()).collect();
        folders.sort();
        assert!(!folders.is_empty(), "testdata/{format} has no case");
        folders.into_iter().map(Self::open).collect()
    }

    fn open(folder: PathBuf) -> Self {
        let bytes = Source::open(&folder.join("case.toml")).unwrap().bytes().unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let about = toml::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, folder, about }
    }

    /// A file of the folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The models that `case.toml` lists.
    pub fn models(&self) -> Vec<String> {
        let models = self.about["models"].as_array().unwrap().iter();
        models.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// How near answers must be: relative, absolute.
    pub fn tolerance(&self) -> (f64, f64) {
        let number = |key: &str| self.about[key].as_float().unwrap();
        (number("tolerance_rel"), number("tolerance_abs"))
    }

    /// A table of the folder.
    pub fn table(&self, file: &str) -> Table {
        CsvReader::open(&Source::open(&self.path(file)).unwrap()).unwrap().read_all().unwrap()
    }

    /// A table of the folder that may not be there.
    pub fn optional(&self, file: &str) -> Option<Table> {
        self.path(file).exists().then(|| self.table(file))
    }

    /// Reads a model of the folder.
    ///
    /// # Errors
    ///
    /// What the reader refuses.
    pub fn read(&self, file: &str, reader: &dyn Reader) -> Result<Model, Failure> {
        match reader.read(&Source::open(&self.path(file))?, &ReadOptions::default())?.body {
            Body::Tabular(model) => Ok(*model),
            Body::Graph(_) | Body::Weights(_) => panic!("{}: expected a tabular model", self.name),
        }
    }

    /// What a model of the folder answers to its rows, margins too.
    ///
    /// # Errors
    ///
    /// What is refused on the way, as text.
    pub fn answers(&self, file: &str, reader: &dyn Reader) -> Result<Table, String> {
        let model = self.read(file, reader).map_err(|failure| failure.to_string())?;
        let valid = validate(model).map_err(|report| format!("{:?}", report.entries()))?;
        let scorer = Scorer::compile_with(&valid, ScoreOptions { raw: true }).unwrap();
        let by = if scorer.has_named_inputs() { Matching::Name } else { Matching::Position };
        let rows = self.table("inputs.csv");
        let (rows, _) = select_inputs(&scorer, &rows, by).map_err(|failure| failure.to_string())?;
        scorer.score(&rows).map_err(|failure| failure.to_string())
    }
}

/// How labels are compared; numbers always are by the tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Letter by letter.
    Exact,
    /// Numbers by value, other texts without their case.
    ByValue,
}

/// The largest difference, as a part of the tolerance.
///
/// # Errors
///
/// The first cell that differs by more, as text.
pub fn compare(
    expected: &Table,
    found: &Table,
    near: (f64, f64),
    labels: Labels,
) -> Result<f64, String> {
    if expected.rows != found.rows {
        return Err(format!("{} rows, expected {}", found.rows, expected.rows));
    }
    let mut worst = 0.0_f64;
    for theirs in &expected.columns {
        let name = &theirs.name;
        let ours = found.column(name).ok_or_else(|| format!("there is no column `{name}`"))?;
        worst = worst.max(compare_column(theirs, ours, expected.rows, near, labels)?);
    }
    Ok(worst)
}

fn compare_column(
    theirs: &Column,
    ours: &Column,
    rows: usize,
    (relative, absolute): (f64, f64),
    labels: Labels,
) -> Result<f64, String> {
    let is_label = theirs.name == "label" || theirs.name.ends_with("_label");
    let mut worst = 0.0_f64;
    for row in 0..rows {
        let part = if is_label {
            let same = same_label(&ours.text(row), &theirs.text(row), labels);
            if same { 0.0 } else { f64::INFINITY }
        } else {
            part(number(ours, row), number(theirs, row), relative, absolute)
        };
        if part.is_nan() || part > 1.0 {
            let (name, a, b) = (&theirs.name, ours.text(row), theirs.text(row));
            return Err(format!("row {row}, `{name}`: {a}, expected {b} ({part:.3})"));
        }
        worst = worst.max(part);
    }
    Ok(worst)
}

fn part(a: f64, b: f64, relative: f64, absolute: f64) -> f64 {
    // A tolerance of zero leaves equal numbers of either sign of zero.
    if a.total_cmp(&b).is_eq() || (a.is_nan() && b.is_nan()) || (a - b).abs() == 0.0 {
        return 0.0;
    }
    (a - b).abs() / (absolute + relative * b.abs())
}

fn same_label(a: &str, b: &str, labels: Labels) -> bool {
    let value = |text: &str| text.parse().map_or(text.to_lowercase(), |x: f64| x.to_string());
    a == b || (labels == Labels::ByValue && value(a) == value(b))
}

/// A number widened, an empty cell NaN; infinitely far from all others where it is no number.
fn number(column: &Column, row: usize) -> f64 {
    if column.is_missing(row) {
        return f64::NAN;
    }
    match &column.data {
        Data::F32(values) => f64::from(values[row]),
        Data::F64(values) => values[row],
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => match column.text(row).as_str() {
            "" => f64::NAN,
            text => text.parse().unwrap_or(f64::INFINITY),
        },
    }
}
