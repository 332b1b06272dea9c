use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{Categories, Labels, Lookup, Scalar, ValueId};

use super::{Kernel, Run, one};
use crate::value::{CategoryIndex, Element, Yield, by_kind, pick};

/// A table with several keys.
pub(super) struct LookupStep {
    args: Vec<ValueId>,
    /// For each key column where a value stands first.
    columns: Vec<CategoryIndex>,
    /// From those places to the first row that has them.
    rows: BTreeMap<Vec<u32>, usize>,
    answers: Answers,
}

/// A list of answers with those for no match and for missing behind it.
pub(super) struct Answers {
    values: Labels,
    default: Option<usize>,
    missing: Option<usize>,
}

impl Answers {
    pub(super) fn new(values: &Labels, default: Option<&Scalar>, missing: Option<&Scalar>) -> Self {
        let mut values = values.clone();
        let default = default.and_then(|scalar| push(&mut values, scalar));
        let missing = missing.and_then(|scalar| push(&mut values, scalar));
        Self { values, default, missing }
    }

    /// The answers of rows: missing, without a match, or a position.
    pub(super) fn element(&self, found: &[Found]) -> Element<'_> {
        let chosen: Vec<Option<usize>> = found
            .iter()
            .map(|found| match found {
                Found::Missing => self.missing,
                Found::Nothing => self.default,
                Found::At(place) => Some(*place),
            })
            .collect();
        pick(&self.values, &chosen)
    }
}

/// What a row came to.
#[derive(Clone, Copy)]
pub(super) enum Found {
    Missing,
    Nothing,
    At(usize),
}

/// Adds a value to a list of its kind, and gives its position.
fn push(values: &mut Labels, scalar: &Scalar) -> Option<usize> {
    match (&mut *values, scalar) {
        (Labels::Text(v), Scalar::Text(s)) => v.push(s.clone()),
        (Labels::I64(v), Scalar::I64(s)) => v.push(*s),
        (Labels::F64(v), Scalar::F64(s)) => v.push(*s),
        (Labels::Bool(v), Scalar::Bool(s)) => v.push(*s),
        // Validation found the kinds to agree.
        (_, _) => return None,
    }
    Some(values.len() - 1)
}

impl LookupStep {
    pub(super) fn new(op: &Lookup) -> Self {
        let columns: Vec<CategoryIndex> =
            op.keys.iter().map(|keys| CategoryIndex::new(&Categories::new(keys.clone()))).collect();
        let mut rows = BTreeMap::new();
        for row in 0..op.values.len() {
            let places = columns.iter().zip(&op.keys).map(|(index, keys)| place(index, keys, row));
            if let Some(places) = places.collect::<Option<Vec<u32>>>() {
                rows.entry(places).or_insert(row);
            }
        }
        let answers = Answers::new(&op.values, op.default.as_ref(), op.missing.as_ref());
        Self { args: op.args.clone(), columns, rows, answers }
    }
}

/// Where a key stands first in its column; none for NaN, which equals nothing.
fn place(index: &CategoryIndex, keys: &Labels, row: usize) -> Option<u32> {
    match keys {
        Labels::Text(v) => index.find(v[row].as_str()),
        Labels::I64(v) => index.find(v[row]),
        Labels::F64(v) => index.find(v[row]),
        Labels::Bool(v) => index.find(v[row]),
    }
}

impl Kernel for LookupStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let mut missing = vec![false; run.rows];
        let mut places: Vec<Vec<Option<u32>>> = Vec::with_capacity(self.args.len());
        for (&arg, index) in self.args.iter().zip(&self.columns) {
            let element = run.scalar(arg)?;
            for (row, flag) in missing.iter_mut().enumerate() {
                *flag |= element.is_missing(row);
            }
            places.push(
                by_kind!(&element.data, values => values.iter().map(|&v| index.find(v)).collect()),
            );
        }
        let found = |row: usize| {
            if missing[row] {
                return Found::Missing;
            }
            let key: Option<Vec<u32>> = places.iter().map(|column| column[row]).collect();
            key.and_then(|key| self.rows.get(&key)).map_or(Found::Nothing, |&at| Found::At(at))
        };
        let found: Vec<Found> = (0..run.rows).map(found).collect();
        Ok(one(self.answers.element(&found)))
    }
}
