use holdall_diag::Failure;

use crate::{Column, Data, Kind, Port, codes};

/// A cell as a value of a kind; `None` when it is empty, that is missing.
///
/// Number text may carry surrounding blanks; `nan`, `inf` and their usual spellings are read.
fn parse<T>(text: &str, number: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { number(text).map(Some).ok_or(()) }
}

/// `3` and `3.0` are integers, `3.5` is not.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| text.parse().ok().and_then(integer))
}

pub(crate) fn integer(value: f64) -> Option<i64> {
    // -2⁶³ ≤ value < 2⁶³, both bounds exact in binary64.
    let range = -(2.0_f64.powi(63))..2.0_f64.powi(63);
    #[expect(clippy::cast_possible_truncation, reason = "range and wholeness are checked")]
    (range.contains(&value) && value.trunc().total_cmp(&value).is_eq()).then_some(value as i64)
}

pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "1" => Some(true),
        "false" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

/// `table/parse`, naming row, column and value; `number` is that of the row, from 1.
pub(crate) fn not_a(kind: Kind, number: u64, column: &str, value: &str) -> Failure {
    Failure::malformed(
        codes::PARSE,
        format!("row {number}, column `{column}`: expected {kind}, found `{value}`"),
    )
}

/// A column that is made of cells, one after another.
#[derive(Debug)]
pub(crate) struct TypedColumn<'p> {
    port: &'p Port,
    data: Data,
    /// Empty until the first missing cell.
    missing: Vec<bool>,
}

impl<'p> TypedColumn<'p> {
    pub(crate) fn new(port: &'p Port, rows: usize) -> Self {
        let data = match port.kind {
            Kind::F32 => Data::F32(Vec::with_capacity(rows)),
            Kind::F64 => Data::F64(Vec::with_capacity(rows)),
            Kind::I64 => Data::I64(Vec::with_capacity(rows)),
            Kind::Bool => Data::Bool(Vec::with_capacity(rows)),
            Kind::Text => Data::Text(Vec::with_capacity(rows)),
        };
        Self { port, data, missing: Vec::new() }
    }

    /// Adds the value of a cell, or, when it is none, a missing one and a failure. `number` is that of
    /// the row, from 1.
    pub(crate) fn push(&mut self, cell: &str, number: u64) -> Result<(), Failure> {
        let present = match &mut self.data {
            Data::F32(v) => add(v, parse(cell, |text| text.parse().ok())),
            Data::F64(v) => add(v, parse(cell, |text| text.parse().ok())),
            Data::I64(v) => add(v, parse(cell, parse_integer)),
            Data::Bool(v) => add(v, parse(cell, parse_bool)),
            Data::Text(v) => {
                v.push(cell.to_owned());
                Ok(!cell.is_empty())
            }
        };
        let rows = self.data.len();
        if present != Ok(true) {
            self.missing.resize(rows - 1, false);
            self.missing.push(true);
        } else if !self.missing.is_empty() {
            self.missing.push(false);
        }
        match present {
            Ok(_) => Ok(()),
            Err(()) => Err(not_a(self.port.kind, number, &self.port.name, cell)),
        }
    }

    pub(crate) fn push_missing(&mut self) {
        // An empty cell is missing in every kind.
        drop(self.push("", 0));
    }

    pub(crate) fn finish(self) -> Column {
        Column::new(self.port.name.clone(), self.data).with_missing(self.missing)
    }
}

/// Whether a value was there.
fn add<T: Default>(values: &mut Vec<T>, parsed: Result<Option<T>, ()>) -> Result<bool, ()> {
    let (value, present) = match parsed {
        Ok(Some(value)) => (value, Ok(true)),
        Ok(None) => (T::default(), Ok(false)),
        Err(()) => (T::default(), Err(())),
    };
    values.push(value);
    present
}
