//! All elements of a vector as one scalar.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Kind, Labels, Reduce, ReduceOp};

use super::{
    Context,
    build::inexpressible,
    value::{Gaps, Val},
};

/// Why a reduction has no operators; none where it has.
pub(super) fn refused(op: Reduce, kind: Kind, may_miss: bool) -> Option<&'static str> {
    let ordered = matches!(op.op, ReduceOp::Median | ReduceOp::ArgMin | ReduceOp::ArgMax);
    if ordered && op.skip_missing && may_miss {
        return Some("places among elements of which some are passed over");
    }
    let whole = kind == Kind::I64 && !matches!(op.op, ReduceOp::Sum | ReduceOp::Count);
    whole.then_some("reductions of integers other than sum and count are not written")
}

impl Context<'_> {
    pub(super) fn reduce(&mut self, op: Reduce) -> Result<Val, Failure> {
        let arg = self.value(op.arg)?;
        let x = self.full(&arg)?;
        let mask = self.mask(&arg)?;
        if op.op == ReduceOp::Count {
            return self.count_present(arg.width, mask);
        }
        let gap = match mask {
            None => None,
            Some(mask) if op.skip_missing => {
                let there = self.builder.one("Not", mask)?;
                let some = self.builder.any(there)?;
                Some(self.builder.one("Not", some)?)
            }
            Some(mask) => Some(self.builder.any(mask)?),
        };
        let skipped = mask.filter(|_| op.skip_missing);
        if matches!(op.op, ReduceOp::Any | ReduceOp::All) {
            return self.any_or_all(op.op, arg.width, x, skipped, gap);
        }
        let made = match op.op {
            ReduceOp::ArgMin | ReduceOp::ArgMax => {
                let place = self.place_of(op.op, arg.kind, x)?;
                return self.with_mask(Kind::I64, 1, place, gap);
            }
            ReduceOp::Min | ReduceOp::Max => {
                let (operator, neutral) = if op.op == ReduceOp::Max {
                    ("ReduceMax", f64::NEG_INFINITY)
                } else {
                    ("ReduceMin", f64::INFINITY)
                };
                let x = self.neutral(arg.kind, x, skipped, neutral)?;
                self.extreme_of(operator, x, arg.kind)?
            }
            ReduceOp::MaxAbs => {
                let sizes = self.builder.one("Abs", x)?;
                let sizes = self.neutral(arg.kind, sizes, skipped, 0.0)?;
                self.extreme_of("ReduceMax", sizes, arg.kind)?
            }
            ReduceOp::Product => {
                let x = self.neutral(arg.kind, x, skipped, 1.0)?;
                self.product(x, arg.width)?
            }
            ReduceOp::Median => self.median(x, arg.kind, arg.width)?,
            ReduceOp::Sum
            | ReduceOp::Mean
            | ReduceOp::SumAbs
            | ReduceOp::SumSquares
            | ReduceOp::StdDev
            | ReduceOp::Count
            | ReduceOp::Any
            | ReduceOp::All => self.sum_like(op.op, &arg, x, skipped)?,
        };
        self.with_mask(arg.kind, 1, made, gap)
    }

    /// Something that changes nothing where elements are passed over.
    fn neutral(
        &mut self,
        kind: Kind,
        id: ValueId,
        skipped: Option<ValueId>,
        neutral: f64,
    ) -> Result<ValueId, Failure> {
        let Some(skipped) = skipped else { return Ok(id) };
        let neutral = if kind == Kind::I64 {
            self.builder.whole(0)?
        } else {
            self.builder.float(kind, neutral)?
        };
        self.builder.choose(skipped, neutral, id)
    }

    fn extreme_of(&mut self, operator: &str, id: ValueId, kind: Kind) -> Result<ValueId, Failure> {
        let nan = self.builder.is_nan(id)?;
        // Whatever stands for NaN here is replaced again.
        let far = if operator == "ReduceMax" { f64::NEG_INFINITY } else { f64::INFINITY };
        let far = self.builder.float(kind, far)?;
        let sound = self.builder.choose(nan, far, id)?;
        let most = self.builder.extreme_along(operator, sound, 1)?;
        let any = self.builder.any(nan)?;
        let gap = self.builder.float(kind, f64::NAN)?;
        self.builder.choose(any, gap, most)
    }

    /// Sums in order, and what is made of them.
    fn sum_like(
        &mut self,
        op: ReduceOp,
        arg: &Val,
        x: ValueId,
        skipped: Option<ValueId>,
    ) -> Result<ValueId, Failure> {
        let terms = match op {
            ReduceOp::SumAbs => self.builder.one("Abs", x)?,
            ReduceOp::SumSquares => self.builder.two("Mul", x, x)?,
            ReduceOp::Sum
            | ReduceOp::Mean
            | ReduceOp::StdDev
            | ReduceOp::Product
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::Median
            | ReduceOp::Count
            | ReduceOp::MaxAbs
            | ReduceOp::ArgMin
            | ReduceOp::ArgMax
            | ReduceOp::Any
            | ReduceOp::All => x,
        };
        let terms = self.neutral(arg.kind, terms, skipped, 0.0)?;
        let sum = self.row_sum(terms, arg.width)?;
        if !matches!(op, ReduceOp::Mean | ReduceOp::StdDev) {
            return Ok(sum);
        }
        let count = match skipped {
            Some(mask) => {
                let there = self.builder.one("Not", mask)?;
                let count = self.builder.true_count(there)?;
                self.builder.cast(count, Kind::F32, arg.kind)?
            }
            None => self.builder.float(arg.kind, f64::from(arg.width))?,
        };
        let mean = self.builder.two("Div", sum, count)?;
        if op == ReduceOp::Mean {
            return Ok(mean);
        }
        let apart = self.builder.two("Sub", x, mean)?;
        let squares = self.builder.two("Mul", apart, apart)?;
        let squares = self.neutral(arg.kind, squares, skipped, 0.0)?;
        let sum = self.row_sum(squares, arg.width)?;
        let one = self.builder.float(arg.kind, 1.0)?;
        let fewer = self.builder.two("Sub", count, one)?;
        let variance = self.builder.two("Div", sum, fewer)?;
        self.builder.one("Sqrt", variance)
    }

    fn product(&mut self, x: ValueId, width: u32) -> Result<ValueId, Failure> {
        let mut product = self.builder.columns(x, &[0])?;
        for place in 1..width {
            let factor = self.builder.columns(x, &[place])?;
            product = self.builder.two("Mul", product, factor)?;
        }
        Ok(product)
    }

    fn median(&mut self, x: ValueId, kind: Kind, width: u32) -> Result<ValueId, Failure> {
        let nan = self.builder.is_nan(x)?;
        let zero = self.builder.float(kind, 0.0)?;
        let sound = self.builder.choose(nan, zero, x)?;
        let (sorted, _) = self.builder.top(sound, width, false)?;
        let mut middle = self.builder.columns(sorted, &[width / 2])?;
        if width.is_multiple_of(2) {
            let lower = self.builder.columns(sorted, &[width / 2 - 1])?;
            let sum = self.builder.two("Add", lower, middle)?;
            let two = self.builder.float(kind, 2.0)?;
            middle = self.builder.two("Div", sum, two)?;
        }
        let any = self.builder.any(nan)?;
        let gap = self.builder.float(kind, f64::NAN)?;
        self.builder.choose(any, gap, middle)
    }

    /// The first of the largest or smallest. NaN in front stays, elsewhere it beats nothing.
    fn place_of(&mut self, op: ReduceOp, kind: Kind, x: ValueId) -> Result<ValueId, Failure> {
        let x = if op == ReduceOp::ArgMax { x } else { self.builder.one("Neg", x)? };
        let nan = self.builder.is_nan(x)?;
        let lowest = self.builder.float(kind, f64::NEG_INFINITY)?;
        let sound = self.builder.choose(nan, lowest, x)?;
        let place = self.builder.arg_max(sound)?;
        let front = self.builder.columns(nan, &[0])?;
        let zero = self.builder.whole(0)?;
        self.builder.choose(front, zero, place)
    }

    fn count_present(&mut self, width: u32, mask: Option<ValueId>) -> Result<Val, Failure> {
        let Some(mask) = mask else {
            let store = super::value::Store::Constant(Labels::I64(vec![i64::from(width)]));
            return Ok(Val { kind: Kind::I64, width: 1, store, gaps: Gaps::None });
        };
        let there = self.builder.one("Not", mask)?;
        let count = self.builder.true_count(there)?;
        let id = self.builder.cast(count, Kind::F32, Kind::I64)?;
        Ok(Val::rows(Kind::I64, 1, id))
    }

    fn any_or_all(
        &mut self,
        op: ReduceOp,
        width: u32,
        x: ValueId,
        skipped: Option<ValueId>,
        gap: Option<ValueId>,
    ) -> Result<Val, Failure> {
        if width == 0 {
            return Err(inexpressible("a vector of nothing"));
        }
        // All hold where no element fails.
        let flags = if op == ReduceOp::Any { x } else { self.builder.one("Not", x)? };
        let flags = match skipped {
            Some(mask) => {
                let there = self.builder.one("Not", mask)?;
                self.builder.two("And", flags, there)?
            }
            None => flags,
        };
        let any = self.builder.any(flags)?;
        let id = if op == ReduceOp::Any { any } else { self.builder.one("Not", any)? };
        self.with_mask(Kind::Bool, 1, id, gap)
    }
}
