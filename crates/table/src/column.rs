use std::fmt;

use holdall_diag::Failure;

use crate::{
    Failed, Port,
    typed::{TypedColumn, integer, not_a, parse_bool, parse_integer},
};

/// Kind of a scalar value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// Signed 64-bit integer.
    I64,
    /// True or false.
    Bool,
    /// UTF-8 text.
    Text,
}

impl Kind {
    /// Lower-case name, as dtypes are spelled: `f32`, `text`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I64 => "i64",
            Self::Bool => "bool",
            Self::Text => "text",
        }
    }

    /// Whether arithmetic is defined on it.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::I64)
    }

    /// Whether it is a floating-point kind.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Values of a column. Where a value is missing its place holds an arbitrary filler.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// binary32 values.
    F32(Vec<f32>),
    /// binary64 values.
    F64(Vec<f64>),
    /// Integers.
    I64(Vec<i64>),
    /// Booleans.
    Bool(Vec<bool>),
    /// Texts.
    Text(Vec<String>),
}

impl Data {
    /// Kind of the values.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::F32(_) => Kind::F32,
            Self::F64(_) => Kind::F64,
            Self::I64(_) => Kind::I64,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
        }
    }

    /// Number of values.
    pub const fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// Whether there is no value.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an output column means, so that two models can be compared whatever they call it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The predicted class.
    Label,
    /// Probability of the class with this label text.
    Probability(String),
    /// Untransformed score with this index.
    Margin(u32),
    /// Predicted value of the target with this index.
    Value(u32),
    /// Element of a transformed vector.
    Transformed(u32),
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in the header row.
    pub name: String,
    /// What the values mean, for output columns.
    pub role: Option<Role>,
    /// The values.
    pub data: Data,
    /// Which values are missing: empty when none is, else one flag a row.
    pub missing: Vec<bool>,
}

impl Column {
    /// A column without missing values.
    pub fn new(name: impl Into<String>, data: Data) -> Self {
        Self { name: name.into(), role: None, data, missing: Vec::new() }
    }

    /// The same column with a meaning.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// The same column with missing flags; `missing` is empty or has one flag a row.
    #[must_use]
    pub fn with_missing(mut self, missing: Vec<bool>) -> Self {
        self.missing = missing;
        self
    }

    /// Whether the value of `row` is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        self.missing.get(row).copied().unwrap_or(false)
    }

    /// The value of `row` as text, empty when missing. Floats are written so that reading gives the
    /// same bits: shortest form, `NaN`, `inf`, `-inf`.
    pub fn text(&self, row: usize) -> String {
        if self.is_missing(row) {
            return String::new();
        }
        match &self.data {
            Data::F32(v) => v.get(row).map(ToString::to_string),
            Data::F64(v) => v.get(row).map(ToString::to_string),
            Data::I64(v) => v.get(row).map(ToString::to_string),
            Data::Bool(v) => v.get(row).map(ToString::to_string),
            Data::Text(v) => v.get(row).cloned(),
        }
        .unwrap_or_default()
    }

    /// The same column with values of another kind. Text is parsed at the precision of `kind`; an
    /// empty cell is missing. `first_row` is the number of the first row, for messages.
    ///
    /// Number text may carry surrounding blanks; `nan`, `inf` and their usual spellings are read.
    /// Fails with `table/parse`, naming row, column and value.
    pub fn cast(&self, kind: Kind, first_row: u64) -> Result<Self, Failure> {
        let rows = self.data.len();
        let mut missing = self.missing.clone();
        let fail =
            |row: usize, value: &str| not_a(kind, first_row + row as u64 + 1, &self.name, value);
        if let Data::Text(texts) = &self.data {
            if kind != Kind::Text && texts.iter().any(|t| t.trim().is_empty()) {
                missing.resize(rows, false);
            }
            let mut flag = |row: usize, text: &str| -> bool {
                let empty = text.trim().is_empty();
                if empty && let Some(flag) = missing.get_mut(row) {
                    *flag = true;
                }
                empty
            };
            let data = match kind {
                Kind::Text => {
                    if texts.iter().any(String::is_empty) {
                        missing.resize(rows, false);
                        for (flag, text) in missing.iter_mut().zip(texts) {
                            *flag |= text.is_empty();
                        }
                    }
                    Data::Text(texts.clone())
                }
                Kind::F32 => Data::F32(each(texts, |row, text| {
                    if flag(row, text) { Some(0.0) } else { text.trim().parse().ok() }
                        .ok_or_else(|| fail(row, text))
                })?),
                Kind::F64 => Data::F64(each(texts, |row, text| {
                    if flag(row, text) { Some(0.0) } else { text.trim().parse().ok() }
                        .ok_or_else(|| fail(row, text))
                })?),
                Kind::I64 => Data::I64(each(texts, |row, text| {
                    if flag(row, text) { Some(0) } else { parse_integer(text.trim()) }
                        .ok_or_else(|| fail(row, text))
                })?),
                Kind::Bool => Data::Bool(each(texts, |row, text| {
                    if flag(row, text) { Some(false) } else { parse_bool(text.trim()) }
                        .ok_or_else(|| fail(row, text))
                })?),
            };
            return Ok(Self { name: self.name.clone(), role: self.role.clone(), data, missing });
        }
        let data = self.cast_typed(kind, |row| fail(row, &self.text(row)))?;
        Ok(Self { name: self.name.clone(), role: self.role.clone(), data, missing })
    }

    /// Like [`Column::cast`] to a port's kind and name, except that a value which is none of the kind is
    /// missing, and its row is given, counted from 0, with why.
    pub fn cast_rows(&self, port: &Port, first_row: u64) -> (Self, Vec<Failed>) {
        if let Ok(cast) = self.cast(port.kind, first_row) {
            return (Self { name: port.name.clone(), ..cast }, Vec::new());
        }
        let mut column = TypedColumn::new(port, self.data.len());
        let mut failed = Vec::new();
        for row in 0..self.data.len() {
            // Floats and integers survive the way through text.
            if let Err(failure) = column.push(&self.text(row), first_row + row as u64 + 1) {
                failed.push((row, failure));
            }
        }
        (column.finish(), failed)
    }

    fn cast_typed(&self, kind: Kind, fail: impl Fn(usize) -> Failure) -> Result<Data, Failure> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounding to binary32 is what is asked"
        )]
        #[expect(clippy::cast_precision_loss, reason = "rounding to a float is what is asked")]
        Ok(match (&self.data, kind) {
            (data, kind) if data.kind() == kind => data.clone(),
            (Data::F64(v), Kind::F32) => Data::F32(v.iter().map(|&x| x as f32).collect()),
            (Data::F32(v), Kind::F64) => Data::F64(v.iter().map(|&x| f64::from(x)).collect()),
            (Data::I64(v), Kind::F64) => Data::F64(v.iter().map(|&x| x as f64).collect()),
            (Data::I64(v), Kind::F32) => Data::F32(v.iter().map(|&x| x as f32).collect()),
            (Data::F64(v), Kind::I64) => {
                Data::I64(each(v, |row, &x| integer(x).ok_or_else(|| fail(row)))?)
            }
            (Data::F32(v), Kind::I64) => {
                Data::I64(each(v, |row, &x| integer(f64::from(x)).ok_or_else(|| fail(row)))?)
            }
            (Data::Bool(v), Kind::F64) => {
                Data::F64(v.iter().map(|&x| f64::from(u8::from(x))).collect())
            }
            (Data::Bool(v), Kind::F32) => {
                Data::F32(v.iter().map(|&x| f32::from(u8::from(x))).collect())
            }
            (Data::Bool(v), Kind::I64) => Data::I64(v.iter().map(|&x| i64::from(x)).collect()),
            (_, Kind::Text) => Data::Text((0..self.data.len()).map(|row| self.text(row)).collect()),
            (_, _) => return Err(fail(0)),
        })
    }
}

