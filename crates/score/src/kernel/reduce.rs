use holdall_diag::Failure;
use holdall_tabular::{Reduce, ReduceOp};

use super::{Kernel, Run, one};
use crate::{
    real::Real,
    value::{Cell, Element, Elements, Shared, Yield, wrong_kind},
};

impl Kernel for Reduce {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        Ok(one(reduce(*self, run.value(self.arg)?, run.rows)?))
    }
}

/// The elements of each row as one scalar.
pub(super) fn reduce<'a>(
    op: Reduce,
    elements: &[Shared<'a>],
    rows: usize,
) -> Result<Element<'a>, Failure> {
    if op.op == ReduceOp::Count {
        return Ok(count(elements, rows));
    }
    let Some(first) = elements.first() else { return Err(wrong_kind(holdall_table::Kind::F64)) };
    match &first.data {
        Elements::F32(_) => op.floats::<f32>(elements, rows),
        Elements::F64(_) => op.floats::<f64>(elements, rows),
        Elements::I64(_) => op.integers(elements, rows),
        Elements::Bool(_) => op.booleans(elements, rows),
        Elements::Text(_) => Err(wrong_kind(holdall_table::Kind::Text)),
    }
}

#[expect(clippy::cast_possible_wrap, reason = "a vector has at most 2³² elements")]
const fn position(place: usize) -> i64 {
    place as i64
}

fn count<'a>(elements: &[Shared<'a>], rows: usize) -> Element<'a> {
    let present = |row: usize| elements.iter().filter(|e| !e.is_missing(row)).count();
    Element::full((0..rows).map(|row| position(present(row))).collect())
}

/// The elements of a row that count, with their positions; none where one is missing and must not be.
fn present<'a, C: Cell<'a>>(
    columns: &[&[C]],
    elements: &[Shared<'a>],
    row: usize,
    skip: bool,
    into: &mut Vec<(usize, C)>,
) -> bool {
    into.clear();
    for (i, (column, element)) in columns.iter().zip(elements).enumerate() {
        if !element.is_missing(row) {
            into.push((i, column[row]));
        } else if !skip {
            return false;
        }
    }
    !into.is_empty()
}

fn columns<'e, 'a, C: Cell<'a>>(elements: &'e [Shared<'a>]) -> Result<Vec<&'e [C]>, Failure> {
    elements.iter().map(|element| element.values::<C>()).collect()
}

/// One scalar a row, none where nothing counts.
fn by_row<'a, C: Cell<'a>, T: Cell<'a> + Default>(
    reduce: Reduce,
    elements: &[Shared<'a>],
    rows: usize,
    function: impl Fn(&[(usize, C)]) -> T,
) -> Result<Element<'a>, Failure> {
    let columns = columns::<C>(elements)?;
    let mut row_values = Vec::with_capacity(columns.len());
    let value = |row: usize| {
        let any = present(&columns, elements, row, reduce.skip_missing, &mut row_values);
        any.then(|| function(&row_values))
    };
    Ok(Element::optional((0..rows).map(value)))
}

/// The place of the first value that no other beats.
fn place<C: Copy>(values: &[(usize, C)], beats: impl Fn(C, C) -> bool) -> i64 {
    let mut best: Option<(usize, C)> = None;
    for &(i, value) in values {
        if best.is_none_or(|(_, most)| beats(value, most)) {
            best = Some((i, value));
        }
    }
    best.map_or(0, |(i, _)| position(i))
}

trait Fold {
    fn floats<'a, R: Real + Cell<'a> + Default>(
        self,
        elements: &[Shared<'a>],
        rows: usize,
    ) -> Result<Element<'a>, Failure>;
    fn integers<'a>(self, elements: &[Shared<'a>], rows: usize) -> Result<Element<'a>, Failure>;
    fn booleans<'a>(self, elements: &[Shared<'a>], rows: usize) -> Result<Element<'a>, Failure>;
}

