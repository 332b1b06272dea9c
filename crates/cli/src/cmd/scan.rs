use std::path::PathBuf;

use holdall_codec::ReadOptions;
use holdall_diag::{Failure, FailureKind};
use holdall_pickle::{looks_like_pickle, scan as pickle_scan};
use holdall_source::Source;
use serde_json::{Value, json};

use crate::{
    args::Common,
    cmd::inspect::open_package,
    render::push,
    ui::{Exit, Ui},
};

/// Say what loading a file could do, without loading it.
///
/// Pickles and joblib files are walked opcode by opcode against a list of exact names; the files of a
/// package are scanned one by one. Verdicts: safe, review (somebody must look at the names listed),
/// malformed, dangerous.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall scan model.joblib\n  holdall scan model.joblib \
                        --json\n\nExit status: 0 safe; 1 review, malformed or dangerous; 2 when \
                        the file cannot be read.")]
pub(crate) struct Args {
    /// The file or package.
    file: PathBuf,
}

/// One scanned file.
pub(crate) struct Scanned {
    /// Its name.
    pub(crate) name: String,
    /// `safe`, `review`, `malformed` or `dangerous`.
    pub(crate) verdict: &'static str,
    /// The reasons: code, location, message.
    pub(crate) findings: Vec<(String, String, String)>,
}

const RANK: [&str; 4] = ["safe", "review", "malformed", "dangerous"];

fn rank(verdict: &str) -> usize {
    RANK.iter().position(|name| *name == verdict).unwrap_or(RANK.len())
}

/// Scans one file: pickles by what they would do, other formats by whether they are sound data.
pub(crate) fn scan(source: &Source, common: &Common) -> Result<Scanned, Failure> {
    let name = source.name().to_owned();
    let head = source.head(1 << 12)?;
    if looks_like_pickle(&head).is_some() {
        let found = pickle_scan(&source.bytes()?, &common.limits());
        let findings = found
            .findings
            .iter()
            .map(|f| (f.code.to_string(), f.location.to_string(), f.message.clone()))
            .collect();
        return Ok(Scanned { name, verdict: found.verdict.as_str(), findings });
    }
    if let Ok(reader) = holdall_convert::detect(source) {
        let options = ReadOptions { limits: common.limits(), ..ReadOptions::default() };
        if let Ok(Some(found)) = reader.scan(source, &options) {
            let findings = found
                .findings
                .iter()
                .map(|f| (f.code.to_string(), f.location.to_string(), f.message.clone()))
                .collect();
            return Ok(Scanned { name, verdict: found.verdict, findings });
        }
    }
    // Other formats are data: nothing in them is loaded by name.
    match holdall_convert::load(source, None, common.limits()) {
        Ok(_) => Ok(Scanned { name, verdict: "safe", findings: Vec::new() }),
        Err(failure) if failure.kind() == FailureKind::Io => Err(failure),
        Err(failure) => {
            let unknown = failure.code() == holdall_convert::codes::UNRECOGNISED
                || failure.kind() == FailureKind::Unsupported;
            let verdict = if unknown { "review" } else { "malformed" };
            let finding = failure.diagnostic();
            let location = finding.location.to_string();
            let findings = vec![(finding.code.to_string(), location, finding.message.clone())];
            Ok(Scanned { name, verdict, findings })
        }
    }
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let mut scanned = Vec::new();
    if let Some(package) = open_package(&args.file, common)? {
        for entry in package.entries() {
            let source = package.read(entry.name())?;
            let head = source.head(1 << 12)?;
            let is_pickle = looks_like_pickle(&head).is_some();
            if is_pickle || holdall_convert::detect(&source).is_ok() {
                scanned.push(scan(&source, common)?);
            }
        }
    } else {
        scanned.push(scan(&Source::open(&args.file)?, common)?);
    }
    let verdict = scanned
        .iter()
        .map(|file| file.verdict)
        .max_by_key(|verdict| rank(verdict))
        .unwrap_or("safe");
    let findings: Vec<Value> = scanned
        .iter()
        .flat_map(|file| {
            file.findings.iter().map(|(code, location, message)| {
                json!({
                    "file": file.name,
                    "code": code,
                    "location": location,
                    "message": message,
                })
            })
        })
        .collect();
    ui.document(&json!({
        "schema": "holdall/scan/1",
        "verdict": verdict,
        "files": scanned
            .iter()
            .map(|file| json!({ "name": file.name, "verdict": file.verdict }))
            .collect::<Vec<_>>(),
        "findings": findings,
    }));
    let mut out = String::new();
    for file in &scanned {
        push(&mut out, format_args!("{}: {}\n", file.name, file.verdict));
        for (code, location, message) in &file.findings {
            push(&mut out, format_args!("  {location}: {message} [{code}]\n"));
        }
    }
    ui.text(&out);
    Ok(Exit::yes_if(verdict == "safe"))
}
