use holdall_codec::{Body, Confidence, Format, Head, Outcome, ReadOptions, Reader, Summary};
use holdall_diag::{Failure, Location, Report};
use holdall_source::{Budget, Source};
use serde_json::Value;

use crate::{FORMAT, Pfa, codes, doc, doc::Document, library, lower};

/// Memory that JSON in memory takes for each byte of text: `[0,0,…` is the worst.
const EXPANSION: u64 = 40;

impl Reader for Pfa {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    /// Certain with `input`, `output` and `action` among the keys of the outermost object.
    fn detect(&self, head: &Head) -> Confidence {
        let keys = top_keys(&head.bytes);
        let found = ["input", "output", "action"].iter().filter(|k| keys.contains(**k)).count();
        match found {
            3 => Confidence::Certain,
            2 => Confidence::Likely,
            _ if head.has_extension(&["pfa"])
                && head.bytes.trim_ascii_start().starts_with(b"{") =>
            {
                Confidence::Extension
            }
            _ => Confidence::No,
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let located = |failure: Failure| failure.in_file(source.name());
        let document = document(source, options).map_err(located)?;
        let model = lower::lower(&document).map_err(located)?;
        Ok(Outcome {
            body: Body::Tabular(Box::new(model)),
            report: Report::new(),
            libraries: Vec::new(),
        })
    }

    /// Says what any PFA document holds, read or not.
    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let document =
            document(source, options).map_err(|failure| failure.in_file(source.name()))?;
        Ok(summary(&document))
    }
}

fn document(source: &Source, options: &ReadOptions) -> Result<Document, Failure> {
    let mut budget = Budget::new(options.limits);
    budget.charge(source.len().saturating_mul(EXPANSION))?;
    budget.step(source.len())?;
    let bytes = source.bytes()?;
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| {
        let location = Location::line(error.line() as u64, error.column() as u64);
        Failure::malformed(codes::JSON, format!("expected a JSON document, found {error}"))
            .at(location)
            .with_help("the file is cut short, or is not JSON")
    })?;
    doc::decode(json)
}

fn summary(document: &Document) -> Summary {
    let mut summary = Summary::new(&FORMAT);
    summary.format_version = document.version.map(|version| version.to_string());
    summary.producer = document.metadata.get("holdall.producer").cloned();
    summary.fact("name", document.name.clone());
    summary.fact("method", document.method.as_str());
    summary.fact("input", document.input.clone());
    summary.fact("output", document.output.clone());
    let cells: Vec<&String> = document.cells.keys().collect();
    summary.fact("cells", serde_json::json!(cells));
    let pools: Vec<&String> = document.pools.keys().collect();
    summary.fact("pools", serde_json::json!(pools));
    let mut called = Vec::new();
    for list in [&document.begin, &document.action, &document.end] {
        for expression in list {
            library::calls(expression, &mut called);
        }
    }
    called.sort_unstable();
    called.dedup();
    summary.fact("functions_called", serde_json::json!(called));
    let defined: Vec<&String> = document.fcns.keys().collect();
    summary.fact("functions_defined", serde_json::json!(defined));
    summary
}

/// The keys of the outermost object, as far as the bytes go. No JSON parser is needed to tell keys
/// from values at depth 1, and half a document is enough.
fn top_keys(bytes: &[u8]) -> std::collections::BTreeSet<&str> {
    let mut keys = std::collections::BTreeSet::new();
    let (mut depth, mut expects_key) = (0_u64, false);
    let mut rest = bytes.iter().enumerate();
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return keys;
    }
    while let Some((start, byte)) = rest.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                expects_key = depth == 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => expects_key = true,
            b'"' => {
                let mut end = None;
                while let Some((at, byte)) = rest.next() {
                    match byte {
                        b'\\' => {
                            let _escaped = rest.next();
                        }
                        b'"' => {
                            end = Some(at);
                            break;
                        }
                        _ => {}
                    }
                }
                let text = end.and_then(|end| bytes.get(start + 1..end));
                let text = text.and_then(|text| std::str::from_utf8(text).ok());
                if depth == 1 && expects_key {
                    keys.extend(text);
                    expects_key = false;
                }
            }
            _ => {}
        }
    }
    keys
}
