use holdall_codec::{
    Body, Confidence, Format, Head, Library, Outcome, ReadOptions, Reader, Summary,
};
use holdall_diag::{Failure, Location, Report};
use holdall_source::{Budget, Source};
use holdall_tabular::Model;

use crate::{FORMAT, LightGbm, codes, decode::decode, lower::lower};

/// What `inspect` says beside the model itself.
struct Facts {
    version: String,
    objective: Option<String>,
    average_output: bool,
    iterations: usize,
}

impl Reader for LightGbm {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn detect(&self, head: &Head) -> Confidence {
        let Some(rest) = head.bytes.strip_prefix(b"tree") else { return Confidence::No };
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        if rest.starts_with(b"\nversion=v") {
            Confidence::Certain
        } else if rest.starts_with(b"\n") {
            Confidence::Likely
        } else {
            Confidence::No
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let (model, report, _) = read(source, options)?;
        Ok(Outcome { body: Body::Tabular(Box::new(model)), report, libraries: libraries() })
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let (model, report, facts) = read(source, options)?;
        let mut summary = Summary::of_read(&FORMAT, model, &report, libraries())
            .map_err(|failure| failure.in_file(source.name()))?;
        summary.format_version = Some(facts.version);
        summary.fact("objective", facts.objective);
        summary.fact("iterations", facts.iterations);
        summary.fact("average_output", facts.average_output);
        Ok(summary)
    }
}

fn read(source: &Source, options: &ReadOptions) -> Result<(Model, Report, Facts), Failure> {
    let bytes = source.bytes()?;
    parse(&bytes, &source.location(), &mut Budget::new(options.limits))
        .map_err(|failure| failure.in_file(source.name()))
}

fn parse(
    bytes: &[u8],
    file: &Location,
    budget: &mut Budget,
) -> Result<(Model, Report, Facts), Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Failure::malformed(codes::ENCODING, "the text is not UTF-8 from here on")
            .at(Location::at(error.valid_up_to() as u64))
    })?;
    let document = decode(text, budget)?;
    let facts = Facts {
        version: document.version.text.to_owned(),
        objective: document.objective.map(|value| value.text.to_owned()),
        average_output: document.average_output,
        iterations: document.trees.len() / document.num_tree_per_iteration.max(1) as usize,
    };
    let (model, report) = lower(document, file, budget)?;
    Ok((model, report, facts))
}

/// The file does not say which version of the library wrote it.
fn libraries() -> Vec<Library> {
    vec![Library { name: "lightgbm".to_owned(), version: None, needed_to_load: true }]
}
