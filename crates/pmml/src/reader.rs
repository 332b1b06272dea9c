use holdall_codec::{
    Body, Confidence, Examined, Format, Head, Library, Outcome, ReadOptions, Reader, Summary,
    codes as codec,
};
use holdall_diag::{Failure, Report};
use holdall_source::{Budget, Limits, Source};
use holdall_tabular::{Model, validate};

use crate::{
    FORMAT, Version, check,
    decode::{decode, decode_apart},
    doc::Document,
    lower,
};

/// Reads PMML 3.0 to 4.4.1.
#[derive(Clone, Copy, Debug, Default)]
pub struct PmmlReader;

impl Reader for PmmlReader {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn detect(&self, head: &Head) -> Confidence {
        // UTF-16 has a zero byte beside every letter.
        let letters: Vec<u8> = head.bytes.iter().copied().filter(|&byte| byte != 0).collect();
        let text = String::from_utf8_lossy(&letters);
        let mut rest = text.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start();
        // The declaration, comments and instructions come before the root element.
        while let Some(end) = rest
            .strip_prefix("<?")
            .and_then(|r| r.split_once("?>"))
            .or_else(|| rest.strip_prefix("<!--").and_then(|r| r.split_once("-->")))
            .map(|(_, after)| after.trim_start())
        {
            rest = end;
        }
        let name = rest.strip_prefix('<').map(|r| {
            r.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
                .next()
                .unwrap_or_default()
        });
        match name.map(|name| name.rsplit(':').next()) {
            Some(Some("PMML")) => Confidence::Certain,
            Some(_) if head.has_extension(&["pmml"]) => Confidence::Extension,
            _ => Confidence::No,
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let (document, lowered) = load(source, options.limits)?;
        let (model, report) = lowered.map_err(|f| f.in_file(source.name()))?;
        Ok(Outcome {
            body: Body::Tabular(Box::new(model)),
            report,
            libraries: libraries(&document),
        })
    }

    fn examine(&self, source: &Source, options: &ReadOptions) -> Result<Option<Examined>, Failure> {
        let document = decode(source, &mut Budget::new(options.limits))?;
        let report = check(&document).map_locations(|location| location.in_file(source.name()));
        Ok(Some(Examined { report, values: Vec::new() }))
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let (document, lowered) = load(source, options.limits)?;
        let facts = Facts::of(&document);
        // Columns of trees are in the model, too, by now.
        drop(document);
        let mut summary = match lowered {
            Ok((model, report)) => {
                let valid = validate(model).map_err(|report| invalid(source, &report))?;
                let mut summary = Summary::of_tabular(&FORMAT, &valid);
                summary.risks.extend(report.entries().iter().cloned());
                summary
            }
            // What cannot be used can still be described.
            Err(failure) => {
                let mut summary = Summary::new(&FORMAT);
                summary.risks.push(failure.in_file(source.name()).into_diagnostic());
                summary
            }
        };
        facts.tell(&mut summary);
        Ok(summary)
    }
}

/// The document and its model. Trees of the plain shape are read apart, in columns. Where there are none, or
/// anything about the document is unusual or wrong, it is read again as elements, which keep everything.
fn load(source: &Source, limits: Limits) -> Result<(Document, Lowered), Failure> {
    if let Some(document) = decode_apart(source, limits)
        && let Ok(lowered) = lower(&document)
    {
        return Ok((document, Ok(lowered)));
    }
    let document = decode(source, &mut Budget::new(limits))?;
    let lowered = lower(&document);
    Ok((document, lowered))
}

type Lowered = Result<(Model, Report), Failure>;

/// What a document says beside its model.
struct Facts {
    version: Option<String>,
    model: Option<(String, String)>,
    elements: u64,
    libraries: Vec<Library>,
}

impl Facts {
    fn of(document: &Document) -> Self {
        let root = document.root();
        let attribute = |name| root.and_then(|root| root.attribute(name));
        let namespace = attribute("xmlns").and_then(Version::of_namespace);
        let model = lower::model_element(document).ok().map(|model| {
            let function = model.attribute("functionName").unwrap_or_default();
            (model.name().to_owned(), function.to_owned())
        });
        Self {
            version: attribute("version")
                .map(ToOwned::to_owned)
                .or(namespace.map(|v| v.to_string())),
            model,
            elements: document.len_with_trees(),
            libraries: libraries(document),
        }
    }

    fn tell(self, summary: &mut Summary) {
        summary.format_version = self.version;
        if let Some((model, function)) = self.model {
            summary.fact("model", model);
            summary.fact("function", function);
        }
        summary.libraries = self.libraries;
        summary.fact("elements", self.elements);
    }
}

fn invalid(source: &Source, report: &Report) -> Failure {
    let message = report.entries().first().map_or_else(String::new, |d| d.message.clone());
    Failure::malformed(codec::INVALID, format!("the model is not sound: {message}"))
        .at(source.location())
}

/// The application that wrote the document; nothing is needed to load it.
fn libraries(document: &Document) -> Vec<Library> {
    let header = document.root().and_then(|root| root.child("Header"));
    let application = header.and_then(|header| header.child("Application"));
    let library = application.and_then(|application| {
        Some(Library {
            name: application.attribute("name")?.to_owned(),
            version: application.attribute("version").map(ToOwned::to_owned),
            needed_to_load: false,
        })
    });
    library.into_iter().collect()
}
