//! The answer as text and as JSON.

use holdall_package::Status;
use holdall_sign::{Judged, Material, is_signature_file};
use serde_json::{Value, json};

use super::Answer;
use crate::render::push;

/// Names shown in one line of text; JSON has all of them.
const SHOWN: usize = 8;

/// The document of `schemas/verify-1.json`.
pub(super) fn document(answer: &Answer, ok: bool) -> Value {
    let attestations = answer.attestations.iter().map(|attested| {
        let mut object = signature(&attested.judged);
        if let Some(object) = object.as_object_mut() {
            object.insert("predicate_type".to_owned(), attested.predicate_type.as_str().into());
            object.insert("holds".to_owned(), attested.holds.into());
        }
        object
    });
    let mut document = json!({
        "schema": "holdall/verify/1",
        "ok": ok,
        "findings": serde_json::to_value(&answer.findings).unwrap_or_default(),
        "signatures": answer.signatures.iter().map(signature).collect::<Vec<_>>(),
        "attestations": attestations.collect::<Vec<_>>(),
        "root_digests": answer.model.roots,
        "covered": answer.model.covered,
        "not_checked": answer.model.not_checked,
        "not_covered": answer.model.not_covered,
    });
    if let (Some(time), Some(object)) = (answer.time, document.as_object_mut()) {
        let time = json!({ "at": time.moment, "from": time.origin });
        object.insert("time".to_owned(), time);
    }
    document
}

fn signature(judged: &Judged) -> Value {
    let signer = judged.answer.signer();
    let mut object = json!({
        "file": judged.name,
        "method": judged.bundle.material().method(),
        "counts": signer.is_some(),
    });
    if let Some(object) = object.as_object_mut() {
        if let Material::Key { hint } = judged.bundle.material() {
            object.insert("key_id".to_owned(), hint.as_str().into());
        }
        if let Some(signer) = signer {
            object.insert("signer".to_owned(), signer.id.as_str().into());
        }
        if let Some(name) = signer.and_then(|signer| signer.name.as_ref()) {
            object.insert("name".to_owned(), name.as_str().into());
        }
    }
    object
}

pub(super) fn text(answer: &Answer, ok: bool) -> String {
    let mut out = String::new();
    for finding in &answer.findings {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        let path = finding.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        let message = printable(&format!("{path}{}", finding.message));
        push(&mut out, format_args!("{status:<4}  {message} [{}]\n", finding.code));
        if let Some(help) = &finding.help {
            push(&mut out, format_args!("      help: {help}\n"));
        }
    }
    let model = &answer.model;
    if !model.roots.is_empty() {
        let (count, are) = match model.covered.len() {
            1 => (1, "file is as it was"),
            count => (count, "files are as they were"),
        };
        push(&mut out, format_args!("{count} {are} signed\n"));
        names(&mut out, "signed and not checked", &model.not_checked);
        let others = model.not_covered.iter().filter(|name| !is_signature_file(name));
        let others: Vec<String> = others.cloned().collect();
        names(&mut out, "not covered by the signature", &others);
    }
    if let Some(time) = answer.time {
        push(&mut out, format_args!("signers judged at {} ({})\n", time.moment, time.origin));
    }
    out.push_str(if ok { "verified\n" } else { "not verified\n" });
    out
}

fn names(out: &mut String, what: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    push(out, format_args!("{what}: {}{more}\n", printable(&shown.join(", "))));
}

/// Names in bundles may be anything; on a terminal they must not act.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
