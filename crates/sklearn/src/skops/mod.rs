//! skops files: a zip of `schema.json` and of arrays, `skops.io` protocols 0 to 2.
//!
//! A node of the schema names a class (`__module__`, `__class__`) and how it is stored (`__loader__`). The
//! schema is said again as a pickle of the same objects ([`schema`]), so that what is refused, judged and
//! lowered is the same whichever of the two held the model. Nothing is imported: classes that are not
//! carried are refused by name, trusted or not.

mod archive;
mod arrays;
mod npy;
mod schema;
mod stream;

use holdall_codec::{
    Body, Confidence, Format, Head, Outcome, ReadOptions, Reader, Scanned, Summary,
};
use holdall_diag::{Diagnostic, Failure, Severity};
use holdall_pickle::scan;
use holdall_source::{Budget, Source};

use crate::{FORMAT_SKOPS, Skops, codes, facts, lower::boosted::Boosters, read::File};

/// The bytes a zip file starts with.
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";

impl Reader for Skops {
    fn format(&self) -> &'static Format {
        &FORMAT_SKOPS
    }

    fn detect(&self, head: &Head) -> Confidence {
        if !head.bytes.starts_with(LOCAL_HEADER) {
            return Confidence::No;
        }
        let named = head.has_extension(FORMAT_SKOPS.extensions);
        match first_entry(&head.bytes) {
            Some(name) if is_member(name) && named => Confidence::Certain,
            Some(name) if is_member(name) => Confidence::Likely,
            Some(_) | None => Confidence::No,
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let in_file = |failure: Failure| failure.in_file(source.name());
        let mut budget = Budget::new(options.limits);
        let file = open(source, &mut budget).map_err(in_file)?;
        let mut boosters = Boosters::new(source, options);
        let (model, report) = file.model(&mut boosters, &mut budget).map_err(in_file)?;
        let libraries = facts::libraries(&file.pickle, &boosters.libraries);
        Ok(Outcome { body: Body::Tabular(Box::new(model)), report, libraries })
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let in_file = |failure: Failure| failure.in_file(source.name());
        let mut budget = Budget::new(options.limits);
        let file = open(source, &mut budget).map_err(in_file)?;
        let judged = scan::judge(&file.pickle, None, &scan::ScanOptions::default());
        file.inspect(&FORMAT_SKOPS, &judged, source, options, &mut budget)
    }

    /// The names that a pickle of the same objects would load.
    fn scan(&self, source: &Source, options: &ReadOptions) -> Result<Option<Scanned>, Failure> {
        let in_file = |failure: Failure| failure.in_file(source.name());
        let mut budget = Budget::new(options.limits);
        let file = match open(source, &mut budget) {
            Err(failure) if failure.code() == codes::DANGEROUS => {
                let findings = vec![in_file(failure).into_diagnostic()];
                return Ok(Some(Scanned { verdict: scan::Verdict::Dangerous.as_str(), findings }));
            }
            opened => opened.map_err(in_file)?,
        };
        let judged = scan::judge(&file.pickle, None, &scan::ScanOptions::default());
        let findings = judged.findings.iter().map(|finding| {
            Diagnostic::new(finding.code, Severity::Error, finding.message.clone())
                .at(finding.location.clone())
        });
        Ok(Some(Scanned { verdict: judged.verdict.as_str(), findings: findings.collect() }))
    }
}

fn open(source: &Source, budget: &mut Budget) -> Result<File, Failure> {
    let (pickle, container) = schema::read(&source.bytes()?, budget)?;
    Ok(File { pickle, container, trailing: 0 })
}

/// The name in the first local header: what is longer than the head is no member.
fn first_entry(bytes: &[u8]) -> Option<&str> {
    let length = u16::from_le_bytes(*bytes.get(26..)?.first_chunk::<2>()?);
    std::str::from_utf8(bytes.get(30..30 + usize::from(length))?).ok()
}

/// Members are the schema, arrays called by a number, and bytes called by a UUID.
fn is_member(name: &str) -> bool {
    let array = name.strip_suffix(".npy").or_else(|| name.strip_suffix(".npz"));
    let number = |stem: &str| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_digit());
    let uuid =
        |stem: &str| stem.len() == 36 && stem.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let bytes = name.strip_suffix(".bin");
    name == schema::SCHEMA || array.is_some_and(number) || bytes.is_some_and(uuid)
}
