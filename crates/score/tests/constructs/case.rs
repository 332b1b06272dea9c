use std::{collections::BTreeMap, path::PathBuf};

use holdall_score::Scorer;
use holdall_source::Source;
use holdall_table::{Column, Data, Kind, Scoring, Table};
use holdall_tabular::{Field, Labels, Matrix, Model, Op, Output, Part, ValueId, validate};
use serde_json::Value;

/// One case of a fixture file: parameters, inputs and the library's answers.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Case {
    #[serde(rename = "case")]
    pub(crate) name: String,
    by: String,
    inputs: BTreeMap<String, Vec<Value>>,
    expected: BTreeMap<String, Vec<Value>>,
    pub(crate) params: BTreeMap<String, Value>,
}

/// The cases of a file; it has some.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/constructs")
        .join(format!("{file}.json"));
    let source = Source::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let cases: Vec<Case> = serde_json::from_slice(&source.bytes().unwrap()).unwrap();
    assert!(!cases.is_empty(), "{file} has no case");
    cases
}

/// A number as the scripts write it; none for null.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(word) => {
            Some(word.parse().unwrap_or_else(|_| panic!("`{word}` is no number")))
        }
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.as_f64().unwrap()),
    }
}

impl Case {
    pub(crate) fn value(&self, name: &str) -> &Value {
        self.params.get(name).unwrap_or_else(|| panic!("{} has no `{name}`", self.name))
    }

    /// The rows of an input.
    pub(crate) fn rows(&self, name: &str) -> &[Value] {
        &self.inputs[name]
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.params.contains_key(name)
    }

    pub(crate) fn has_input(&self, name: &str) -> bool {
        self.inputs.contains_key(name)
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        number(self.value(name)).unwrap()
    }

    pub(crate) fn count(&self, name: &str) -> u32 {
        u32::try_from(self.value(name).as_u64().unwrap()).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.value(name).as_str().unwrap().to_owned()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        list(self.value(name))
    }

    pub(crate) fn counts(&self, name: &str) -> Vec<u32> {
        serde_json::from_value(self.value(name).clone()).unwrap()
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        serde_json::from_value(self.value(name).clone()).unwrap()
    }

    pub(crate) fn matrix(&self, name: &str) -> Matrix {
        matrix(self.value(name))
    }
}

pub(crate) fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| number(v).unwrap()).collect()
}

pub(crate) fn matrix(value: &Value) -> Matrix {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(list).collect();
    Matrix {
        rows: u32::try_from(rows.len()).unwrap(),
        columns: u32::try_from(rows[0].len()).unwrap(),
        data: rows.concat(),
    }
}

/// A model under construction with the rows it is to score.
pub(crate) struct Build {
    pub(crate) model: Model,
    columns: Vec<Column>,
    rows: usize,
}

impl Build {
    pub(crate) fn new() -> Self {
        let mut model = Model::new();
        model.named_inputs = true;
        Self { model, columns: Vec::new(), rows: 0 }
    }

    pub(crate) fn push(&mut self, op: Op) -> ValueId {
        self.model.push(op).unwrap()
    }

    /// An input of a case as a scalar field.
    pub(crate) fn scalar(&mut self, case: &Case, name: &str, kind: Kind) -> ValueId {
        self.column(name, kind, &case.inputs[name])
    }

    /// An input of a case whose rows are vectors, as a vector of fields.
    pub(crate) fn vector(&mut self, case: &Case, name: &str, kind: Kind) -> ValueId {
        let rows = &case.inputs[name];
        let width = rows[0].as_array().unwrap().len();
        let elements = (0..width)
            .map(|i| {
                let cells: Vec<Value> = rows.iter().map(|row| row[i].clone()).collect();
                self.column(&format!("{name}{i}"), kind, &cells)
            })
            .collect();
        self.push(Op::Concat(elements))
    }

    pub(crate) fn column(&mut self, name: &str, kind: Kind, cells: &[Value]) -> ValueId {
        self.rows = cells.len();
        let numbers = || cells.iter().map(|v| number(v).unwrap_or_default());
        let data = match kind {
            #[expect(clippy::cast_possible_truncation, reason = "the cells hold binary32 numbers")]
            Kind::F32 => Data::F32(numbers().map(|x| x as f32).collect()),
            Kind::F64 => Data::F64(numbers().collect()),
            Kind::I64 => Data::I64(cells.iter().map(|v| v.as_i64().unwrap_or_default()).collect()),
            Kind::Bool => {
                Data::Bool(cells.iter().map(|v| v.as_bool().unwrap_or_default()).collect())
            }
            Kind::Text => Data::Text(
                cells.iter().map(|v| v.as_str().unwrap_or_default().to_owned()).collect(),
            ),
        };
        let missing: Vec<bool> = cells.iter().map(Value::is_null).collect();
        let mut column = Column::new(name, data);
        if missing.contains(&true) {
            column.missing = missing;
        }
        self.columns.push(column);
        self.model.push_field(Field::category(name, kind)).unwrap()
    }

    pub(crate) fn output(&mut self, value: ValueId, part: Part) {
        self.model.outputs.push(Output::new(value, part));
    }

