use holdall_diag::{Failure, Location};
use holdall_tabular::{Model, Output, Part, Type, ValueId, Width};
use serde_json::Value;

use super::{Binding, Lower, Lowered, element, unsupported};
use crate::codes;

/// An answer while its elements are gathered.
struct Answer {
    value: ValueId,
    part: Part,
    /// Elements gathered; none for what is answered whole.
    elements: Option<u32>,
    field: String,
}

impl<'d> Lower<'d> {
    /// The record that the last statement makes.
    pub(super) fn finish(mut self, last: &'d Value) -> Lowered<Model> {
        let fields = self.document.output.get("fields").and_then(Value::as_array);
        let made = last.get("new").and_then(Value::as_object);
        let (Some(fields), Some(made)) = (fields, made) else {
            return Err(self.unsupported("expected a record of answers"));
        };
        let declared = self.document.input.get("fields").and_then(Value::as_array);
        if declared.is_none_or(|list| list.len() != self.model.fields.len()) {
            return Err(self.unsupported("expected a statement for each field of the input"));
        }
        let mut answers: Vec<Answer> = Vec::new();
        for field in fields {
            let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(expression) = made.get(name) else {
                let message = format!("the output `{name}` is not made");
                return Err(Failure::malformed(codes::DOCUMENT, message).at(self.location()));
            };
            let (value, part, index) = self.answer(name, expression)?;
            match (answers.last_mut(), index) {
                (Some(open), Some(index))
                    if (open.value, open.part) == (value, part) && open.elements == Some(index) =>
                {
                    open.elements = Some(index + 1);
                }
                (_, None | Some(0)) => answers.push(Answer {
                    value,
                    part,
                    elements: index.map(|_| 1),
                    field: name.to_owned(),
                }),
                (_, Some(_)) => return Err(self.unsupported("answers in another order")),
            }
        }
        self.close(&answers)
    }

    /// What an expression answers, and which element of it.
    fn answer(
        &mut self,
        name: &str,
        expression: &'d Value,
    ) -> Lowered<(ValueId, Part, Option<u32>)> {
        if let Some(symbol) = expression.as_str() {
            return match self.binding(symbol)? {
                Binding::Value(id) => Ok((id, Part::Whole, None)),
                Binding::Part(estimate, Part::Label) => Ok((estimate, Part::Label, None)),
                Binding::Part(..) => Err(self.unsupported("an array as an answer")),
            };
        }
        if let Some((symbol, index)) = element(expression) {
            return Ok(match self.binding(symbol)? {
                Binding::Part(estimate, Part::Probabilities) => {
                    (estimate, Part::Probability(index), None)
                }
                Binding::Part(estimate, part) => (estimate, part, Some(index)),
                Binding::Value(id) => {
                    let of = |(estimate, margins): (&ValueId, &ValueId)| {
                        (*margins == id && name.starts_with("margin_")).then_some(*estimate)
                    };
                    match self.margins.iter().find_map(of) {
                        Some(estimate) => (estimate, Part::Margins, Some(index)),
                        None => (id, Part::Whole, Some(index)),
                    }
                }
            });
        }
        let entries = expression.get("new").and_then(Value::as_object);
        let first = entries.and_then(|map| map.values().next()).and_then(element);
        let (Some(entries), Some((symbol, _))) = (entries, first) else {
            return Err(self.unsupported("an answer of another shape"));
        };
        let in_order =
            (0_u32..).zip(entries.values()).all(|(i, e)| element(e) == Some((symbol, i)));
        match self.binding(symbol)? {
            Binding::Part(estimate, Part::Probabilities) if in_order => {
                let classes = match self.model.nodes.get(estimate).map(|node| &node.op) {
                    Some(holdall_tabular::Op::Classify(op)) => op.classes.texts(),
                    _ => Vec::new(),
                };
                if !classes.iter().eq(entries.keys()) {
                    return Err(self.unsupported("probabilities by other names than the labels"));
                }
                Ok((estimate, Part::Probabilities, None))
            }
            Binding::Part(..) | Binding::Value(_) => Err(self.unsupported("a map of other values")),
        }
    }

    /// Names the outputs, and checks that vectors are answered in full.
    fn close(self, answers: &[Answer]) -> Lowered<Model> {
        let (mut model, metadata) = (self.model, &self.document.metadata);
        let names = metadata.get("holdall.outputs");
        let names: Option<Vec<Option<String>>> =
            names.and_then(|text| serde_json::from_str(text).ok());
        let names = names.filter(|names| names.len() == answers.len());
        let names = names
            .unwrap_or_else(|| answers.iter().map(|answer| Some(answer.field.clone())).collect());
        for (answer, name) in answers.iter().zip(names) {
            model.outputs.push(Output { name, value: answer.value, part: answer.part });
        }
        let location = Location::path(holdall_diag::PathKind::JsonPointer, self.path);
        let valid = holdall_tabular::validate(model).map_err(|report| {
            let first = report.entries().first();
            let message = first.map_or_else(String::new, |found| found.message.clone());
            Failure::malformed(codes::DOCUMENT, format!("the statements do not fit: {message}"))
                .at(first.map_or_else(Location::none, |found| found.location.clone()))
        })?;
        for answer in answers {
            let width = match valid.type_of(answer.value) {
                Type::Value(_, Width::Scalar) => None,
                Type::Value(_, Width::Vector(width)) => Some(width),
                Type::Estimate(_) => answer
                    .elements
                    .map(|_| self.margins.get(&answer.value).map_or(0, |id| valid.width_of(*id))),
            };
            if width != answer.elements {
                return Err(unsupported("a vector that is answered in part").at(location));
            }
        }
        Ok(valid.into_model())
    }
}
