//! Predicates as chains of splits: <https://dmg.org/pmml/v4-4-1/TreeModel.html>, "Predicates".

use holdall_tabular::{CategorySet, Kind, MissingRule, Test, ValueId};
use indexmap::IndexSet;

use super::tree::{Grove, Lost, Planting};
use crate::{
    doc::{PlainOp, PlainTest, PlainTree, SimpleOperator, array_items},
    number,
};

/// Splits that one predicate may come to.
const MAX_SPLITS: usize = 1 << 12;

/// Where a predicate leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To a node.
    Node(u32),
    /// There is no answer.
    Null,
    /// The row is refused.
    Fail,
}

/// Where a predicate leads when it is true, false, unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    pub(super) yes: Target,
    pub(super) no: Target,
    pub(super) unknown: Target,
}

/// A field that splits test.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    pub(super) value: ValueId,
    pub(super) kind: Kind,
    /// The texts that are told apart, for a text field.
    pub(super) categories: IndexSet<String>,
}

impl Planting<'_, '_, '_> {
    /// The node that asks the predicate at this place.
    pub(super) fn predicate(&mut self, at: u32, ways: Ways) -> Option<Target> {
        let most = self.grove.nodes.len() + MAX_SPLITS;
        self.part(at, ways, most)
    }

    fn part(&mut self, at: u32, ways: Ways, most: usize) -> Option<Target> {
        if self.grove.nodes.len() > most {
            return None;
        }
        let test = *self.plain.tests.get(at as usize)?;
        match test.op {
            PlainOp::True => Some(ways.yes),
            PlainOp::False => Some(ways.no),
            PlainOp::Simple(operator) => self.simple(test, operator, ways),
            PlainOp::Set { inverse: false, quoted } => self.set(test, quoted, ways),
            PlainOp::Set { inverse: true, quoted } => {
                let ways = Ways { yes: ways.no, no: ways.yes, unknown: ways.unknown };
                self.set(test, quoted, ways)
            }
            PlainOp::And | PlainOp::Or | PlainOp::Surrogate => self.compound(at, test, ways, most),
        }
    }

    /// Three-valued logic: what a part does not decide, the next part is asked. The columns bound how deep
    /// parts are nested.
    fn compound(&mut self, at: u32, test: PlainTest, ways: Ways, most: usize) -> Option<Target> {
        if ways.yes == ways.no && ways.no == ways.unknown {
            return Some(ways.yes);
        }
        let mut parts = Vec::new();
        let mut next = at + 1;
        while next < test.end {
            parts.push(next);
            next = self.plain.tests.get(next as usize)?.end;
        }
        let (last, before) = parts.split_last()?;
        let mut entry = self.part(*last, ways, most)?;
        if test.op == PlainOp::Surrogate {
            for part in before.iter().rev() {
                entry = self.part(*part, Ways { unknown: entry, ..ways }, most)?;
            }
            return Some(entry);
        }
        let and = test.op == PlainOp::And;
        // The same question where an unknown part came before.
        let clouded = if and {
            Ways { yes: ways.unknown, ..ways }
        } else {
            Ways { no: ways.unknown, ..ways }
        };
        let mut cloudy = self.part(*last, clouded, most)?;
        for part in before.iter().rev() {
            let (clear, cloud) = if and {
                (
                    Ways { yes: entry, no: ways.no, unknown: cloudy },
                    Ways { yes: cloudy, no: ways.no, unknown: cloudy },
                )
            } else {
                (
                    Ways { yes: ways.yes, no: entry, unknown: cloudy },
                    Ways { yes: ways.yes, no: cloudy, unknown: cloudy },
                )
            };
            entry = self.part(*part, clear, most)?;
            cloudy = self.part(*part, cloud, most)?;
        }
        Some(entry)
    }

    fn simple(&mut self, test: PlainTest, operator: SimpleOperator, ways: Ways) -> Option<Target> {
        let (feature, kind) = self.feature(test.field)?;
        let asked = match operator {
            SimpleOperator::IsMissing => {
                return presence(self.grove, feature, ways.no, ways.yes);
            }
            SimpleOperator::IsNotMissing => {
                return presence(self.grove, feature, ways.yes, ways.no);
            }
            SimpleOperator::Equal => Test::Eq,
            SimpleOperator::NotEqual => Test::Ne,
            SimpleOperator::LessThan => Test::Lt,
            SimpleOperator::LessOrEqual => Test::Le,
            SimpleOperator::GreaterThan => Test::Gt,
            SimpleOperator::GreaterOrEqual => Test::Ge,
        };
        let text = self.plain.text(test.value)?;
        let threshold = match kind {
            Kind::Text if matches!(asked, Test::Eq | Test::Ne) => self.grove.code(feature, text),
            Kind::Text => return None,
            Kind::Bool | Kind::F32 | Kind::F64 | Kind::I64 => of_kind(text, kind)?,
        };
        if threshold.is_nan() {
            return None;
        }
        split(self.grove, (asked, feature, threshold), ways)
    }

    fn set(&mut self, test: PlainTest, quoted: bool, ways: Ways) -> Option<Target> {
        let items = array_items(self.plain.text(test.value)?, quoted);
        let name = self.plain.fields.get_index(test.field as usize)?;
        let whole = self.lower.truncated.get(name).copied();
        let (feature, kind) = match whole {
            Some(value) => {
                let kind = self.lower.kind(value);
                (self.grove.feature(value, kind), kind)
            }
            None => self.feature(test.field)?,
        };
        if kind == Kind::Text {
            let codes: Vec<f64> = items.iter().map(|item| self.grove.code(feature, item)).collect();
            let members = codes.iter().filter_map(|code| small(*code));
            return in_set(self.grove, feature, members.collect(), ways);
        }
        let numbers: Option<Vec<f64>> = items.iter().map(|item| of_kind(item, kind)).collect();
        let numbers = numbers?;
        let members: Option<Vec<u32>> = numbers.iter().map(|value| small(*value)).collect();
        if let Some(members) = members
            && (whole.is_some() || matches!(kind, Kind::I64 | Kind::Bool))
        {
            return in_set(self.grove, feature, members, ways);
        }
        let mut entry = ways.no;
        for value in numbers.into_iter().rev() {
            let ways = Ways { no: entry, ..ways };
            entry = split(self.grove, (Test::Eq, feature, value), ways)?;
        }
        Some(entry)
    }
}