    /// Scores the rows. The answers are the same for each row alone and for many rows on one or two threads; the
    /// model can be shown.
    pub(crate) fn score(self) -> Table {
        let valid = validate(self.model).unwrap_or_else(|report| panic!("{report:?}"));
        assert!(!valid.dump().is_empty());
        assert!(valid.statistics().depth > 0);
        let scorer = Scorer::compile(&valid).unwrap();
        let table = Table { columns: self.columns, rows: self.rows, first_row: 0 };
        let (answers, failures) = scorer.score_rows(&table).unwrap();
        assert!(failures.is_empty(), "{failures:?}");
        let history = scorer.history();
        for row in 0..table.rows {
            // A row alone, but for those that it looks back at.
            let alone: Vec<usize> = (row.saturating_sub(history)..=row).collect();
            let found = scorer.score(&rows(&table, &alone)).unwrap();
            same(&answers, row, &found, alone.len() - 1);
        }
        // Enough rows for several chunks, whatever their size.
        let many: Vec<usize> = (0..5000).map(|i| i * 7 % table.rows).collect();
        let long = rows(&table, &many);
        let mut before: Option<Table> = None;
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| scorer.score(&long)).unwrap();
            for (place, &row) in many.iter().enumerate().step_by(97) {
                if history == 0 {
                    same(&answers, row, &found, place);
                } else if let Some(before) = &before {
                    same(before, place, &found, place);
                }
            }
            before = Some(found);
        }
        answers
    }
}

fn same(a: &Table, row: usize, b: &Table, other: usize) {
    for (left, right) in a.columns.iter().zip(&b.columns) {
        assert_eq!(cell(left, row), cell(right, other), "{} in row {row}", left.name);
    }
}

/// Some rows of a table.
fn rows(table: &Table, chosen: &[usize]) -> Table {
    fn pick<T: Clone>(list: &[T], chosen: &[usize]) -> Vec<T> {
        chosen.iter().map(|&row| list[row].clone()).collect()
    }
    let column = |column: &Column| Column {
        name: column.name.clone(),
        role: None,
        data: match &column.data {
            Data::F32(v) => Data::F32(pick(v, chosen)),
            Data::F64(v) => Data::F64(pick(v, chosen)),
            Data::I64(v) => Data::I64(pick(v, chosen)),
            Data::Bool(v) => Data::Bool(pick(v, chosen)),
            Data::Text(v) => Data::Text(pick(v, chosen)),
        },
        missing: if column.missing.is_empty() { Vec::new() } else { pick(&column.missing, chosen) },
    };
    let columns = table.columns.iter().map(column).collect();
    Table { columns, rows: chosen.len(), first_row: 0 }
}

/// A cell of an answer.
#[derive(Clone, Debug)]
enum Cell {
    Missing,
    Number(f64),
    Text(String),
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Missing, Self::Missing) => true,
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => false,
        }
    }
}

fn cell(column: &Column, row: usize) -> Cell {
    if column.missing.get(row).copied().unwrap_or(false) {
        return Cell::Missing;
    }
    match &column.data {
        Data::F32(v) => Cell::Number(f64::from(v[row])),
        Data::F64(v) => Cell::Number(v[row]),
        Data::I64(v) => Cell::Number(v[row].to_string().parse().unwrap()),
        Data::Bool(v) => Cell::Number(f64::from(u8::from(v[row]))),
        Data::Text(v) => Cell::Text(v[row].clone()),
    }
}

/// Compares columns of answers, from the one at `start`, with what the library gave under `name`. Numbers agree
/// within `tolerance` of the larger of 1 and the expected value. Gives the number of columns compared.
pub(crate) fn compare(
    case: &Case,
    name: &str,
    found: &Table,
    start: usize,
    tolerance: f64,
) -> usize {
    let rows = &case.expected[name];
    assert_eq!(found.rows, rows.len(), "{}", case.name);
    let mut width = 1;
    for (row, wanted) in rows.iter().enumerate() {
        let wanted: Vec<&Value> = match wanted {
            Value::Array(list) => list.iter().collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => vec![wanted],
        };
        width = wanted.len();
        for (i, wanted) in wanted.into_iter().enumerate() {
            let found = cell(&found.columns[start + i], row);
            let agrees = match (&found, wanted) {
                (Cell::Missing, Value::Null) => true,
                (Cell::Text(text), Value::String(wanted)) => text == wanted,
                (
                    Cell::Number(x),
                    wanted @ (Value::Number(_) | Value::String(_) | Value::Bool(_)),
                ) => {
                    let y = number(wanted).unwrap();
                    (x.is_nan() && y.is_nan())
                        || x.partial_cmp(&y) == Some(std::cmp::Ordering::Equal)
                        || (x - y).abs() <= tolerance * y.abs().max(1.0)
                }
                _ => false,
            };
            assert!(
                agrees,
                "{} ({}): row {row}, {name} {i}: expected {wanted}, found {found:?}",
                case.name, case.by
            );
        }
    }
    width
}

/// Class labels 0, 1, …
pub(crate) fn numbered(count: usize) -> Labels {
    Labels::I64((0..).take(count).collect())
}
