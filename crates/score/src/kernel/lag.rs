use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Lag, Reduce};

use super::{Kernel, Run, one, reduce::reduce};
use crate::value::{Cell, Element, Yield, by_kind};

impl Kernel for Lag {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let arg = run.scalar(self.arg)?;
        let mut same: Vec<Vec<usize>> = Vec::with_capacity(self.blocks.len());
        for &block in &self.blocks {
            let element = run.scalar(block)?;
            same.push(by_kind!(&element.data, values => since(element, values)));
        }
        // How many rows before a row are of its blocks.
        let reach = |row: usize| same.iter().map(|column| column[row]).min().unwrap_or(row);
        let back = self.rows as usize;
        let Some(by) = self.aggregate else {
            return Ok(one(by_kind!(&arg.data, values => Element::optional(
                (0..run.rows).map(|row| {
                    let before = row.checked_sub(back).filter(|_| reach(row) >= back)?;
                    (!arg.is_missing(before)).then_some(values[before])
                })
            ))));
        };
        // The rows before as a vector, the oldest first.
        let columns = (1..=back).rev().map(|n| {
            let value = |row: usize| row.checked_sub(n).filter(|_| reach(row) >= n);
            Rc::new(by_kind!(&arg.data, values => Element::optional((0..run.rows).map(|row| {
                let before = value(row).filter(|&before| !arg.is_missing(before))?;
                Some(values[before])
            }))))
        });
        let columns: Vec<_> = columns.collect();
        let op = Reduce { arg: self.arg, op: by, skip_missing: true };
        Ok(one(reduce(op, &columns, run.rows)?))
    }
}

/// For each row how many rows before it have the same value without a break.
fn since<'a, C: Cell<'a>>(element: &Element<'a>, values: &[C]) -> Vec<usize> {
    let mut counts = Vec::with_capacity(values.len());
    let mut count = 0;
    for (row, &value) in values.iter().enumerate() {
        let same = row.checked_sub(1).is_some_and(|before| {
            !element.is_missing(row) && !element.is_missing(before) && values[before] == value
        });
        count = if same { count + 1 } else { 0 };
        counts.push(count);
    }
    counts
}
