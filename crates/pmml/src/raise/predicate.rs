//! Predicates: <https://dmg.org/pmml/v4-4-1/TreeModel.html>, `PREDICATE`.

use holdall_tabular::{BinaryOp, Function, Kind, Op, UnaryOp, ValueId};

use super::{Item, NameId, Raise, Stop, expression::scalar_text};
use crate::doc::Builder;

/// Deeper conditions are boolean fields.
const DEEPEST: u32 = 12;

/// A predicate of a node, segment, rule or attribute.
#[derive(Clone, Debug)]
pub(super) enum Predicate {
    True,
    False,
    /// Field, operator and value.
    Simple(NameId, &'static str, Option<String>),
    /// Field, operator, type of the array and its items.
    Set(NameId, &'static str, &'static str, Vec<String>),
    Compound(&'static str, Vec<Predicate>),
}

impl Predicate {
    pub(super) const fn equal(name: NameId, value: String) -> Self {
        Self::Simple(name, "equal", Some(value))
    }

    /// Calls `visit` with every field that is tested.
    pub(super) fn fields(&self, visit: &mut dyn FnMut(NameId)) {
        match self {
            Self::True | Self::False => {}
            Self::Simple(name, ..) | Self::Set(name, ..) => visit(*name),
            Self::Compound(_, inside) => inside.iter().for_each(|one| one.fields(visit)),
        }
    }

    pub(super) fn write(&self, out: &mut Builder, names: &super::Names) {
        match self {
            Self::True => {
                out.open("True");
            }
            Self::False => {
                out.open("False");
            }
            Self::Simple(name, operator, value) => {
                out.open("SimplePredicate")
                    .attribute("field", names.text(*name))
                    .attribute("operator", operator)
                    .optional("value", value.as_ref());
            }
            Self::Set(name, operator, kind, items) => {
                out.open("SimpleSetPredicate")
                    .attribute("field", names.text(*name))
                    .attribute("booleanOperator", operator);
                out.open("Array").attribute("type", kind).attribute("n", items.len());
                let quoted = items.iter().map(|item| match *kind {
                    "string" => format!("\"{}\"", item.replace('"', "\\\"")),
                    _ => item.clone(),
                });
                out.text(&quoted.collect::<Vec<_>>().join(" ")).close();
            }
            Self::Compound(operator, inside) => {
                out.open("CompoundPredicate").attribute("booleanOperator", operator);
                for one in inside {
                    one.write(out, names);
                }
            }
        }
        out.close();
    }
}

impl Raise<'_> {
    /// A boolean value as a predicate; none is always true.
    pub(super) fn predicate_of(&mut self, when: Option<ValueId>) -> Result<Predicate, Stop> {
        when.map_or(Ok(Predicate::True), |id| self.condition(id, 0))
    }

    fn condition(&mut self, id: ValueId, depth: u32) -> Result<Predicate, Stop> {
        if depth < DEEPEST
            && let Some(predicate) = self.inline(id, depth)?
        {
            return Ok(predicate);
        }
        match self.item(id, 0)? {
            Item::Constant(value, _) if scalar_text(&value) == "true" => Ok(Predicate::True),
            Item::Constant(..) => Ok(Predicate::False),
            Item::Field(_) | Item::Unused => {
                Ok(Predicate::equal(self.field(id, 0)?, "true".to_owned()))
            }
        }
    }

    /// A condition in the standard's words, where it has some.
    fn inline(&mut self, id: ValueId, depth: u32) -> Result<Option<Predicate>, Stop> {
        let valid = self.valid;
        Ok(match valid.model().nodes.get(id).map(|node| &node.op) {
            Some(Op::Binary { op: BinaryOp::And, left, right }) => {
                self.compound("and", &[*left, *right], depth)?
            }
            Some(Op::Binary { op: BinaryOp::Or, left, right }) => {
                self.compound("or", &[*left, *right], depth)?
            }
            Some(Op::Call(call)) if call.function == Function::Coalesce => {
                self.compound("surrogate", &call.args, depth)?
            }
            Some(Op::Call(call)) => match (&call.function, call.args.first()) {
                (Function::IsIn(list), Some(arg)) => self.set(*arg, list, "isIn")?,
                _ => None,
            },
            Some(Op::Unary { op: UnaryOp::IsMissing, arg }) => {
                self.missing_test(*arg, "isMissing")?
            }
            Some(Op::Unary { op: UnaryOp::Not, arg }) => match self.op(*arg) {
                Some(Op::Unary { op: UnaryOp::IsMissing, arg }) => {
                    self.missing_test(*arg, "isNotMissing")?
                }
                Some(Op::Call(call)) => match (call.function.clone(), call.args.first().copied()) {
                    (Function::IsIn(list), Some(arg)) => self.set(arg, &list, "isNotIn")?,
                    _ => None,
                },
                _ => None,
            },
            Some(Op::Binary { op, left, right }) => self.comparison(*op, *left, *right)?,
            _ => None,
        })
    }

    fn compound(
        &mut self,
        operator: &'static str,
        args: &[ValueId],
        depth: u32,
    ) -> Result<Option<Predicate>, Stop> {
        let mut inside = Vec::new();
        for arg in args {
            let mut one = self.condition(*arg, depth + 1)?;
            match &mut one {
                // A chain of one operator is one predicate.
                Predicate::Compound(own, list) if *own == operator => inside.append(list),
                Predicate::True
                | Predicate::False
                | Predicate::Simple(..)
                | Predicate::Set(..)
                | Predicate::Compound(..) => inside.push(one),
            }
        }
        Ok((inside.len() > 1).then_some(Predicate::Compound(operator, inside)))
    }

    fn missing_test(
        &mut self,
        arg: ValueId,
        operator: &'static str,
    ) -> Result<Option<Predicate>, Stop> {
        Ok(match self.item(arg, 0)? {
            Item::Field(name) => Some(Predicate::Simple(name, operator, None)),
            Item::Constant(..) | Item::Unused => None,
        })
    }

    fn set(
        &mut self,
        arg: ValueId,
        list: &holdall_tabular::Labels,
        operator: &'static str,
    ) -> Result<Option<Predicate>, Stop> {
        let items = super::regression::texts(list);
        let kind = match list.kind() {
            Kind::I64 => "int",
            Kind::F32 | Kind::F64 => "real",
            Kind::Bool | Kind::Text => "string",
        };
        let plain = items.iter().all(|item| !item.contains('\\')) && !items.is_empty();
        Ok(match self.item(arg, 0)? {
            Item::Field(name) if plain => Some(Predicate::Set(name, operator, kind, items)),
            Item::Field(_) | Item::Constant(..) | Item::Unused => None,
        })
    }

    fn comparison(
        &mut self,
        op: BinaryOp,
        left: ValueId,
        right: ValueId,
    ) -> Result<Option<Predicate>, Stop> {
        let words = match op {
            BinaryOp::Eq => ("equal", "equal"),
            BinaryOp::Ne => ("notEqual", "notEqual"),
            BinaryOp::Lt => ("lessThan", "greaterThan"),
            BinaryOp::Le => ("lessOrEqual", "greaterOrEqual"),
            BinaryOp::Gt => ("greaterThan", "lessThan"),
            BinaryOp::Ge => ("greaterOrEqual", "lessOrEqual"),
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Pow
            | BinaryOp::Min
            | BinaryOp::Max
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Modulo
            | BinaryOp::Remainder
            | BinaryOp::FloorDiv
            | BinaryOp::Atan2
            | BinaryOp::Xor => return Ok(None),
        };
        let written = |value: &holdall_tabular::Scalar| {
            Some(scalar_text(value)).filter(|text| text != "NaN" && !text.is_empty())
        };
        Ok(match (self.item(left, 0)?, self.item(right, 0)?) {
            (Item::Field(name), Item::Constant(value, _)) => {
                written(&value).map(|text| Predicate::Simple(name, words.0, Some(text)))
            }
            (Item::Constant(value, _), Item::Field(name)) => {
                written(&value).map(|text| Predicate::Simple(name, words.1, Some(text)))
            }
            _ => None,
        })
    }
}
