use holdall_codec::{
    Body, Format, Library, Options, Outcome, Plan, ReadOptions, Writer, codes as codec_codes,
};
use holdall_diag::{Failure, Report};
use holdall_exec::{Engine, Session, SessionOptions};
use holdall_graph::Graph;
use holdall_score::{ScoreOptions, Scorer};
use holdall_source::{Limits, Source};
use holdall_table::Scoring;
use holdall_tabular::{Model, ValidModel, validate};
use holdall_weights::Weights;

use crate::{FormatSpec, codes, registry};

/// A model read from a file, checked where its form has checks.
#[derive(Debug)]
pub struct Loaded {
    /// The format it was read from.
    pub format: &'static Format,
    /// The file as the user named it.
    pub name: String,
    /// The model.
    pub body: LoadedBody,
    /// What is worth knowing.
    pub report: Report,
    /// Libraries that the bytes name.
    pub libraries: Vec<Library>,
}

/// The forms of a model.
#[derive(Debug)]
pub enum LoadedBody {
    /// A checked tabular model.
    Tabular(Box<ValidModel>),
    /// A tensor graph.
    Graph(Box<Graph>),
    /// Named tensors.
    Weights(Weights),
}

/// Reads and checks a model. The format is found by content unless `from` names it.
pub fn load(source: &Source, from: Option<&FormatSpec>, limits: Limits) -> Result<Loaded, Failure> {
    let reader = match from {
        Some(spec) => registry::reader(&spec.id)?,
        None => registry::detect(source)?,
    };
    let format = reader.format();
    let options = match from {
        Some(spec) => spec.options(format.read_options)?,
        None => Options::none(),
    };
    let Outcome { body, report, libraries } = reader
        .read(source, &ReadOptions { limits, options, inner: Some(registry::detect) })
        .map_err(|f| f.in_file(source.name()))?;
    let body = match body {
        Body::Tabular(model) => LoadedBody::Tabular(Box::new(checked(*model, source.name())?)),
        Body::Graph(graph) => LoadedBody::Graph(graph),
        Body::Weights(weights) => LoadedBody::Weights(weights),
    };
    Ok(Loaded { format, name: source.name().to_owned(), body, report, libraries })
}

/// The checks as one failure: the first finding, the others as notes.
fn checked(model: Model, file: &str) -> Result<ValidModel, Failure> {
    validate(model).map_err(|report| {
        let mut findings = report.entries().iter();
        let first = findings.next();
        let message = first.map_or_else(String::new, |finding| finding.message.clone());
        let mut failure =
            Failure::malformed(first.map_or(codec_codes::INVALID, |finding| finding.code), message);
        if let Some(first) = first {
            failure = failure.at(first.location.clone());
        }
        for finding in findings.take(20) {
            failure = failure.with_note(format!("also {}: {}", finding.location, finding.message));
        }
        failure.in_file(file)
    })
}

impl Loaded {
    /// The model as a tabular one, and what was left out on the way: a graph is raised where its
    /// operators have counterparts.
    pub fn into_tabular(self) -> Result<(ValidModel, Report), Failure> {
        match self.body {
            LoadedBody::Tabular(model) => Ok((*model, Report::new())),
            LoadedBody::Graph(graph) => {
                let (model, report) =
                    holdall_passes::raise(&graph).map_err(|f| f.in_file(&self.name))?;
                Ok((checked(model, &self.name)?, report))
            }
            LoadedBody::Weights(_) => Err(Failure::unsupported(
                codes::BODY,
                format!("{} holds bare weights, not a model with inputs", self.format.title),
            )
            .in_file(&self.name)),
        }
    }

    /// The model ready to score rows. `raw` adds untransformed scores to tabular models.
    pub fn scoring(&self, raw: bool) -> Result<Box<dyn Scoring>, Failure> {
        match &self.body {
            LoadedBody::Tabular(model) => {
                let options = ScoreOptions { raw };
                Ok(Box::new(Scorer::compile_with(model, options)?))
            }
            LoadedBody::Graph(graph) => {
                let session = Session::compile((**graph).clone(), SessionOptions::default())
                    .map_err(|f| f.in_file(&self.name))?;
                Ok(Box::new(session))
            }
            LoadedBody::Weights(_) => Err(Failure::usage(
                codes::NOT_SCORABLE,
                "a file of bare weights has no inputs and no answers",
            )
            .in_file(&self.name)),
        }
    }
}

impl Loaded {
    /// The graph ready to score rows on something else, such as another runtime. Fails for models that
    /// are no graph.
    pub fn scoring_on(&self, engine: Box<dyn Engine>) -> Result<Box<dyn Scoring>, Failure> {
        match &self.body {
            LoadedBody::Graph(graph) => {
                Ok(Box::new(Session::with_engine((**graph).clone(), engine)))
            }
            LoadedBody::Tabular(_) | LoadedBody::Weights(_) => Err(Failure::usage(
                codes::NOT_SCORABLE,
                format!("{} holds no graph that a runtime could run", self.format.title),
            )
            .in_file(&self.name)),
        }
    }
}

/// The plan of a writer for a tabular model.
pub(crate) fn plan<'m>(
    model: &'m ValidModel,
    writer: &dyn Writer,
    spec: Option<&FormatSpec>,
) -> Result<Plan<'m>, Failure> {
    let declared = writer.format().write_options;
    let options = spec.map_or(Ok(Options::none()), |spec| spec.options(declared))?;
    writer.plan(model, &options)
}
