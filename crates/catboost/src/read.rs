use holdall_codec::{
    Body, Confidence, Format, Head, Library, Outcome, ReadOptions, Reader, Summary,
};
use holdall_diag::{Failure, Report};
use holdall_source::{Budget, Source};
use holdall_tabular::Model;

use crate::{
    CatboostCbm, CatboostJson, FORMAT_CBM, FORMAT_JSON, cbm,
    document::Document,
    json,
    lower::{Facts, lower},
};

impl Reader for CatboostJson {
    fn format(&self) -> &'static Format {
        &FORMAT_JSON
    }

    fn detect(&self, head: &Head) -> Confidence {
        let Some(rest) = head.bytes.trim_ascii_start().strip_prefix(b"{") else {
            return Confidence::No;
        };
        let rest = rest.trim_ascii_start();
        let starts = |words: &[&[u8]]| words.iter().any(|word| rest.starts_with(word));
        let says = |words: &[&[u8]]| {
            words.iter().any(|word| rest.windows(word.len()).any(|window| window == *word))
        };
        // CatBoost writes members in the order of their names.
        if starts(&[b"\"features_info\"", b"\"ctr_data\""])
            && says(&[
                b"\"float_features\"",
                b"\"categorical_features\"",
                b"\"cat_features_hash\"",
                b"hash_map",
            ])
        {
            return Confidence::Certain;
        }
        let any = [
            &b"\"model_info\""[..],
            b"\"oblivious_trees\"",
            b"\"trees\"",
            b"\"scale_and_bias\"",
            b"\"features_info\"",
        ];
        let own = [
            &b"\"oblivious_trees\""[..],
            b"\"catboost_version_info\"",
            b"\"flat_feature_index\"",
            b"\"split_index\"",
        ];
        if starts(&any) && says(&own) { Confidence::Likely } else { Confidence::No }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        outcome(json::decode, source, options)
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        inspect(&FORMAT_JSON, json::decode, source, options)
    }
}

impl Reader for CatboostCbm {
    fn format(&self) -> &'static Format {
        &FORMAT_CBM
    }

    fn detect(&self, head: &Head) -> Confidence {
        if head.bytes.starts_with(cbm::MAGIC) { Confidence::Certain } else { Confidence::No }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        outcome(cbm::decode, source, options)
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        inspect(&FORMAT_CBM, cbm::decode, source, options)
    }
}

type Decode = fn(&[u8], &mut Budget) -> Result<Document, Failure>;

fn read(
    decode: Decode,
    source: &Source,
    options: &ReadOptions,
) -> Result<(Model, Report, Facts), Failure> {
    let bytes = source.bytes()?;
    let mut budget = Budget::new(options.limits);
    decode(&bytes, &mut budget)
        .and_then(|document| lower(document, &source.location(), &mut budget))
        .map_err(|failure| failure.in_file(source.name()))
}

fn outcome(decode: Decode, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
    let (model, report, _) = read(decode, source, options)?;
    let libraries = libraries(&model);
    Ok(Outcome { body: Body::Tabular(Box::new(model)), report, libraries })
}

fn libraries(model: &Model) -> Vec<Library> {
    vec![Library {
        name: "catboost".to_owned(),
        version: model.header.producer_version.clone(),
        needed_to_load: true,
    }]
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
    if let Some(loss) = facts.loss {
        summary.fact("loss_function", loss);
    }
    summary.fact("target_statistics", facts.statistics);
    Ok(summary)
}