impl Fold for Reduce {
    fn floats<'a, R: Real + Cell<'a> + Default>(
        self,
        elements: &[Shared<'a>],
        rows: usize,
    ) -> Result<Element<'a>, Failure> {
        match self.op {
            ReduceOp::ArgMin => by_row::<R, _>(self, elements, rows, |v| place(v, |a, b| a < b)),
            ReduceOp::ArgMax => by_row::<R, _>(self, elements, rows, |v| place(v, |a, b| a > b)),
            ReduceOp::Any | ReduceOp::All | ReduceOp::Count => {
                Err(wrong_kind(holdall_table::Kind::F64))
            }
            ReduceOp::Sum
            | ReduceOp::Product
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::Mean
            | ReduceOp::Median
            | ReduceOp::SumAbs
            | ReduceOp::SumSquares
            | ReduceOp::MaxAbs
            | ReduceOp::StdDev => by_row::<R, R>(self, elements, rows, |v| float(self.op, v)),
        }
    }

    fn integers<'a>(self, elements: &[Shared<'a>], rows: usize) -> Result<Element<'a>, Failure> {
        let op = self.op;
        by_row::<i64, i64>(self, elements, rows, |values| {
            let all = values.iter().map(|&(_, v)| v);
            match op {
                ReduceOp::Product => all.fold(1, i64::wrapping_mul),
                ReduceOp::Min => all.min().unwrap_or_default(),
                ReduceOp::Max => all.max().unwrap_or_default(),
                ReduceOp::SumAbs => all.map(i64::wrapping_abs).fold(0, i64::wrapping_add),
                ReduceOp::SumSquares => all.map(|v| v.wrapping_mul(v)).fold(0, i64::wrapping_add),
                ReduceOp::MaxAbs => all.map(i64::wrapping_abs).max().unwrap_or_default(),
                ReduceOp::ArgMin => place(values, |a, b| a < b),
                ReduceOp::ArgMax => place(values, |a, b| a > b),
                // Validation keeps the other functions from integers.
                ReduceOp::Sum
                | ReduceOp::Mean
                | ReduceOp::Median
                | ReduceOp::Count
                | ReduceOp::StdDev
                | ReduceOp::Any
                | ReduceOp::All => all.fold(0, i64::wrapping_add),
            }
        })
    }

    fn booleans<'a>(self, elements: &[Shared<'a>], rows: usize) -> Result<Element<'a>, Failure> {
        let any = self.op == ReduceOp::Any;
        by_row::<bool, bool>(self, elements, rows, |values| {
            if any { values.iter().any(|v| v.1) } else { values.iter().all(|v| v.1) }
        })
    }
}

fn float<R: Real>(op: ReduceOp, values: &[(usize, R)]) -> R {
    let all = || values.iter().map(|&(_, v)| v);
    let sum = |values: &mut dyn Iterator<Item = R>| values.fold(R::ZERO, |sum, v| sum + v);
    let number = || all().fold(R::ZERO, |count, _| count + R::ONE);
    let extreme = |values: &mut dyn Iterator<Item = R>, beats: fn(&R, &R) -> bool| {
        values.reduce(|most, v| if most.nan() || !(v.nan() || beats(&v, &most)) { most } else { v })
    };
    match op {
        ReduceOp::Product => all().fold(R::ONE, |product, v| product * v),
        ReduceOp::Min => extreme(&mut all(), R::lt).unwrap_or(R::NAN),
        ReduceOp::Max => extreme(&mut all(), R::gt).unwrap_or(R::NAN),
        ReduceOp::Mean => sum(&mut all()) / number(),
        ReduceOp::Median => median(all().collect()),
        ReduceOp::SumAbs => sum(&mut all().map(R::abs)),
        ReduceOp::SumSquares => sum(&mut all().map(|v| v * v)),
        ReduceOp::MaxAbs => extreme(&mut all().map(R::abs), R::gt).unwrap_or(R::NAN),
        ReduceOp::StdDev => {
            let mean = sum(&mut all()) / number();
            (sum(&mut all().map(|v| (v - mean) * (v - mean))) / (number() - R::ONE)).sqrt()
        }
        // The others do not come here.
        ReduceOp::Sum
        | ReduceOp::Count
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Any
        | ReduceOp::All => sum(&mut all()),
    }
}

/// The middle value, or the mean of the two middle ones; NaN where a value is.
fn median<R: Real>(mut values: Vec<R>) -> R {
    if values.iter().any(|v| v.nan()) {
        return R::NAN;
    }
    values.sort_by(|a, b| a.widen().total_cmp(&b.widen()));
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / (R::ONE + R::ONE)
    }
}
