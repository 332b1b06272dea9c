//! Findings as SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use holdall_diag::{Diagnostic, Report, Severity};
use serde_json::{Map, Value, json};

/// A report as one run.
pub(crate) fn sarif(report: &Report) -> Value {
    let mut rules: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    for diagnostic in report.entries() {
        let code = diagnostic.code.as_str();
        let index = rules.iter().position(|rule| *rule == code).unwrap_or_else(|| {
            rules.push(code);
            rules.len() - 1
        });
        results.push(result(diagnostic, index));
    }
    let rules: Vec<Value> = rules.iter().map(|rule| json!({ "id": rule })).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "holdall",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules,
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }]
    })
}

fn result(diagnostic: &Diagnostic, rule: usize) -> Value {
    let mut text = diagnostic.message.clone();
    for note in &diagnostic.notes {
        text.push_str("\nnote: ");
        text.push_str(note);
    }
    if let Some(help) = &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let mut location = Map::new();
    let at = &diagnostic.location;
    if let Some(file) = &at.file {
        let mut physical = Map::new();
        physical.insert("artifactLocation".to_owned(), json!({ "uri": uri(file) }));
        if let Some((line, column)) = at.line {
            physical
                .insert("region".to_owned(), json!({ "startLine": line, "startColumn": column }));
        } else if let Some(bytes) = &at.bytes {
            physical.insert(
                "region".to_owned(),
                json!({ "byteOffset": bytes.start, "byteLength": bytes.end - bytes.start }),
            );
        }
        location.insert("physicalLocation".to_owned(), Value::Object(physical));
    }
    if let Some((_, path)) = &at.path {
        location.insert(
            "logicalLocations".to_owned(),
            json!([{ "fullyQualifiedName": &**path, "kind": "member" }]),
        );
    }
    json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": rule,
        "level": match diagnostic.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": { "text": text },
        "locations": [location],
    })
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            super::push(&mut out, format_args!("%{byte:02X}"));
        }
    }
    out
}
