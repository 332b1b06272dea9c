//! YAML in: documents of other tools as JSON values, within the budgets of the parser (size, depth,
//! aliases). YAML out: block style with quoted text, the part of YAML that every parser reads alike.

use holdall_diag::{Code, Failure, Location};
use serde_json::Value;

/// The largest YAML file that is read; those of model tools are far smaller.
pub(crate) const YAML_LIMIT: u64 = 16 << 20;

/// One YAML document; a failure names line and column.
pub(crate) fn read(text: &str, code: Code) -> Result<Value, Failure> {
    serde_saphyr::from_str::<Value>(text).map_err(|error| {
        let place = error
            .location()
            .map_or_else(Location::none, |at| Location::line(at.line(), at.column()));
        // The parser prints an excerpt after the first line; our location says where it is.
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::malformed(code, format!("not the YAML that is expected: {message}"))
            .at(place)
            .caused_by(error)
    })
}

/// A document in block style. Nesting is that of the value, which our own code built.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&pad);
                out.push_str(&scalar(&Value::String(key.clone())));
                out.push(':');
                nested(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&pad);
                out.push('-');
                nested(item, depth, out);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            out.push_str(&pad);
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
}

fn nested(value: &Value, depth: usize, out: &mut String) {
    let deep = matches!(value, Value::Object(map) if !map.is_empty())
        || matches!(value, Value::Array(items) if !items.is_empty());
    if deep {
        out.push('\n');
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        out.push_str(&scalar(value));
        out.push('\n');
    }
}

/// Plain where no parser can take it for anything but this text; otherwise as JSON, which is YAML.
fn scalar(value: &Value) -> String {
    value.as_str().filter(|text| is_plain(text)).map_or_else(|| value.to_string(), str::to_owned)
}

fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let word = text.to_ascii_lowercase();
    // Words that some version of YAML takes for a truth value, nothing, or a number.
    let taken = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    first && rest && !taken.contains(&word.as_str())
}
