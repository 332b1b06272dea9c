use holdall_diag::Failure;
use holdall_tabular::{Bin, Interval, ValueId};

use super::{
    Kernel, Run,
    input::holds,
    lookup::{Answers, Found},
    one,
};
use crate::value::{Cell, Yield, by_kind, wrong_kind};

/// A number by the interval it lies in.
pub(super) struct BinStep {
    arg: ValueId,
    intervals: Vec<Interval>,
    answers: Answers,
}

impl BinStep {
    pub(super) fn new(op: &Bin) -> Self {
        let answers = Answers::new(&op.values, op.default.as_ref(), op.missing.as_ref());
        Self { arg: op.arg, intervals: op.intervals.clone(), answers }
    }
}

impl Kernel for BinStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let arg = run.scalar(self.arg)?;
        let numbers = by_kind!(&arg.data, values => values.iter().map(|x| x.number()).collect());
        let Some(numbers): Option<Vec<f64>> = numbers else {
            return Err(wrong_kind(arg.data.kind()));
        };
        let found = |(row, &x): (usize, &f64)| {
            if arg.is_missing(row) {
                return Found::Missing;
            }
            let place = self.intervals.iter().position(|interval| holds(interval, x));
            place.map_or(Found::Nothing, Found::At)
        };
        let found: Vec<Found> = numbers.iter().enumerate().map(found).collect();
        Ok(one(self.answers.element(&found)))
    }
}
