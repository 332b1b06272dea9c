use holdall_codec::{
    Body, Confidence, Format, Head, Library, Outcome, ReadOptions, Reader, Summary,
};
use holdall_diag::{Failure, Report};
use holdall_source::{Budget, Source};
use holdall_tabular::Model;
use holdall_ubjson::looks_like_ubjson;

use crate::{
    FORMAT_JSON, FORMAT_UBJ, XgboostJson, XgboostUbj,
    decode::{self, is_old_binary, is_snapshot},
    document::Document,
    lower::{Facts, Iterations, lower},
};

impl Reader for XgboostJson {
    fn format(&self) -> &'static Format {
        &FORMAT_JSON
    }

    fn detect(&self, head: &Head) -> Confidence {
        // The old form is claimed too, so that it is refused with advice.
        if is_old_binary(&head.bytes) {
            return Confidence::Certain;
        }
        let Some(rest) = head.bytes.trim_ascii_start().strip_prefix(b"{") else {
            return Confidence::No;
        };
        let rest = rest.trim_ascii_start();
        let says = |word: &[u8]| rest.windows(word.len()).any(|w| w == word);
        if rest.starts_with(b"\"learner\"") {
            Confidence::Certain
        } else if rest.starts_with(b"\"")
            && (is_snapshot(&head.bytes) || (says(b"\"learner\"") && says(b"\"gradient_booster\"")))
        {
            Confidence::Likely
        } else {
            Confidence::No
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        outcome(decode::json, source, options)
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        inspect(&FORMAT_JSON, decode::json, source, options)
    }
}

impl Reader for XgboostUbj {
    fn format(&self) -> &'static Format {
        &FORMAT_UBJ
    }

    fn detect(&self, head: &Head) -> Confidence {
        // XGBoost writes every length in eight bytes.
        if head.bytes.starts_with(b"{L\0\0\0\0\0\0\0\x07learner{") {
            return Confidence::Certain;
        }
        let says = |word: &[u8]| head.bytes.windows(word.len()).any(|w| w == word);
        let is_likely = looks_like_ubjson(&head.bytes)
            && (is_snapshot(&head.bytes) || (says(b"learner") && says(b"gradient_booster")));
        if is_likely { Confidence::Likely } else { Confidence::No }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        outcome(decode::ubj, source, options)
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        inspect(&FORMAT_UBJ, decode::ubj, source, options)
    }
}

type Decode = fn(&[u8], &mut Budget) -> Result<Document, Failure>;

fn read(
    decode: Decode,
    source: &Source,
    options: &ReadOptions,
) -> Result<(Model, Report, Facts), Failure> {
    let iterations = Iterations::of(&options.options)?;
    let bytes = source.bytes()?;
    let mut budget = Budget::new(options.limits);
    decode(&bytes, &mut budget)
        .and_then(|document| lower(document, &iterations, &source.location(), &mut budget))
        .map_err(|failure| failure.in_file(source.name()))
}

fn outcome(decode: Decode, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
    let (model, report, _) = read(decode, source, options)?;
    let libraries = libraries(&model);
    Ok(Outcome { body: Body::Tabular(Box::new(model)), report, libraries })
}

fn inspect(
    format: &Format,
    decode: Decode,
    source: &Source,
    options: &ReadOptions,
) -> Result<Summary, Failure> {
    let (model, report, facts) = read(decode, source, options)?;
    let libraries = libraries(&model);
    let mut summary = Summary::of_read(format, model, &report, libraries)
        .map_err(|failure| failure.in_file(source.name()))?;
    summary.fact("objective", facts.objective);
    summary.fact("booster", facts.booster);
    if let Some(parallel) = facts.num_parallel_tree {
        summary.fact("num_parallel_tree", parallel);
    }
    summary.fact("attributes", serde_json::json!(facts.attributes));
    Ok(summary)
}

fn libraries(model: &Model) -> Vec<Library> {
    vec![Library {
        name: "xgboost".to_owned(),
        version: model.header.producer_version.clone(),
        needed_to_load: true,
    }]
}
