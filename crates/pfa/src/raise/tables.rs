use holdall_tabular::{Bin, Curve, Interval, Kind, Labels, Lookup, Normalize, Reduce, Scalar};
use serde_json::{Value, json};

use super::Raise;
use crate::{
    library::{call, filled, scalar::over_all_name, table::curve_name, vector::normalize_name},
    names::{Flag, Fun},
    number::literal,
};

impl Raise<'_> {
    /// All elements as one.
    pub(super) fn reduce(&self, op: Reduce) -> Value {
        if self.picks(op) {
            let symbol = self.symbol(op.arg);
            let scalar = self.is_scalar(op.arg);
            return if scalar { json!(symbol) } else { json!({ "attr": symbol, "path": [0] }) };
        }
        let null = self.null(op.arg);
        let fun = Fun::new(&over_all_name(op.op), &[self.kind(op.arg)])
            .null(null)
            .with(Flag::Skip, null && op.skip_missing && over_all_skips(op));
        let value = self.value(op.arg);
        let items = crate::number::maybe(&crate::number::schema(self.kind(op.arg)), null);
        let value = if self.is_scalar(op.arg) {
            json!({ "type": crate::number::array(&items), "new": [value] })
        } else {
            value
        };
        call(&fun, [value])
    }

    pub(super) fn lookup(&mut self, symbol: &str, op: &Lookup) -> Value {
        let null = op.args.iter().any(|arg| self.null(*arg));
        let mut rows: Option<Value> = None;
        for (i, (&arg, keys)) in op.args.iter().zip(&op.keys).enumerate() {
            let kind = self.kind(arg);
            // Keys are compared as they stand.
            let exact = if kind == Kind::F32 { Kind::F64 } else { kind };
            let keys = self.list(&format!("{symbol}_keys{i}"), exact, keys);
            let name = if rows.is_some() { "among" } else { "having" };
            let args = [self.lifted(arg, null), keys].into_iter().chain(rows.take());
            rows = Some(call(&Fun::new(name, &[kind]).null(null), args));
        }
        let rows = rows.unwrap_or(Value::Null);
        self.answer(symbol, rows, null, (&op.values, &op.default, &op.missing))
    }

    pub(super) fn bin(&mut self, symbol: &str, op: &Bin) -> Value {
        let null = self.null(op.arg);
        let args = std::iter::once(self.value(op.arg)).chain(self.intervals(symbol, &op.intervals));
        let args: Vec<Value> = args.collect();
        let rows = call(&Fun::new("within", &[self.kind(op.arg)]).null(null), args);
        self.answer(symbol, rows, null, (&op.values, &op.default, &op.missing))
    }

    /// Intervals as columns: both ends, and whether these lie inside.
    pub(super) fn intervals(&mut self, symbol: &str, intervals: &[Interval]) -> [Value; 4] {
        let bound = |of: fn(&Interval) -> f64| Labels::F64(intervals.iter().map(of).collect());
        let closed = |of: fn(&Interval) -> bool| Labels::Bool(intervals.iter().map(of).collect());
        [
            ("lows", bound(|i| i.low), Kind::F64),
            ("highs", bound(|i| i.high), Kind::F64),
            ("lowclosed", closed(|i| i.low_closed), Kind::Bool),
            ("highclosed", closed(|i| i.high_closed), Kind::Bool),
        ]
        .map(|(name, list, kind)| self.list(&format!("{symbol}_{name}"), kind, &list))
    }

    fn answer(
        &mut self,
        symbol: &str,
        rows: Value,
        null: bool,
        (values, default, missing): (&Labels, &Option<Scalar>, &Option<Scalar>),
    ) -> Value {
        let kind = values.kind();
        let values = self.list(&format!("{symbol}_answers"), kind, values);
        let some = |scalar: &Option<Scalar>| match scalar {
            Some(scalar) => call(&Fun::new("some", &[kind]), [literal(scalar)]),
            None => Value::Null,
        };
        let missing = null.then(|| some(missing));
        let args = [rows, values, some(default)].into_iter().chain(missing);
        call(&Fun::new("answer", &[kind]).null(null), args)
    }

    pub(super) fn curve(&mut self, symbol: &str, op: &Curve) -> Value {
        let kind = self.kind(op.arg);
        let fun = Fun::new(&curve_name(op.outside, op.form), &[kind]).null(self.null(op.arg));
        let xs = self.floats(&format!("{symbol}_xs"), kind, &op.x);
        let ys = self.floats(&format!("{symbol}_ys"), kind, &op.y);
        let value = self.value(op.arg);
        if self.is_scalar(op.arg) {
            call(&fun, [value, xs, ys])
        } else {
            json!({ "a.map": [value, filled(&fun, &json!({ "xs": xs, "ys": ys }))] })
        }
    }

    pub(super) fn normalize(&self, op: Normalize) -> Value {
        let fun = Fun::new(&normalize_name(op.by), &[self.kind(op.arg)]).null(self.null(op.arg));
        call(&fun, [self.value(op.arg)])
    }
}

/// Whether it matters that missing elements are passed over.
fn over_all_skips(op: Reduce) -> bool {
    op.op != holdall_tabular::ReduceOp::Count
}
