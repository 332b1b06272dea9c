//! Fields: that they are defined once, of one type, without cycles, and accept something.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, scope::Scopes};
use crate::{codes, doc::Element, number};

/// Attributes that name a field, by element.
const REFERENCES: [(&str, &str); 20] = [
    ("Aggregate", "field"),
    ("BayesInput", "fieldName"),
    ("CategoricalPredictor", "name"),
    ("ClusteringField", "field"),
    ("Discretize", "field"),
    ("FieldColumnPair", "field"),
    ("FieldRef", "field"),
    ("KNNInput", "field"),
    ("Lag", "field"),
    ("MiningField", "name"),
    ("NormContinuous", "field"),
    ("NormDiscrete", "field"),
    ("NumericPredictor", "name"),
    ("PPCell", "predictorName"),
    ("Predictor", "name"),
    ("SimplePredicate", "field"),
    ("SimpleSetPredicate", "field"),
    ("Target", "field"),
    ("TestDistributions", "field"),
    ("TextIndex", "textField"),
];

pub(super) fn check(check: &mut Check, root: Element<'_>) {
    let fields = Fields::of(check, root);
    let scopes = Scopes::of(root);
    for element in root.descendants() {
        if check.is_full() {
            return;
        }
        let wanted = REFERENCES.iter().find(|(name, _)| *name == element.name());
        if let Some(name) = wanted.and_then(|(_, attribute)| element.attribute(attribute)) {
            if scopes.knows(name, element) {
                types(check, element, fields.types.get(name).copied().flatten());
            } else {
                let place =
                    if fields.types.contains_key(name) { "here" } else { "in the document" };
                let message = format!("there is no field `{name}` {place}");
                check.error(codes::UNDEFINED_FIELD, element, message);
            }
        }
        match element.name() {
            "DataField" => data_field(check, element),
            "Interval" | "QuantileInterval" => interval(check, element),
            "TransformationDictionary" | "LocalTransformations" => cycles(check, element),
            "Apply" => function(check, element, &fields.functions),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Fields<'d> {
    /// The type, where the name stands for one type alone.
    types: BTreeMap<&'d str, Option<&'d str>>,
    functions: BTreeSet<&'d str>,
}

impl<'d> Fields<'d> {
    fn of(check: &mut Check, root: Element<'d>) -> Self {
        let mut found = Self::default();
        let mut places = BTreeSet::new();
        let mut parents: Vec<Element<'d>> = Vec::new();
        for element in root.descendants() {
            while parents.last().is_some_and(|parent| parent.end_index() <= element.index()) {
                parents.pop();
            }
            let parent = parents.last().map_or(0, |parent| parent.index());
            parents.push(element);
            let kind = element.name();
            if !matches!(
                kind,
                "DataField" | "DerivedField" | "OutputField" | "ResultField" | "DefineFunction"
            ) {
                continue;
            }
            let Some(name) = element.attribute("name") else { continue };
            if !places.insert((parent, kind, name)) {
                let message = format!("`{kind}` with the name `{name}` stands here twice");
                check.error(codes::DUPLICATE, element, message);
            }
            if kind == "DefineFunction" {
                found.functions.insert(name);
                continue;
            }
            let declared = element.attribute("dataType");
            let kept = found.types.entry(name).or_insert(declared);
            if *kept != declared {
                *kept = None;
            }
        }
        found
    }
}

/// Whether a text is a value of a `dataType`. Numbers may be told with a fraction, as files do.
fn is_of(text: &str, kind: &str) -> bool {
    match kind {
        "integer" | "float" | "double" => number::parse_f64(text).is_some(),
        "boolean" => number::parse_bool(text).is_some() || number::parse_f64(text).is_some(),
        _ => true,
    }
}

fn types(check: &mut Check, element: Element<'_>, kind: Option<&str>) {
    let Some(kind) = kind else { return };
    let compared: &[&str] = match element.name() {
        "SimplePredicate" | "NormDiscrete" | "CategoricalPredictor" => &["value"],
        "MiningField" => &["missingValueReplacement", "invalidValueReplacement"],
        _ => &[],
    };
    for attribute in compared {
        if let Some(text) = element.attribute(attribute).filter(|text| !is_of(text, kind)) {
            let message = format!(
                "`{attribute}` in `{}`: the field is of type {kind}, found `{text}`",
                element.name()
            );
            check.error(codes::TYPE_CLASH, element, message);
        }
    }
    if matches!(element.name(), "NumericPredictor" | "NormContinuous") && kind == "string" {
        let message = format!("`{}` computes with a field of type string", element.name());
        check.error(codes::TYPE_CLASH, element, message);
    }
}

fn data_field(check: &mut Check, field: Element<'_>) {
    let kind = field.attribute("dataType").unwrap_or("string");
    let mut seen = BTreeSet::new();
    for value in field.children().filter(|child| child.name() == "Value") {
        let Some(text) = value.attribute("value") else { continue };
        let property = value.attribute("property").unwrap_or("valid");
        if property == "valid" && !is_of(text, kind) {
            let message = format!("a valid value of a field of type {kind} is `{text}`");
            check.error(codes::TYPE_CLASH, value, message);
        }
        if !seen.insert((text, property)) {
            check.warning(codes::DUPLICATE, value, format!("the value `{text}` stands here twice"));
        }
    }
}

fn interval(check: &mut Check, interval: Element<'_>) {
    let bound = |name| interval.attribute(name).and_then(number::parse_f64);
    let (Some(low), Some(high)) = (bound("leftMargin"), bound("rightMargin")) else { return };
    let closed = interval.attribute("closure") == Some("closedClosed");
    if low < high || (closed && low <= high) {
        return;
    }
    let message = format!("no number lies in the interval from {low} to {high}");
    check.error(codes::EMPTY_INTERVAL, interval, message);
}

/// Derived fields that need each other. Fields are peeled off once all that they need are peeled off.
fn cycles(check: &mut Check, transformations: Element<'_>) {
    let derived = transformations.children().filter(|c| c.name() == "DerivedField");
    let fields: BTreeMap<&str, Element<'_>> =
        derived.filter_map(|field| Some((field.attribute("name")?, field))).collect();
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, field) in &fields {
        for element in field.descendants() {
            let wanted = REFERENCES.iter().find(|(kind, _)| *kind == element.name());
            let used = wanted.and_then(|(_, attribute)| element.attribute(attribute));
            if let Some(used) = used.filter(|used| fields.contains_key(used))
                && needs.entry(name).or_default().insert(used)
            {
                users.entry(used).or_default().push(name);
            }
        }
    }
    let mut free: Vec<&str> =
        fields.keys().filter(|name| !needs.contains_key(*name)).copied().collect();
    while let Some(name) = free.pop() {
        for user in users.remove(name).unwrap_or_default() {
            if let Some(open) = needs.get_mut(user) {
                open.remove(name);
                if open.is_empty() {
                    needs.remove(user);
                    free.push(user);
                }
            }
        }
    }
    for (name, others) in &needs {
        let (Some(field), Some(other)) = (fields.get(name), others.first()) else { continue };
        let message = format!("the derived field `{name}` depends on itself, by way of `{other}`");
        check.error(codes::CYCLE, *field, message);
    }
}

fn function(check: &mut Check, apply: Element<'_>, defined: &BTreeSet<&str>) {
    let Some(name) = apply.attribute("function") else { return };
    // Functions with a namespace or a package are vendors' own.
    let own = name.contains(['.', ':']) || name.starts_with("x-");
    if !own && !defined.contains(name) && !BUILT_IN.contains(&name) {
        let message = format!("there is no function `{name}`");
        check.error(codes::UNDEFINED_FUNCTION, apply, message);
    }
}

/// <https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html>
const BUILT_IN: [&str; 83] = [
    "+",
    "-",
    "*",
    "/",
    "min",
    "max",
    "sum",
    "avg",
    "median",
    "product",
    "log10",
    "ln",
    "sqrt",
    "abs",
    "exp",
    "pow",
    "threshold",
    "floor",
    "ceil",
    "round",
    "modulo",
    "isMissing",
    "isNotMissing",
    "isValid",
    "isNotValid",
    "equal",
    "notEqual",
    "lessThan",
    "lessOrEqual",
    "greaterThan",
    "greaterOrEqual",
    "and",
    "or",
    "not",
    "isIn",
    "isNotIn",
    "if",
    "uppercase",
    "lowercase",
    "stringLength",
    "substring",
    "trimBlanks",
    "concat",
    "replace",
    "matches",
    "formatNumber",
    "formatDatetime",
    "dateDaysSinceYear",
    "dateSecondsSinceYear",
    "dateSecondsSinceMidnight",
    "normalCDF",
    "normalPDF",
    "stdNormalCDF",
    "stdNormalPDF",
    "erf",
    "normalIDF",
    "stdNormalIDF",
    "expm1",
    "hypot",
    "ln1p",
    "rint",
    "sin",
    "asin",
    "sinh",
    "cos",
    "acos",
    "cosh",
    "tan",
    "atan",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "atan2",
    "x-softmax",
    "count",
    "multiset",
    "average",
    "isFinite",
    "isNaN",
    "isInfinite",
    "sign",
    "cbrt",
];
