//! Two models of one format.

use std::path::Path;

use holdall_codec::{FileDifference, Options, ReadOptions};
use holdall_diag::Failure;
use holdall_source::Source;
use serde_json::{Map, Value, json};

use crate::{
    args::Common,
    render::push,
    ui::{Exit, Ui},
};

/// Compares two model files; nothing when they are not two files of one format that has a comparison.
pub(super) fn run(
    old: &Path,
    new: &Path,
    common: &Common,
    ui: &Ui,
) -> Result<Option<Exit>, Failure> {
    if !old.is_file() || !new.is_file() {
        return Ok(None);
    }
    let (a, b) = (Source::open(old)?, Source::open(new)?);
    let (Ok(reader), Ok(other)) = (holdall_convert::detect(&a), holdall_convert::detect(&b)) else {
        return Ok(None);
    };
    let format = reader.format().id;
    if format != other.format().id {
        return Ok(None);
    }
    let options = ReadOptions {
        limits: common.limits(),
        options: Options::none(),
        inner: Some(holdall_convert::detect),
    };
    let Some(found) = reader.compare(&a, &b, &options)? else { return Ok(None) };
    ui.document(&json!({
        "schema": "holdall/diff-models/1",
        "format": format,
        "equal": found.is_empty(),
        "old": a.name(),
        "new": b.name(),
        "differences": found.iter().map(difference).collect::<Vec<_>>(),
    }));
    ui.text(&text(&a, &b, &found));
    Ok(Some(Exit::yes_if(found.is_empty())))
}

fn difference(found: &FileDifference) -> Value {
    let mut object = Map::new();
    object.insert("area".to_owned(), found.area.into());
    object.insert("what".to_owned(), found.what.as_str().into());
    for (key, side) in [("old", &found.old), ("new", &found.new)] {
        if let Some(side) = side {
            object.insert(key.to_owned(), side.as_str().into());
        }
    }
    if let Some(detail) = &found.detail {
        object.insert("detail".to_owned(), detail.clone());
    }
    Value::Object(object)
}

fn text(a: &Source, b: &Source, found: &[FileDifference]) -> String {
    if found.is_empty() {
        return format!("{} and {} say and hold the same\n", a.name(), b.name());
    }
    let mut areas: Vec<&str> = Vec::new();
    for difference in found {
        if !areas.contains(&difference.area) {
            areas.push(difference.area);
        }
    }
    let mut out = String::new();
    for (i, area) in areas.iter().enumerate() {
        push(&mut out, format_args!("{}{area}\n", if i > 0 { "\n" } else { "" }));
        for difference in found.iter().filter(|d| d.area == *area) {
            line(&mut out, difference);
        }
    }
    out
}

fn line(out: &mut String, difference: &FileDifference) {
    let (mark, sides) = match (&difference.old, &difference.new) {
        (Some(old), Some(new)) if old == new => ("~", old.clone()),
        (Some(old), Some(new)) => ("~", format!("{old} → {new}")),
        (None, Some(new)) => ("+", new.clone()),
        (Some(old), None) => ("-", old.clone()),
        (None, None) => ("~", String::new()),
    };
    push(out, format_args!("  {mark} {}: {sides}", difference.what));
    let number = |key: &str| difference.detail.as_ref().and_then(|d| d.get(key)).cloned();
    if let (Some(changed), Some(all)) = (number("changed"), number("elements")) {
        push(out, format_args!("  ({changed} of {all} differ"));
        if let Some(most) = number("max_abs").and_then(|m| m.as_f64()) {
            push(out, format_args!(", by up to {most:.3e}"));
        }
        out.push(')');
    }
    out.push('\n');
}
