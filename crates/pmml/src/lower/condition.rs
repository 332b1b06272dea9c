//! Predicates as boolean values: <https://dmg.org/pmml/v4-4-1/TreeModel.html>, "Predicates".

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Function, Kind, Labels, UnaryOp, ValueId};

use super::{
    Lower, dictionary, invalid, items_of, required, required_word, unsupported, unsupported_value,
};
use crate::doc::{Element, SimpleOperator};

/// Compound predicates may be nested this deep.
const MAX_NESTING: u32 = 32;

impl<'d> Lower<'d> {
    /// The predicate of an element as a boolean; none is always true. Missing is unknown.
    pub(super) fn condition_in(
        &mut self,
        element: Element<'d>,
    ) -> Result<Option<ValueId>, Failure> {
        let predicate = super::tree::predicate_of(element)?;
        self.condition(predicate, 0)
    }

    fn condition(&mut self, element: Element<'d>, depth: u32) -> Result<Option<ValueId>, Failure> {
        match element.name() {
            "True" => Ok(None),
            "False" => Ok(Some(self.truth(false)?)),
            "SimplePredicate" => self.simple_condition(element).map(Some),
            "SimpleSetPredicate" => self.set_condition(element).map(Some),
            "CompoundPredicate" if depth < MAX_NESTING => {
                self.compound_condition(element, depth + 1).map(Some)
            }
            _ => Err(unsupported(element)),
        }
    }

    pub(super) fn truth(&mut self, value: bool) -> Result<ValueId, Failure> {
        self.constant(Kind::Bool, Labels::Bool(vec![value]))
    }

    fn simple_condition(&mut self, element: Element<'d>) -> Result<ValueId, Failure> {
        let value = self.field(element, required(element, "field")?)?;
        let operator: SimpleOperator = required_word(element, "operator")?;
        let text = element.attribute("value").unwrap_or_default();
        let key = (value, operator, text.to_owned());
        if let Some(known) = self.conditions.get(&key) {
            return Ok(*known);
        }
        let value = self.scalar(value)?;
        let op = match operator {
            SimpleOperator::IsMissing | SimpleOperator::IsNotMissing => {
                let mut answer = self.un(UnaryOp::IsMissing, value)?;
                if operator == SimpleOperator::IsNotMissing {
                    answer = self.un(UnaryOp::Not, answer)?;
                }
                self.conditions.insert(key, answer);
                return Ok(answer);
            }
            SimpleOperator::Equal => BinaryOp::Eq,
            SimpleOperator::NotEqual => BinaryOp::Ne,
            SimpleOperator::LessThan => BinaryOp::Lt,
            SimpleOperator::LessOrEqual => BinaryOp::Le,
            SimpleOperator::GreaterThan => BinaryOp::Gt,
            SimpleOperator::GreaterOrEqual => BinaryOp::Ge,
        };
        let text = required(element, "value")?;
        let ordered = !matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let kind = self.kind(value);
        let kind = match kind {
            // Texts are not ordered, but for numbers that came as such.
            Kind::Text if ordered && dictionary::scalar(text, Kind::F64).is_none() => {
                return Err(unsupported_value(element, "operator"));
            }
            Kind::Text | Kind::Bool if ordered => Kind::F64,
            Kind::Bool | Kind::I64 if dictionary::scalar(text, kind).is_none() => Kind::F64,
            Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text => kind,
        };
        let left = self.cast(element, value, kind)?;
        let is_nan =
            |labels: &Labels| matches!(labels, Labels::F64(v) if v.iter().any(|v| v.is_nan()));
        let right = dictionary::labels(&[text], kind)
            .filter(|right| !is_nan(right))
            .ok_or_else(|| invalid(element, "value", &format!("a value of type {kind}")))?;
        let right = self.constant(kind, right)?;
        let answer = self.bin(op, left, right)?;
        self.conditions.insert(key, answer);
        Ok(answer)
    }

    fn set_condition(&mut self, element: Element<'d>) -> Result<ValueId, Failure> {
        let value = self.field(element, required(element, "field")?)?;
        let value = self.scalar(value)?;
        let inverse = match required(element, "booleanOperator")? {
            "isIn" => false,
            "isNotIn" => true,
            _ => return Err(unsupported_value(element, "booleanOperator")),
        };
        let array = element.child("Array").ok_or_else(|| unsupported(element))?;
        let items = items_of(array, array.attribute("type") == Some("string"))?;
        let kind = self.kind(value);
        // What is no value of the field's type is never equal to it.
        let fitting: Vec<&str> = items
            .iter()
            .map(String::as_str)
            .filter(|item| dictionary::scalar(item, kind).is_some())
            .collect();
        let list = dictionary::labels(&fitting, kind).ok_or_else(|| unsupported(array))?;
        let mut answer = self.call(Function::IsIn(list), vec![value])?;
        if inverse {
            answer = self.un(UnaryOp::Not, answer)?;
        }
        Ok(answer)
    }

    fn compound_condition(&mut self, element: Element<'d>, depth: u32) -> Result<ValueId, Failure> {
        let operator = required(element, "booleanOperator")?;
        let mut parts = Vec::new();
        for part in element.proper_children() {
            parts.push(match self.condition(part, depth)? {
                Some(value) => value,
                None => self.truth(true)?,
            });
        }
        let op = match operator {
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            "xor" => BinaryOp::Xor,
            "surrogate" => return self.call(Function::Coalesce, parts),
            _ => return Err(unsupported_value(element, "booleanOperator")),
        };
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else { return Err(unsupported(element)) };
        for next in parts {
            all = self.bin(op, all, next)?;
        }
        Ok(all)
    }
}
