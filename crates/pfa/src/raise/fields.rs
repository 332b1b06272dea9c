use holdall_diag::{Failure, Location};
use holdall_tabular::{
    Field, InvalidPolicy, Kind, Labels, MissingPolicy, Op, OutlierPolicy, Scalar,
};
use serde_json::{Value, json};

use super::Raise;
use crate::{
    codes,
    library::call,
    names::{Distinct, Flag, Fun},
    number::{float, literal, maybe, of_kind, schema},
};

impl Raise<'_> {
    /// The input record, and a statement for each field.
    pub(super) fn fields(&mut self) -> Result<Value, Failure> {
        let model = self.valid.model();
        let mut names = Distinct::default();
        let mut record = Vec::new();
        for (i, (_, field)) in model.fields.iter().enumerate() {
            let name = names.name(&field.name);
            let null = field.missing != MissingPolicy::Reject;
            let schema = if field.kind == Kind::F32 { json!("float") } else { schema(field.kind) };
            let mut entry = json!({ "name": name, "type": maybe(&schema, null) });
            if let (Some(label), Some(map)) = (&field.label, entry.as_object_mut()) {
                map.insert("doc".to_owned(), json!(label));
            }
            record.push(entry);
            let value = self.treated(&format!("f{i}"), field, &format!("input.{name}"), null)?;
            self.assign(&format!("f{i}"), &value);
            self.fields.push(name);
        }
        for (id, node) in model.nodes.iter() {
            if let Op::Input(field) = &node.op {
                self.symbols.insert(id, format!("f{}", field.index()));
            }
        }
        Ok(json!({ "type": "record", "name": "Input", "fields": record }))
    }

    fn treated(
        &mut self,
        symbol: &str,
        field: &Field,
        input: &str,
        mut null: bool,
    ) -> Result<Value, Failure> {
        let kind = field.kind;
        let fun = |op: &str, null: bool| Fun::new(op, &[kind]).null(null);
        let mut value = json!(input);
        if kind == Kind::F32 {
            value = call(&fun("read", null), [value]);
        }
        if field.nan_is_missing && kind.is_float() {
            value = call(&fun("nullnan", null), [value]);
            null = true;
        }
        if kind.is_number() {
            match field.outlier {
                OutlierPolicy::Keep => {}
                OutlierPolicy::AsMissing { low, high } => {
                    value = call(&fun("outlier", null), [value, float(low), float(high)]);
                    null = true;
                }
                OutlierPolicy::Clamp { low, high } => {
                    value = call(&fun("clamp", null), [value, float(low), float(high)]);
                }
            }
        }
        if !field.domain.is_open() {
            value = self.validity(symbol, field, value, &mut null)?;
        }
        Ok(match &field.missing {
            MissingPolicy::Keep => value,
            MissingPolicy::AsNan => call(&fun("asnan", true), [value]),
            MissingPolicy::Reject if !null => value,
            MissingPolicy::Reject => call(&fun("require", true), [value]),
            MissingPolicy::Replace(with) => {
                call(&fun("replace", true), [value, replacement(field, with)?])
            }
        })
    }

    fn validity(
        &mut self,
        symbol: &str,
        field: &Field,
        value: Value,
        null: &mut bool,
    ) -> Result<Value, Failure> {
        let kind = field.kind;
        let (op, with) = match &field.invalid {
            InvalidPolicy::Keep => return Ok(value),
            InvalidPolicy::Reject => ("rejectinvalid", None),
            InvalidPolicy::AsMissing => ("nullinvalid", None),
            InvalidPolicy::Replace(with) => ("replaceinvalid", Some(replacement(field, with)?)),
        };
        let none = match kind {
            Kind::F32 | Kind::F64 => Labels::F64(Vec::new()),
            Kind::I64 => Labels::I64(Vec::new()),
            Kind::Bool => Labels::Bool(Vec::new()),
            Kind::Text => Labels::Text(Vec::new()),
        };
        let listed = field.domain.values.as_ref();
        let values = listed.map_or(&none, |list| &list.values);
        let mut args = vec![value];
        // Values are compared at binary64 whatever the kind: they are not rounded.
        let exact = if kind == Kind::F32 { Kind::F64 } else { kind };
        args.push(self.list(&format!("{symbol}_values"), exact, values));
        args.extend(self.intervals(symbol, &field.domain.intervals));
        args.extend(with);
        let fun = Fun::new(op, &[kind])
            .null(*null)
            .with(Flag::Missing, listed.is_some_and(|list| list.missing));
        *null |= field.invalid == InvalidPolicy::AsMissing;
        Ok(call(&fun, args))
    }
}

fn replacement(field: &Field, with: &Scalar) -> Result<Value, Failure> {
    of_kind(with, field.kind).map(|with| literal(&with)).ok_or_else(|| {
        Failure::malformed(
            codes::VALUE,
            format!("expected a replacement of {}, found `{with}`", field.kind),
        )
        .at(Location::model(format!("field `{}`", field.name)))
    })
}
