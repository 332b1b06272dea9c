//! Predicates as chains of splits: <https://dmg.org/pmml/v4-4-1/TreeModel.html>, "Predicates".

use holdall_diag::Failure;
use holdall_tabular::{CategorySet, Kind, MissingRule, Test, ValueId};
use indexmap::IndexSet;

use super::{Lower, invalid, required, required_word, tree::Grove, unsupported, unsupported_value};
use crate::{
    doc::{Element, SimpleOperator},
    number,
};

/// Compound predicates may be nested this deep.
const MAX_NESTING: u32 = 32;

/// Where a predicate leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To a node.
    Node(u32),
    /// There is no answer.
    Null,
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

impl<'d> Lower<'d> {
    /// The node that asks a predicate.
    pub(super) fn predicate(
        &self,
        grove: &mut Grove,
        element: Element<'d>,
        ways: Ways,
        depth: u32,
    ) -> Result<Target, Failure> {
        match element.name() {
            "True" => Ok(ways.yes),
            "False" => Ok(ways.no),
            "SimplePredicate" => self.simple(grove, element, ways),
            "SimpleSetPredicate" => self.set(grove, element, ways),
            "CompoundPredicate" if depth < MAX_NESTING => {
                self.compound(grove, element, ways, depth + 1)
            }
            _ => Err(unsupported(element)),
        }
    }

    /// Three-valued logic: what a part does not decide, the next part is asked.
    fn compound(
        &self,
        grove: &mut Grove,
        element: Element<'d>,
        ways: Ways,
        depth: u32,
    ) -> Result<Target, Failure> {
        let parts: Vec<_> = element.proper_children().collect();
        let operator = required(element, "booleanOperator")?;
        let Some((last, before)) = parts.split_last() else { return Err(unsupported(element)) };
        let mut entry = self.predicate(grove, *last, ways, depth)?;
        // The same question where an unknown part came before.
        let clouded = match operator {
            "and" => Ways { yes: ways.unknown, ..ways },
            "or" => Ways { no: ways.unknown, ..ways },
            _ => ways,
        };
        let mut cloudy = match operator {
            "and" | "or" => self.predicate(grove, *last, clouded, depth)?,
            "surrogate" => ways.unknown,
            _ => return Err(unsupported_value(element, "booleanOperator")),
        };
        for part in before.iter().rev() {
            let (clear, cloud) = match operator {
                "and" => (
                    Ways { yes: entry, no: ways.no, unknown: cloudy },
                    Ways { yes: cloudy, no: ways.no, unknown: cloudy },
                ),
                "or" => (
                    Ways { yes: ways.yes, no: entry, unknown: cloudy },
                    Ways { yes: ways.yes, no: cloudy, unknown: cloudy },
                ),
                _ => {
                    entry = self.predicate(grove, *part, Ways { unknown: entry, ..ways }, depth)?;
                    continue;
                }
            };
            entry = self.predicate(grove, *part, clear, depth)?;
            cloudy = self.predicate(grove, *part, cloud, depth)?;
        }
        Ok(entry)
    }

    fn simple(
        &self,
        grove: &mut Grove,
        element: Element<'d>,
        ways: Ways,
    ) -> Result<Target, Failure> {
        let value = self.field(element, required(element, "field")?)?;
        let kind = self.kind(value);
        let operator: SimpleOperator = required_word(element, "operator")?;
        let feature = grove.feature(value, kind);
        let test = match operator {
            SimpleOperator::IsMissing => {
                return presence(grove, element, feature, ways.no, ways.yes);
            }
            SimpleOperator::IsNotMissing => {
                return presence(grove, element, feature, ways.yes, ways.no);
            }
            SimpleOperator::Equal => Test::Eq,
            SimpleOperator::NotEqual => Test::Ne,
            SimpleOperator::LessThan => Test::Lt,
            SimpleOperator::LessOrEqual => Test::Le,
            SimpleOperator::GreaterThan => Test::Gt,
            SimpleOperator::GreaterOrEqual => Test::Ge,
        };
        let text = required(element, "value")?;
        let threshold = match kind {
            Kind::Text if matches!(test, Test::Eq | Test::Ne) => Some(grove.code(feature, text)),
            Kind::Text => return Err(unsupported_value(element, "operator")),
            Kind::Bool => number::parse_bool(text).map(|value| f64::from(u8::from(value))),
            Kind::F32 => number::parse_f32(text),
            Kind::F64 | Kind::I64 => number::parse_f64(text),
        };
        let threshold = threshold
            .filter(|t| !t.is_nan())
            .ok_or_else(|| invalid(element, "value", &format!("a value of type {kind}")))?;
        split(grove, element, (test, feature, threshold), ways)
    }

