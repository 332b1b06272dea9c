//! Findings and facts as text and as JSON.

mod sarif;
mod table;

use std::fmt::Write;

use holdall_codec::{Endpoint, Plan};
use holdall_diag::{Diagnostic, Location, PathKind, Report};
use serde_json::{Map, Value, json};

pub(crate) use sarif::sarif;
pub(crate) use table::Columns;

/// A diagnostic as lines of text, the last one ended.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    let mut out = format!("{}: ", diagnostic.severity.as_str());
    if !diagnostic.location.is_none() {
        push(&mut out, format_args!("{}: ", diagnostic.location));
    }
    push(&mut out, format_args!("{} [{}]\n", diagnostic.message, diagnostic.code));
    for note in &diagnostic.notes {
        push(&mut out, format_args!("  note: {note}\n"));
    }
    if let Some(help) = &diagnostic.help {
        push(&mut out, format_args!("  help: {help}\n"));
    }
    out
}

/// Adds formatted text. Writing to a `String` cannot fail.
pub(crate) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(text);
}

/// A diagnostic as JSON.
pub(crate) fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), diagnostic.code.as_str().into());
    object.insert("severity".to_owned(), diagnostic.severity.as_str().into());
    object.insert("message".to_owned(), diagnostic.message.as_str().into());
    object.insert("location".to_owned(), location_json(&diagnostic.location));
    if !diagnostic.notes.is_empty() {
        object.insert("notes".to_owned(), diagnostic.notes.clone().into());
    }
    if let Some(help) = &diagnostic.help {
        object.insert("help".to_owned(), help.as_str().into());
    }
    Value::Object(object)
}

/// All findings of a report as JSON.
pub(crate) fn report_json(report: &Report) -> Value {
    report.entries().iter().map(diagnostic_json).collect()
}

fn location_json(location: &Location) -> Value {
    let mut object = Map::new();
    if let Some(file) = &location.file {
        object.insert("file".to_owned(), (&**file).into());
    }
    if !location.entries.is_empty() {
        let entries: Vec<&str> = location.entries.iter().map(|entry| &**entry).collect();
        object.insert("entries".to_owned(), entries.into());
    }
    if let Some(bytes) = &location.bytes {
        object.insert("bytes".to_owned(), json!([bytes.start, bytes.end]));
    }
    if let Some((line, column)) = location.line {
        object.insert("line".to_owned(), line.into());
        object.insert("column".to_owned(), column.into());
    }
    if let Some((kind, path)) = &location.path {
        object.insert("path".to_owned(), (&**path).into());
        object.insert(
            "path_kind".to_owned(),
            match kind {
                PathKind::JsonPointer => "json-pointer",
                PathKind::Xml => "xml",
                PathKind::Protobuf => "protobuf",
                PathKind::Model => "model",
                PathKind::Object => "object",
            }
            .into(),
        );
    }
    Value::Object(object)
}

/// A plan as a table: every construct, its fate, how often, where first.
pub(crate) fn plan(plan: &Plan<'_>) -> String {
    let mut columns = Columns::new(&["construct", "count", "fate", "how"]);
    for entry in plan.entries() {
        columns.row([
            entry.requirement.construct.to_string(),
            entry.requirement.count.to_string(),
            entry.support.fate.to_string(),
            entry.support.how.clone(),
        ]);
    }
    columns.finish()
}

/// A plan as JSON.
pub(crate) fn plan_json(plan: &Plan<'_>) -> Value {
    let entries: Vec<Value> = plan
        .entries()
        .iter()
        .map(|entry| {
            json!({
                "construct": entry.requirement.construct.to_string(),
                "count": entry.requirement.count,
                "fate": entry.support.fate.as_str(),
                "how": entry.support.how,
                "location": location_json(&entry.location),
            })
        })
        .collect();
    json!({
        "schema": "holdall/plan/1",
        "target": plan.format().id,
        "worst": plan.worst().as_str(),
        "entries": entries,
    })
}

/// An input or output as one line.
pub(crate) fn endpoint(endpoint: &Endpoint) -> String {
    let mut line = format!("{}  {}[{}]", endpoint.name, endpoint.dtype, endpoint.shape.join(", "));
    if let Some(meaning) = &endpoint.meaning {
        push(&mut line, format_args!("  {meaning}"));
    }
    line
}

/// An input or output as JSON.
pub(crate) fn endpoint_json(endpoint: &Endpoint) -> Value {
    let mut object = json!({
        "name": endpoint.name,
        "dtype": endpoint.dtype,
        "shape": endpoint.shape,
    });
    if let (Some(meaning), Some(object)) = (&endpoint.meaning, object.as_object_mut()) {
        object.insert("meaning".to_owned(), meaning.as_str().into());
    }
    object
}

/// A number of bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let count_f = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count_f / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count_f / 1e6),
        _ => format!("{:.2} GB", count_f / 1e9),
    }
}