/// A text as the number that trees compare for values of a kind.
fn of_kind(text: &str, kind: Kind) -> Option<f64> {
    match kind {
        Kind::Bool => number::parse_bool(text).map(|value| f64::from(u8::from(value))),
        Kind::F32 => number::parse_f32(text),
        Kind::F64 | Kind::I64 | Kind::Text => number::parse_f64(text),
    }
}

fn in_set(grove: &mut Grove, feature: u32, members: Vec<u32>, ways: Ways) -> Option<Target> {
    let set = CategorySet::new(members)?;
    let place = grove.set(set)?;
    split(grove, (Test::In(place), feature, 0.0), ways)
}

/// A number that a category set may hold.
fn small(value: f64) -> Option<u32> {
    let fits = value >= 0.0
        && value <= f64::from(CategorySet::MAX)
        && value.trunc().total_cmp(&value).is_eq();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    #[expect(clippy::cast_sign_loss, reason = "the range is checked")]
    fits.then_some(value as u32)
}

/// Whether there is a value: every number is at least −∞.
fn presence(grove: &mut Grove, feature: u32, there: Target, missing: Target) -> Option<Target> {
    if there == missing {
        return Some(there);
    }
    let (there, missing) = (node(grove, there)?, node(grove, missing)?);
    let rule = MissingRule::No;
    Some(grove.split((Test::Ge, feature, f64::NEG_INFINITY), there, missing, rule))
}

/// The node of a target; none where trees here cannot say it.
fn node(grove: &mut Grove, target: Target) -> Option<u32> {
    match target {
        Target::Node(node) => Some(node),
        Target::Null if grove.lost == Lost::Answer => {
            u32::try_from(grove.nodes.push_unanswered()).ok()
        }
        Target::Null | Target::Fail => None,
    }
}

fn split(grove: &mut Grove, test: (Test, u32, f64), ways: Ways) -> Option<Target> {
    if ways.unknown == ways.yes && ways.yes == ways.no {
        return Some(ways.yes);
    }
    let (yes, no) = (node(grove, ways.yes)?, node(grove, ways.no)?);
    Some(match ways.unknown {
        Target::Null if grove.lost == Lost::Answer => {
            grove.split(test, yes, no, MissingRule::Unanswered)
        }
        Target::Null | Target::Fail => grove.split(test, yes, no, MissingRule::Compare),
        Target::Node(node) if node == yes => grove.split(test, yes, no, MissingRule::Yes),
        Target::Node(node) if node == no => grove.split(test, yes, no, MissingRule::No),
        Target::Node(unknown) => {
            let Target::Node(inner) = grove.split(test, yes, no, MissingRule::No) else {
                return None;
            };
            let there = (Test::Ge, test.1, f64::NEG_INFINITY);
            grove.split(there, inner, unknown, MissingRule::No)
        }
    })
}

/// Whether two predicates are true for opposite rows.
pub(super) fn complementary(tree: &PlainTree, a: PlainTest, b: PlainTest) -> bool {
    const PAIRS: [(SimpleOperator, SimpleOperator); 4] = [
        (SimpleOperator::Equal, SimpleOperator::NotEqual),
        (SimpleOperator::LessThan, SimpleOperator::GreaterOrEqual),
        (SimpleOperator::LessOrEqual, SimpleOperator::GreaterThan),
        (SimpleOperator::IsMissing, SimpleOperator::IsNotMissing),
    ];
    let opposite = match (a.op, b.op) {
        (PlainOp::Simple(a), PlainOp::Simple(b)) => {
            PAIRS.contains(&(a, b)) || PAIRS.contains(&(b, a))
        }
        (PlainOp::Set { inverse: a, .. }, PlainOp::Set { inverse: b, .. }) => a != b,
        _ => false,
    };
    opposite && a.field == b.field && tree.text(a.value) == tree.text(b.value)
}
