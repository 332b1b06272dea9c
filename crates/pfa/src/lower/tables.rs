use holdall_tabular::{
    Bin, Curve, Interval, Kind, Labels, Lookup, Normalize, Op, Reduce, Scalar, Transform, ValueId,
};
use serde_json::Value;

use super::{Lower, Lowered};
use crate::{
    library::{scalar::over_all_of, table::curve_of, vector::normalize_of},
    names::{Flag, Fun},
    number::read_literal,
};

impl<'d> Lower<'d> {
    pub(super) fn transform(&mut self, transform: Transform) -> Lowered<ValueId> {
        self.push(Op::Transform(transform))
    }

    /// A function of all elements of a vector; none where it is no such function.
    pub(super) fn of_all(&mut self, fun: &Fun, arg: ValueId) -> Option<Lowered<ValueId>> {
        let skip_missing = fun.has(Flag::Skip);
        if let Some(op) = over_all_of(&fun.op) {
            return Some(self.transform(Transform::Reduce(Reduce { arg, op, skip_missing })));
        }
        let by = normalize_of(&fun.op)?;
        Some(self.transform(Transform::Normalize(Normalize { arg, by })))
    }

    /// The answer of a table, or of intervals.
    pub(super) fn table(&mut self, fun: &Fun, args: &'d [Value]) -> Lowered<ValueId> {
        let [rows, values, default, missing @ ..] = args else {
            return Err(self.unsupported("an answer with other parameters"));
        };
        let values = self.kind_list(fun, values)?;
        let default = self.some(default)?;
        let missing = match missing {
            [] => None,
            [missing] => self.some(missing)?,
            _ => return Err(self.unsupported("an answer with other parameters")),
        };
        if let Some((within, [x, intervals @ ..])) = self.call(rows)
            && within.op == "within"
        {
            let intervals = self.intervals(intervals)?;
            let arg = self.value(x)?;
            return self.transform(Transform::Bin(Bin {
                arg,
                intervals,
                values,
                default,
                missing,
            }));
        }
        let (mut args, mut keys) = (Vec::new(), Vec::new());
        let mut rows = Some(rows);
        while let Some(asked) = rows {
            let (x, list) = match self.call(asked) {
                Some((fun, [x, list])) if fun.op == "having" => {
                    rows = None;
                    (x, self.kind_list(&fun, list)?)
                }
                Some((fun, [x, list, before])) if fun.op == "among" => {
                    rows = Some(before);
                    (x, self.kind_list(&fun, list)?)
                }
                _ => return Err(self.unsupported("rows that are found in another way")),
            };
            args.push(x);
            keys.push(list);
        }
        args.reverse();
        keys.reverse();
        let args = args.into_iter().map(|arg| self.value(arg)).collect::<Lowered<_>>()?;
        self.transform(Transform::Lookup(Lookup { args, keys, values, default, missing }))
    }

    fn intervals(&self, lists: &[Value]) -> Lowered<Vec<Interval>> {
        let [lows, highs, low_closed, high_closed] = lists else {
            return Err(self.unsupported("intervals with other parameters"));
        };
        let flags = |list| match self.list(list, Kind::Bool)? {
            Labels::Bool(flags) => Ok(flags),
            Labels::F64(_) | Labels::I64(_) | Labels::Text(_) => Ok(Vec::new()),
        };
        let (lows, highs) = (self.floats(lows)?, self.floats(highs)?);
        let (low_closed, high_closed) = (flags(low_closed)?, flags(high_closed)?);
        let count = lows.len();
        if [highs.len(), low_closed.len(), high_closed.len()] != [count; 3] {
            return Err(self.unsupported("ends of intervals in lists of different lengths"));
        }
        let ends = lows.into_iter().zip(highs).zip(low_closed.into_iter().zip(high_closed));
        Ok(ends
            .map(|((low, high), (low_closed, high_closed))| Interval {
                low,
                high,
                low_closed,
                high_closed,
            })
            .collect())
    }

    /// A literal that may be null.
    fn some(&self, expression: &'d Value) -> Lowered<Option<Scalar>> {
        if expression.is_null() {
            return Ok(None);
        }
        let literal = match self.call(expression) {
            Some((fun, [literal])) if fun.op == "some" => read_literal(literal),
            _ => None,
        };
        literal.map(Some).ok_or_else(|| self.unsupported("an answer that is computed"))
    }

    pub(super) fn curve(
        &mut self,
        fun: &Fun,
        arg: &'d Value,
        [x, y]: [&Value; 2],
    ) -> Lowered<ValueId> {
        let Some((outside, form)) = curve_of(&fun.op) else {
            return Err(self.unsupported(format!("`u.{fun}` as a curve")));
        };
        let (x, y) = (self.floats(x)?, self.floats(y)?);
        let arg = self.value(arg)?;
        self.transform(Transform::Curve(Curve { arg, x, y, outside, form }))
    }
}
