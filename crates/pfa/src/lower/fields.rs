use holdall_diag::Failure;
use holdall_tabular::{
    Categories, Domain, Field, Interval, InvalidPolicy, Kind, Labels, Measure, MissingPolicy,
    OutlierPolicy, Scalar, ValueId,
};
use serde_json::Value;

use super::{Lower, Lowered};
use crate::{
    codes,
    names::{Flag, Fun},
    number::{read_float, read_literal},
};

impl<'d> Lower<'d> {
    /// The next field of the input record with its treatment, from the outside in: missing, invalid,
    /// outlier, NaN, rounding.
    pub(super) fn field(&mut self, expression: &'d Value) -> Lowered<ValueId> {
        let (name, mut field) = self.declared()?;
        let input = format!("input.{name}");
        let mut expression = expression;
        let mut before = 5;
        while expression.as_str() != Some(input.as_str()) {
            let Some((fun, [inner, args @ ..])) = self.call(expression) else {
                return Err(self.unsupported(format!("expected a treatment of `{input}`")));
            };
            let step = self.treatment(&mut field, &fun, args)?;
            if step >= before || fun.kinds.as_slice() != [field.kind] {
                return Err(self.unsupported("treatments of an input in another order"));
            }
            before = step;
            expression = inner;
        }
        if field.kind == Kind::F32 && before != 0 {
            return Err(self.unsupported("a `float` that is not rounded to binary32"));
        }
        self.model.push_field(field)
    }

    /// Avro name and field as the input schema declares the next one.
    fn declared(&self) -> Lowered<(String, Field)> {
        let i = self.model.fields.len();
        let entry = self.document.input.get("fields").and_then(|list| list.get(i));
        let name = entry.and_then(|entry| entry.get("name")).and_then(Value::as_str);
        let (Some(entry), Some(name)) = (entry, name) else {
            return Err(self.unsupported("a statement for a field that the input does not have"));
        };
        let declared = entry.get("type");
        let (null, kind) = match declared {
            Some(Value::Array(list)) => match list.as_slice() {
                [Value::String(null), kind] if null == "null" => (true, Some(kind)),
                _ => (false, None),
            },
            other => (false, other),
        };
        let kind = match kind.and_then(Value::as_str) {
            Some("double") => Kind::F64,
            Some("float") => Kind::F32,
            Some("long") => Kind::I64,
            Some("boolean") => Kind::Bool,
            Some("string") => Kind::Text,
            _ => return Err(self.unsupported(format!("the type of the input `{name}`"))),
        };
        let names = self.document.metadata.get("holdall.fields");
        let names: Option<Vec<String>> = names.and_then(|text| serde_json::from_str(text).ok());
        let original = names.and_then(|names| names.get(i).cloned());
        let mut field = Field::number(original.unwrap_or_else(|| name.to_owned()), kind);
        if !kind.is_number() {
            field.measure = Measure::Categorical;
        }
        field.missing = if null { MissingPolicy::Keep } else { MissingPolicy::Reject };
        field.label = entry.get("doc").and_then(Value::as_str).map(str::to_owned);
        Ok((name.to_owned(), field))
    }

    /// Takes one treatment into the field, and gives its place in the order of treatments.
    fn treatment(&self, field: &mut Field, fun: &Fun, args: &[Value]) -> Lowered<u8> {
        let wrong = || {
            Failure::malformed(codes::VALUE, format!("wrong parameters of `u.{fun}`"))
                .at(self.location())
        };
        let number = |i: usize| args.get(i).and_then(read_float).ok_or_else(wrong);
        match fun.op.as_str() {
            "asnan" => field.missing = MissingPolicy::AsNan,
            "require" => field.missing = MissingPolicy::Reject,
            "replace" => {
                let with = args.first().and_then(read_literal).ok_or_else(wrong)?;
                field.missing = MissingPolicy::Replace(with);
            }
            "nullnan" => {
                field.nan_is_missing = true;
                return Ok(1);
            }
            "outlier" => {
                field.outlier = OutlierPolicy::AsMissing { low: number(0)?, high: number(1)? };
                return Ok(2);
            }
            "clamp" => {
                field.outlier = OutlierPolicy::Clamp { low: number(0)?, high: number(1)? };
                return Ok(2);
            }
            "rejectinvalid" | "nullinvalid" | "replaceinvalid" => {
                let [lists @ .., with] = args else { return Err(wrong()) };
                let (lists, invalid) = match fun.op.as_str() {
                    "rejectinvalid" => (args, InvalidPolicy::Reject),
                    "nullinvalid" => (args, InvalidPolicy::AsMissing),
                    _ => {
                        let with: Scalar = read_literal(with).ok_or_else(wrong)?;
                        (lists, InvalidPolicy::Replace(with))
                    }
                };
                field.invalid = invalid;
                field.domain = self.domain(field.kind, fun.has(Flag::Missing), lists)?;
                return Ok(3);
            }
            "read" => return Ok(0),
            _ => return Err(self.unsupported(format!("`u.{fun}` of an input"))),
        }
        Ok(4)
    }

    fn domain(&self, kind: Kind, missing: bool, lists: &[Value]) -> Lowered<Domain> {
        let [values, lows, highs, low_closed, high_closed] = lists else {
            return Err(self.unsupported("a domain of other lists"));
        };
        let values = Categories { values: self.list(values, kind)?, missing };
        let flags = |list: &Value| match self.list(list, Kind::Bool)? {
            Labels::Bool(flags) => Ok(flags),
            Labels::Text(_) | Labels::I64(_) | Labels::F64(_) => Ok(Vec::new()),
        };
        let bounds = self.floats(lows)?.into_iter().zip(self.floats(highs)?);
        let closed = flags(low_closed)?.into_iter().zip(flags(high_closed)?);
        let intervals = bounds.zip(closed).map(|((low, high), (low_closed, high_closed))| {
            Interval { low, high, low_closed, high_closed }
        });
        let intervals: Vec<Interval> = intervals.collect();
        let listed = !values.is_empty() || intervals.is_empty();
        Ok(Domain { values: listed.then_some(values), intervals })
    }
}
