//! Elements in proportion to their whole, and products of elements.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{Kind, Labels, Normalize, NormalizeBy, Polynomial};

use super::{Context, value::Val};

impl Context<'_> {
    pub(super) fn normalize(&mut self, normalize: Normalize) -> Result<Val, Failure> {
        let arg = self.value(normalize.arg)?;
        let x = self.full(&arg)?;
        if normalize.by == NormalizeBy::Softmax {
            let axis = vec![("axis", Attribute::Int(1))];
            let id = self.builder.node("Softmax", &[x], axis)?;
            return self.with_gaps_of(&arg, arg.kind, arg.width, id);
        }
        let whole = match normalize.by {
            NormalizeBy::L1 => {
                let sizes = self.builder.one("Abs", x)?;
                self.row_sum(sizes, arg.width)?
            }
            NormalizeBy::L2 => {
                let squares = self.builder.two("Mul", x, x)?;
                let sum = self.row_sum(squares, arg.width)?;
                self.builder.one("Sqrt", sum)?
            }
            NormalizeBy::MaxAbs => {
                let sizes = self.builder.one("Abs", x)?;
                self.largest_or_nan("ReduceMax", sizes, arg.kind)?
            }
            NormalizeBy::Max => self.largest_or_nan("ReduceMax", x, arg.kind)?,
            NormalizeBy::Sum | NormalizeBy::Softmax => self.row_sum(x, arg.width)?,
        };
        let zero = self.builder.float(arg.kind, 0.0)?;
        let empty = self.builder.two("Equal", whole, zero)?;
        let parts = self.builder.two("Div", x, whole)?;
        let id = self.builder.choose(empty, x, parts)?;
        Ok(Val::rows(arg.kind, arg.width, id).with_gaps(Self::carried(&arg)))
    }

    /// The largest or smallest element of each row, `[N, 1]`; NaN where one is.
    pub(super) fn largest_or_nan(
        &mut self,
        operator: &str,
        id: ValueId,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        let nan = self.builder.is_nan(id)?;
        let zero = self.builder.float(kind, 0.0)?;
        let sound = self.builder.choose(nan, zero, id)?;
        let most = self.builder.extreme_along(operator, sound, 1)?;
        let any = self.builder.any(nan)?;
        let gap = self.builder.float(kind, f64::NAN)?;
        self.builder.choose(any, gap, most)
    }

    /// Products from left to right: all terms at once, factor by factor, a 1 behind the shorter ones.
    pub(super) fn polynomial(&mut self, polynomial: &Polynomial) -> Result<Val, Failure> {
        let arg = self.value(polynomial.arg)?;
        let x = self.full(&arg)?;
        let first = self.builder.columns(x, &[0])?;
        let nan = self.builder.is_nan(first)?;
        let one = self.builder.float(arg.kind, 1.0)?;
        let ones = self.builder.choose(nan, one, one)?;
        let x = self.builder.joined(&[x, ones], 1)?;
        let longest = polynomial.terms.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut product = None;
        for place in 0..longest {
            let factors: Vec<i64> = polynomial
                .terms
                .iter()
                .map(|term| i64::from(term.get(place).copied().unwrap_or(arg.width)))
                .collect();
            let length = factors.len() as u64;
            let factors = self.builder.constant(Kind::I64, &[length], &Labels::I64(factors))?;
            let axis = vec![("axis", Attribute::Int(1))];
            let factor = self.builder.node("Gather", &[x, factors], axis)?;
            product = Some(match product {
                Some(product) => self.builder.two("Mul", product, factor)?,
                None => factor,
            });
        }
        let id = product.unwrap_or(x);
        let width = u32::try_from(polynomial.terms.len()).unwrap_or(u32::MAX);
        Ok(Val::rows(arg.kind, width, id).with_gaps(Self::carried(&arg)))
    }
}
