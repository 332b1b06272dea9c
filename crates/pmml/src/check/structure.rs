//! Structure: elements, attributes and their order as the standard's schema has them.
//!
//! The grid of findings is missing / invalid / unsupported × element / attribute. What vendors add by the
//! standard's own means (`x-` names, `Extension`, foreign namespaces) is no finding.

use std::collections::BTreeSet;

use holdall_diag::{Code, Diagnostic, Severity};

use super::{
    Check,
    rules::{AttributeType, Automaton, ElementRules, rules},
};
use crate::{codes, doc::Element, number};

/// Names that a message lists before it stops.
const LISTED: usize = 8;

pub(super) fn check(check: &mut Check, root: Element<'_>) {
    let mut skip_to = 0;
    for element in root.descendants() {
        if check.is_full() {
            return;
        }
        if element.index() < skip_to {
            continue;
        }
        let name = element.name();
        if is_foreign(name) {
            skip_to = element.end_index();
            continue;
        }
        let Some(rules) = rules().get(name) else {
            let message = format!("the standard has no element `{name}`");
            structure(check, codes::UNSUPPORTED_ELEMENT, element, message);
            skip_to = element.end_index();
            continue;
        };
        attributes(check, element, rules);
        match &rules.content {
            // Whatever stands there is somebody else's.
            None => skip_to = element.end_index(),
            Some(automaton) => content(check, element, automaton),
        }
        array(check, element);
    }
}

/// A finding about structure. The schema is that of 4.4: elsewhere it is a hint.
fn structure(check: &mut Check, code: Code, element: Element<'_>, message: String) {
    let severity = if check.current { Severity::Error } else { Severity::Warning };
    let finding = Diagnostic::new(code, severity, message).at(element.location());
    let help = "the schema of 4.4 says so; the document is of an earlier version";
    check.report.push(if check.current { finding } else { finding.with_help(help) });
}

fn is_foreign(name: &str) -> bool {
    name.contains(':') || name.starts_with("x-") || name.starts_with("X-")
}

fn attributes(check: &mut Check, element: Element<'_>, rules: &ElementRules) {
    let mut seen = BTreeSet::new();
    for (name, value) in element.attributes() {
        if name == "xmlns" || is_foreign(name) {
            continue;
        }
        if !seen.insert(name) {
            let message = format!("`{name}` stands twice in `{}`", element.name());
            check.error(codes::INVALID_ATTRIBUTE, element, message);
        }
        match rules.attributes.get(name) {
            None => {
                let message = format!("`{}` has no attribute `{name}`", element.name());
                structure(check, codes::UNSUPPORTED_ATTRIBUTE, element, message);
            }
            Some((kind, _)) if !fits(kind, value) => {
                let message = format!(
                    "`{name}` in `{}`: expected {}, found `{value}`",
                    element.name(),
                    expected(kind)
                );
                structure(check, codes::INVALID_ATTRIBUTE, element, message);
            }
            Some((kind, _)) => range(check, element, name, kind, value),
        }
    }
    for (name, (_, required)) in &rules.attributes {
        if *required && !seen.contains(name) {
            let message = format!("expected the attribute `{name}` in `{}`", element.name());
            structure(check, codes::MISSING_ATTRIBUTE, element, message);
        }
    }
}

/// A bound that the text of the standard sets and its schema does not: producers write other numbers.
fn range(check: &mut Check, element: Element<'_>, name: &str, kind: &AttributeType, value: &str) {
    let high = match kind {
        AttributeType::Probability => 1.0,
        AttributeType::Percentage => 100.0,
        AttributeType::Text
        | AttributeType::Boolean
        | AttributeType::Number
        | AttributeType::Integer
        | AttributeType::Count
        | AttributeType::Positive
        | AttributeType::Words(_) => return,
    };
    if !number::parse_f64(value).is_some_and(|number| (0.0..=high).contains(&number)) {
        let message = format!(
            "`{name}` in `{}`: expected {}, found `{value}`",
            element.name(),
            expected(kind)
        );
        check.warning(codes::INVALID_ATTRIBUTE, element, message);
    }
}