fn each<A, B>(
    items: &[A],
    mut convert: impl FnMut(usize, &A) -> Result<B, Failure>,
) -> Result<Vec<B>, Failure> {
    items.iter().enumerate().map(|(row, item)| convert(row, item)).collect()
}

/// Columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// Number of the first row in its file, from 0; for messages.
    pub first_row: u64,
}

impl Data {
    /// Leaves out the first `count` values.
    pub fn drop_first(&mut self, count: usize) {
        fn drop_first<T>(values: &mut Vec<T>, count: usize) {
            values.drain(..count.min(values.len()));
        }
        match self {
            Self::F32(v) => drop_first(v, count),
            Self::F64(v) => drop_first(v, count),
            Self::I64(v) => drop_first(v, count),
            Self::Bool(v) => drop_first(v, count),
            Self::Text(v) => drop_first(v, count),
        }
    }

    /// Adds the values of a list of the same kind; of another kind it adds nothing.
    fn append(&mut self, more: &Self) {
        match (self, more) {
            (Self::F32(v), Self::F32(more)) => v.extend_from_slice(more),
            (Self::F64(v), Self::F64(more)) => v.extend_from_slice(more),
            (Self::I64(v), Self::I64(more)) => v.extend_from_slice(more),
            (Self::Bool(v), Self::Bool(more)) => v.extend_from_slice(more),
            (Self::Text(v), Self::Text(more)) => v.extend_from_slice(more),
            (_, _) => {}
        }
    }
}

impl Table {
    /// Leaves out the first `count` rows.
    pub fn drop_first(&mut self, count: usize) {
        let count = count.min(self.rows);
        for column in &mut self.columns {
            column.data.drop_first(count);
            column.missing.drain(..count.min(column.missing.len()));
        }
        self.rows -= count;
        self.first_row += count as u64;
    }

    /// Adds the rows of a table with the same columns, which follow these in their file.
    pub fn append(&mut self, more: &Self) {
        for (column, more_of) in self.columns.iter_mut().zip(&more.columns) {
            if !(column.missing.is_empty() && more_of.missing.is_empty()) {
                column.missing.resize(self.rows, false);
                column.missing.extend_from_slice(&more_of.missing);
                column.missing.resize(self.rows + more.rows, false);
            }
            column.data.append(&more_of.data);
        }
        self.rows += more.rows;
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}
