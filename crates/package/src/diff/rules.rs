//! When a change of the schema or of a figure is a break, an improvement, or neither.

use super::Level;
use crate::manifest::{Direction, Domain, DomainValue, Evaluation, FieldSchema, Shape};

/// What a caller of the old model must change, if anything.
pub(super) fn input(old: &FieldSchema, new: &FieldSchema) -> Vec<(String, String, String, Level)> {
    let mut found = both(old, new);
    if let (Some(a), Some(b)) = (&old.missing, &new.missing)
        && a != b
    {
        let stricter = b == "rejected";
        let level = if stricter { Level::Major } else { Level::Pipeline };
        found.push(("missing".to_owned(), a.clone(), b.clone(), level));
    }
    if old.domain != new.domain {
        let level = if accepts(new.domain.as_ref(), old.domain.as_ref()) {
            Level::Pipeline
        } else {
            Level::Major
        };
        found.push(("domain".to_owned(), domain(old), domain(new), level));
    }
    found
}

/// What a reader of the answers must change, if anything.
pub(super) fn output(old: &FieldSchema, new: &FieldSchema) -> Vec<(String, String, String, Level)> {
    let mut found = both(old, new);
    if old.domain != new.domain {
        // Answers that could not come before are a change of the target.
        let level = if accepts(old.domain.as_ref(), new.domain.as_ref()) {
            Level::Pipeline
        } else {
            Level::Major
        };
        found.push(("domain".to_owned(), domain(old), domain(new), level));
    }
    found
}

fn both(old: &FieldSchema, new: &FieldSchema) -> Vec<(String, String, String, Level)> {
    let mut found = Vec::new();
    if old.dtype != new.dtype {
        found.push(("dtype".to_owned(), old.dtype.clone(), new.dtype.clone(), Level::Major));
    }
    if old.shape != new.shape {
        let named = |shape: &[Shape]| -> Vec<Option<u64>> {
            let size = |extent: &Shape| match extent {
                Shape::Size(size) => Some(*size),
                Shape::Symbol(_) => None,
            };
            shape.iter().map(size).collect()
        };
        // Another name for a free extent changes nothing.
        let level = if named(&old.shape) == named(&new.shape) { Level::None } else { Level::Major };
        found.push(("shape".to_owned(), shape(&old.shape), shape(&new.shape), level));
    }
    if old.unit != new.unit {
        let text = |unit: &Option<String>| unit.clone().unwrap_or_else(|| "none".to_owned());
        // Another unit is other data; saying it for the first time, or no longer, is none.
        let both = old.unit.is_some() && new.unit.is_some();
        let level = if both { Level::Major } else { Level::None };
        found.push(("unit".to_owned(), text(&old.unit), text(&new.unit), level));
    }
    if old.description != new.description {
        let text = |said: &Option<String>| said.clone().unwrap_or_else(|| "none".to_owned());
        let texts = (text(&old.description), text(&new.description));
        found.push(("description".to_owned(), texts.0, texts.1, Level::None));
    }
    found
}

/// Whether every value of `narrow` is one of `wide`. No domain means every value.
fn accepts(wide: Option<&Domain>, narrow: Option<&Domain>) -> bool {
    let (Some(wide), Some(narrow)) = (wide, narrow) else { return wide.is_none() };
    match (wide, narrow) {
        (Domain::Values(wide), Domain::Values(narrow)) => narrow.iter().all(|v| wide.contains(v)),
        (Domain::Range(wide), Domain::Range(narrow)) => {
            wide.min.is_none_or(|least| narrow.min.is_some_and(|min| min >= least))
                && wide.max.is_none_or(|most| narrow.max.is_some_and(|max| max <= most))
        }
        (Domain::Range(_), Domain::Values(_)) | (Domain::Values(_), Domain::Range(_)) => false,
    }
}

/// A figure on the same data: better, worse, or the same.
pub(super) fn figure(old: &Evaluation, new: &Evaluation) -> std::cmp::Ordering {
    let order = new.value.partial_cmp(&old.value).unwrap_or(std::cmp::Ordering::Equal);
    match new.direction {
        Direction::Higher => order,
        Direction::Lower => order.reverse(),
    }
}

pub(super) fn shape(shape: &[Shape]) -> String {
    let extents: Vec<String> = shape
        .iter()
        .map(|extent| match extent {
            Shape::Size(size) => size.to_string(),
            Shape::Symbol(name) => name.clone(),
        })
        .collect();
    format!("[{}]", extents.join(", "))
}

fn domain(field: &FieldSchema) -> String {
    let value = |value: &DomainValue| match value {
        DomainValue::Boolean(flag) => flag.to_string(),
        DomainValue::Integer(number) => number.to_string(),
        DomainValue::Number(number) => number.to_string(),
        DomainValue::Text(text) => text.clone(),
    };
    match &field.domain {
        None => "any".to_owned(),
        Some(Domain::Values(values)) => {
            format!("{{{}}}", values.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        Some(Domain::Range(range)) => {
            let end = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |b| b.to_string());
            format!("[{}, {}]", end(range.min), end(range.max))
        }
    }
}
