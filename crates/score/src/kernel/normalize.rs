use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Link, Normalize, NormalizeBy};

use super::{Kernel, Run, link};
use crate::{
    real::Real,
    value::{Element, Elements, Shared, Yield, either_missing, wrong_kind},
};

impl Kernel for Normalize {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let elements = run.value(self.arg)?;
        match elements.first().map(|element| &element.data) {
            Some(Elements::F32(_)) => normalize::<f32>(self.by, elements, run.rows),
            Some(Elements::F64(_)) => normalize::<f64>(self.by, elements, run.rows),
            Some(other @ (Elements::I64(_) | Elements::Bool(_) | Elements::Text(_))) => {
                Err(wrong_kind(other.kind()))
            }
            None => Ok(Yield::Value(Vec::new())),
        }
    }
}

fn normalize<'a, R: Real>(
    by: NormalizeBy,
    elements: &[Shared<'a>],
    rows: usize,
) -> Result<Yield<'a>, Failure> {
    let columns = elements.iter().map(|e| R::slice(e)).collect::<Result<Vec<_>, _>>()?;
    let mut out = vec![Vec::with_capacity(rows); columns.len()];
    let mut values = vec![R::ZERO; columns.len()];
    for row in 0..rows {
        for (value, column) in values.iter_mut().zip(&columns) {
            *value = column[row];
        }
        row_in_place(by, &mut values);
        for (column, &value) in out.iter_mut().zip(&values) {
            column.push(value);
        }
    }
    let missing = elements.iter().fold(None, |flags: Option<Vec<bool>>, element| {
        either_missing(flags.as_ref(), element.missing.as_ref())
    });
    let element = |values| Rc::new(Element { data: R::elements(values), missing: missing.clone() });
    Ok(Yield::Value(out.into_iter().map(element).collect()))
}

/// One row in proportion to its whole.
pub(super) fn row_in_place<R: Real>(by: NormalizeBy, row: &mut [R]) {
    let largest = |values: &mut dyn Iterator<Item = R>| {
        values.fold(-R::INFINITY, |most, v| if v > most || v.nan() { v } else { most })
    };
    let whole = match by {
        NormalizeBy::Softmax => return link::several(Link::Softmax, row),
        NormalizeBy::L1 => row.iter().fold(R::ZERO, |sum, v| sum + v.abs()),
        NormalizeBy::L2 => row.iter().fold(R::ZERO, |sum, &v| sum + v * v).sqrt(),
        NormalizeBy::MaxAbs => largest(&mut row.iter().map(|v| v.abs())),
        NormalizeBy::Max => largest(&mut row.iter().copied()),
        NormalizeBy::Sum => row.iter().fold(R::ZERO, |sum, &v| sum + v),
    };
    if whole != R::ZERO {
        for value in row {
            *value = *value / whole;
        }
    }
}