fn fits(kind: &AttributeType, value: &str) -> bool {
    let whole = value.trim().trim_start_matches('+').parse::<i128>().ok();
    match kind {
        AttributeType::Text => true,
        AttributeType::Boolean => matches!(value.trim(), "true" | "false" | "1" | "0"),
        AttributeType::Number | AttributeType::Probability | AttributeType::Percentage => {
            number::parse_f64(value).is_some()
        }
        AttributeType::Integer => whole.is_some(),
        AttributeType::Count => whole.is_some_and(|n| n >= 0),
        AttributeType::Positive => whole.is_some_and(|n| n > 0),
        // `x-` words are vendors' own.
        AttributeType::Words(words) => words.contains(&value) || value.starts_with("x-"),
    }
}

fn expected(kind: &AttributeType) -> String {
    match kind {
        AttributeType::Text => "text".to_owned(),
        AttributeType::Boolean => "`true` or `false`".to_owned(),
        AttributeType::Number => "a number".to_owned(),
        AttributeType::Integer => "a whole number".to_owned(),
        AttributeType::Count => "a whole number from 0".to_owned(),
        AttributeType::Positive => "a whole number from 1".to_owned(),
        AttributeType::Probability => "a number from 0 to 1".to_owned(),
        AttributeType::Percentage => "a number from 0 to 100".to_owned(),
        AttributeType::Words(words) => format!("one of {}", words.join(", ")),
    }
}

fn content(check: &mut Check, element: Element<'_>, automaton: &Automaton) {
    let mut states = BTreeSet::from([0]);
    for child in element.children() {
        // Extensions are welcome everywhere.
        if is_foreign(child.name()) || child.name() == "Extension" {
            continue;
        }
        let next = automaton.step(&states, child.name());
        if !next.is_empty() {
            states = next;
            continue;
        }
        if !rules().contains_key(child.name()) {
            // Told where the element itself is met.
            continue;
        }
        let place = if automaton.knows(child.name()) {
            format!("`{}` stands at the wrong place in `{}`", child.name(), element.name())
        } else {
            format!("`{}` has no place in `{}`", child.name(), element.name())
        };
        let message = format!("{place}: expected {}", listed(&automaton.expected(&states)));
        structure(check, codes::INVALID_ELEMENT, child, message);
        // What follows would be measured against a place that is lost.
        return;
    }
    if !automaton.may_end(&states) {
        let message = format!(
            "an element is missing in `{}`: expected {}",
            element.name(),
            listed(&automaton.expected(&states))
        );
        structure(check, codes::MISSING_ELEMENT, element, message);
    }
}

fn listed(names: &BTreeSet<&'static str>) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match (shown.is_empty(), names.len() > LISTED) {
        (true, _) => "its end".to_owned(),
        (false, true) => format!("one of {}, …", shown.join(", ")),
        (false, false) if shown.len() == 1 => shown.concat(),
        (false, false) => format!("one of {}", shown.join(", ")),
    }
}

/// The number of items that an array declares, and their type.
fn array(check: &mut Check, element: Element<'_>) {
    let kind = match element.name() {
        "Array" => element.attribute("type"),
        "INT-Entries" | "Indices" => Some("int"),
        "REAL-Entries" => Some("real"),
        _ => return,
    };
    let text = element.text();
    let items = crate::doc::array_items(&text, kind == Some("string"));
    let declared = element.attribute("n").and_then(|n| n.trim().parse::<usize>().ok());
    if let Some(declared) = declared.filter(|declared| *declared != items.len()) {
        let message = format!("the array says {declared} items, and has {}", items.len());
        check.error(codes::ARRAY_COUNT, element, message);
    }
    let is_number = |item: &String| match kind {
        Some("int") => number::parse_i64(item).is_some(),
        Some("real") => number::parse_f64(item).is_some(),
        _ => true,
    };
    if let Some(item) = items.iter().find(|item| !is_number(item)) {
        let kind = kind.unwrap_or_default();
        let message = format!("an array of {kind} has the item `{item}`");
        check.error(codes::INVALID_ELEMENT, element, message);
    }
}
