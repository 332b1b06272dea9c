//! A number by the interval it lies in, and tables with keys.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Bin, Categories, Kind, Labels, Lookup, Scalar};

use super::{Context, build::inexpressible, value::Val};

/// Answers with those for no match and for missing behind them.
struct Answers {
    values: Labels,
    /// Which of the two has no value.
    no_default: bool,
    no_missing: bool,
}

impl Answers {
    fn new(values: &Labels, default: Option<&Scalar>, missing: Option<&Scalar>) -> Self {
        let mut values = values.clone();
        push(&mut values, default);
        push(&mut values, missing);
        Self { values, no_default: default.is_none(), no_missing: missing.is_none() }
    }
}

/// Adds a scalar to a list of its kind, or something that stands for none.
fn push(values: &mut Labels, scalar: Option<&Scalar>) {
    match (values, scalar) {
        (Labels::Text(v), Some(Scalar::Text(s))) => v.push(s.clone()),
        (Labels::I64(v), Some(Scalar::I64(s))) => v.push(*s),
        (Labels::F64(v), Some(Scalar::F64(s))) => v.push(*s),
        (Labels::Bool(v), Some(Scalar::Bool(s))) => v.push(*s),
        (Labels::Text(v), _) => v.push(String::new()),
        (Labels::I64(v), _) => v.push(0),
        (Labels::F64(v), _) => v.push(f64::NAN),
        (Labels::Bool(v), _) => v.push(false),
    }
}

impl Context<'_> {
    pub(super) fn bin(&mut self, bin: &Bin) -> Result<Val, Failure> {
        let arg = self.value(bin.arg)?;
        let x = self.as_f64(&arg)?;
        let ends = |low: bool, closed: bool| -> Vec<f64> {
            let end = |i: &holdall_tabular::Interval| match (low, closed) {
                (true, true) => i.low_closed.then_some(i.low),
                (true, false) => (!i.low_closed).then_some(i.low),
                (false, true) => i.high_closed.then_some(i.high),
                (false, false) => (!i.high_closed).then_some(i.high),
            };
            // A comparison with NaN is false: the other one of the two decides.
            let ends = bin.intervals.iter().map(|i| end(i).unwrap_or(f64::NAN));
            // Without an interval there is one that holds nothing, as runtimes have no place in an empty row.
            let none = bin.intervals.is_empty().then_some(f64::NAN);
            ends.chain(none).collect()
        };
        let mut sides = Vec::with_capacity(2);
        for (low, closed, open) in
            [(true, "GreaterOrEqual", "Greater"), (false, "LessOrEqual", "Less")]
        {
            let at = self.builder.row(&ends(low, true))?;
            let at = self.builder.two(closed, x, at)?;
            let beyond = self.builder.row(&ends(low, false))?;
            let beyond = self.builder.two(open, x, beyond)?;
            sides.push(self.builder.two("Or", at, beyond)?);
        }
        let [low, high] = *sides.as_slice() else { return Err(inexpressible("an interval")) };
        let holds = self.builder.two("And", low, high)?;
        let missing = self.mask(&arg)?;
        let answers = Answers::new(&bin.values, bin.default.as_ref(), bin.missing.as_ref());
        self.first_that_holds(holds, missing, &answers)
    }

    pub(super) fn lookup(&mut self, lookup: &Lookup) -> Result<Val, Failure> {
        let mut fits = None;
        let mut missing = None;
        for (&arg, keys) in lookup.args.iter().zip(&lookup.keys) {
            let value = self.value(arg)?;
            let gap = self.mask(&value)?;
            missing = self.either(missing, gap)?;
            let (distinct, places) = distinct(keys);
            let place = self.category_place(&value, &Categories::new(distinct))?;
            let length = places.len() as u64;
            let places = self.builder.constant(Kind::I64, &[1, length], &Labels::I64(places))?;
            let same = self.builder.two("Equal", place, places)?;
            fits = Some(match fits {
                Some(fits) => self.builder.two("And", fits, same)?,
                None => same,
            });
        }
        let fits = fits.ok_or_else(|| inexpressible("a table without keys"))?;
        let answers =
            Answers::new(&lookup.values, lookup.default.as_ref(), lookup.missing.as_ref());
        self.first_that_holds(fits, missing, &answers)
    }

    /// The answer of the first column that holds.
    fn first_that_holds(
        &mut self,
        holds: ValueId,
        missing: Option<ValueId>,
        answers: &Answers,
    ) -> Result<Val, Failure> {
        let count = i64::try_from(answers.values.len()).unwrap_or(i64::MAX) - 2;
        let any = self.builder.any(holds)?;
        let ones = self.builder.cast(holds, Kind::Bool, Kind::F32)?;
        let first = self.builder.arg_max(ones)?;
        let none = self.builder.whole(count)?;
        let mut place = self.builder.choose(any, first, none)?;
        let mut gap = if answers.no_default { Some(self.builder.one("Not", any)?) } else { None };
        if let Some(missing) = missing {
            let gone = self.builder.whole(count + 1)?;
            place = self.builder.choose(missing, gone, place)?;
            gap = match (gap, answers.no_missing) {
                (Some(gap), true) => Some(self.builder.two("Or", gap, missing)?),
                (Some(gap), false) => {
                    let there = self.builder.one("Not", missing)?;
                    Some(self.builder.two("And", gap, there)?)
                }
                (None, true) => Some(missing),
                (None, false) => None,
            };
        }
        let kind = answers.values.kind();
        let length = answers.values.len() as u64;
        let table = self.builder.constant(kind, &[length], &answers.values)?;
        let id = self.builder.looked_up(table, place)?;
        self.with_mask(kind, 1, id, gap)
    }
}

/// The distinct keys in order, and for each row 1 and the place of its key; −1 for NaN, which equals nothing.
fn distinct(keys: &Labels) -> (Labels, Vec<i64>) {
    fn of<T: Clone>(keys: &[T], same: impl Fn(&T, &T) -> bool) -> (Vec<T>, Vec<i64>) {
        let mut found: Vec<T> = Vec::new();
        let mut places = Vec::with_capacity(keys.len());
        for key in keys {
            if !same(key, key) {
                places.push(-1);
                continue;
            }
            let at = found.iter().position(|other| same(other, key)).unwrap_or_else(|| {
                found.push(key.clone());
                found.len() - 1
            });
            places.push(i64::try_from(at).unwrap_or(i64::MAX - 1) + 1);
        }
        (found, places)
    }
    match keys {
        Labels::Text(v) => {
            let (found, places) = of(v, |a, b| a == b);
            (Labels::Text(found), places)
        }
        Labels::I64(v) => {
            let (found, places) = of(v, |a, b| a == b);
            (Labels::I64(found), places)
        }
        Labels::F64(v) => {
            let equal = |a: &f64, b: &f64| a.partial_cmp(b) == Some(std::cmp::Ordering::Equal);
            let (found, places) = of(v, equal);
            (Labels::F64(found), places)
        }
        Labels::Bool(v) => {
            let (found, places) = of(v, |a, b| a == b);
            (Labels::Bool(found), places)
        }
    }
}