    fn set(&self, grove: &mut Grove, element: Element<'d>, ways: Ways) -> Result<Target, Failure> {
        let name = required(element, "field")?;
        let inverse = match required(element, "booleanOperator")? {
            "isIn" => false,
            "isNotIn" => true,
            _ => return Err(unsupported_value(element, "booleanOperator")),
        };
        let ways =
            if inverse { Ways { yes: ways.no, no: ways.yes, unknown: ways.unknown } } else { ways };
        let array = element.child("Array").ok_or_else(|| unsupported(element))?;
        let text = array.text();
        let items = array_items(&text, array.attribute("type") == Some("string"));
        let whole = self.truncated.get(name).copied();
        let value = match whole {
            Some(value) => value,
            None => self.field(element, name)?,
        };
        let kind = self.kind(value);
        let feature = grove.feature(value, kind);
        if kind == Kind::Text {
            let codes: Vec<f64> = items.iter().map(|item| grove.code(feature, item)).collect();
            let members = codes.iter().filter_map(|code| small(*code));
            return in_set(grove, element, feature, members.collect(), ways);
        }
        let numbers: Option<Vec<f64>> = items
            .iter()
            .map(|item| match kind {
                Kind::Bool => number::parse_bool(item).map(|v| f64::from(u8::from(v))),
                Kind::F32 => number::parse_f32(item),
                Kind::F64 | Kind::I64 | Kind::Text => number::parse_f64(item),
            })
            .collect();
        let numbers = numbers.ok_or_else(|| unsupported(array))?;
        let members: Option<Vec<u32>> = numbers.iter().map(|value| small(*value)).collect();
        if let Some(members) = members
            && (whole.is_some() || matches!(kind, Kind::I64 | Kind::Bool))
        {
            return in_set(grove, element, feature, members, ways);
        }
        let mut entry = ways.no;
        for value in numbers.into_iter().rev() {
            let ways = Ways { no: entry, ..ways };
            entry = split(grove, element, (Test::Eq, feature, value), ways)?;
        }
        Ok(entry)
    }
}

fn in_set(
    grove: &mut Grove,
    element: Element<'_>,
    feature: u32,
    members: Vec<u32>,
    ways: Ways,
) -> Result<Target, Failure> {
    let set = CategorySet::new(members).ok_or_else(|| unsupported(element))?;
    let place = if let Some(place) = grove.sets.iter().position(|known| *known == set) {
        place
    } else {
        grove.sets.push(set);
        grove.sets.len() - 1
    };
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    split(grove, element, (Test::In(place), feature, 0.0), ways)
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
fn presence(
    grove: &mut Grove,
    element: Element<'_>,
    feature: u32,
    there: Target,
    missing: Target,
) -> Result<Target, Failure> {
    if there == missing {
        return Ok(there);
    }
    let (Target::Node(there), Target::Node(missing)) = (there, missing) else {
        return Err(unsupported(element));
    };
    let rule = MissingRule::No;
    Ok(grove.split((Test::Ge, feature, f64::NEG_INFINITY), there, missing, rule))
}

fn split(
    grove: &mut Grove,
    element: Element<'_>,
    test: (Test, u32, f64),
    ways: Ways,
) -> Result<Target, Failure> {
    let (Target::Node(yes), Target::Node(no)) = (ways.yes, ways.no) else {
        // Rows that no child takes have no answer, which trees here cannot say.
        return Err(unsupported(element));
    };
    if ways.unknown == ways.yes && yes == no {
        return Ok(ways.yes);
    }
    Ok(match ways.unknown {
        Target::Null => grove.split(test, yes, no, MissingRule::Compare),
        Target::Node(node) if node == yes => grove.split(test, yes, no, MissingRule::Yes),
        Target::Node(node) if node == no => grove.split(test, yes, no, MissingRule::No),
        Target::Node(unknown) => {
            let Target::Node(inner) = grove.split(test, yes, no, MissingRule::No) else {
                return Err(unsupported(element));
            };
            let there = (Test::Ge, test.1, f64::NEG_INFINITY);
            grove.split(there, inner, unknown, MissingRule::No)
        }
    })
}

/// Items of an array: between blanks, or in quotes, in which `\"` is a quote.
pub(crate) fn array_items(text: &str, quoted: bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&first) = chars.peek() {
        if first.is_whitespace() {
            chars.next();
            continue;
        }
        let mut item = String::new();
        let in_quotes = quoted && first == '"';
        if in_quotes {
            chars.next();
        }
        while let Some(c) = chars.next() {
            match c {
                '"' if in_quotes => break,
                '\\' if chars.peek() == Some(&'"') => item.extend(chars.next()),
                c if !in_quotes && c.is_whitespace() => break,
                c => item.push(c),
            }
        }
        items.push(item);
    }
    items
}

/// Whether two predicates are true for opposite rows.
pub(super) fn complementary(a: Element<'_>, b: Element<'_>) -> bool {
    let same = |name: &str| a.attribute(name) == b.attribute(name);
    if a.name() != b.name() || !same("field") {
        return false;
    }
    let pairs = [
        ("equal", "notEqual"),
        ("lessThan", "greaterOrEqual"),
        ("lessOrEqual", "greaterThan"),
        ("isIn", "isNotIn"),
        ("isMissing", "isNotMissing"),
    ];
    let opposite = |name: &str| {
        let words = (a.attribute(name).unwrap_or_default(), b.attribute(name).unwrap_or_default());
        pairs.iter().any(|&(x, y)| words == (x, y) || words == (y, x))
    };
    match a.name() {
        "SimplePredicate" => same("value") && opposite("operator"),
        "SimpleSetPredicate" => {
            let text = |e: Element<'_>| e.child("Array").map(|array| array.text().into_owned());
            text(a) == text(b) && opposite("booleanOperator")
        }
        _ => false,
    }
}
