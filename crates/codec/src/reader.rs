use bytes::Bytes;
use holdall_diag::{Diagnostic, Failure, Report};
use holdall_graph::Graph;
use holdall_source::{Limits, Source};
use holdall_tabular::Model;
use holdall_weights::Weights;

use crate::{Examined, FileDifference, Format, Library, Options, Summary};

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// A tabular model, not yet checked.
    Tabular(Box<Model>),
    /// A tensor graph.
    Graph(Box<Graph>),
    /// Named tensors.
    Weights(Weights),
}

/// What reading gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The model.
    pub body: Body,
    /// What is worth knowing: ignored settings, unusual values.
    pub report: Report,
    /// Libraries that the bytes name, with their versions.
    pub libraries: Vec<Library>,
}

/// How sure a reader is that a file is its own, from the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Not this format.
    No,
    /// The extension says so and the content does not contradict.
    Extension,
    /// The content could be this format.
    Likely,
    /// The content is this format.
    Certain,
}

/// What detection looks at.
#[derive(Clone, Debug)]
pub struct Head {
    /// The first bytes, at most 64 KiB.
    pub bytes: Bytes,
    /// Extension in lower case.
    pub extension: Option<String>,
    /// Length of the file.
    pub len: u64,
}

impl Head {
    /// Looks at a file.
    pub fn of(source: &Source) -> Result<Self, Failure> {
        Ok(Self { bytes: source.head(1 << 16)?, extension: source.extension(), len: source.len() })
    }

    /// Whether the extension is one of these.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.extension.as_deref().is_some_and(|e| extensions.contains(&e))
    }
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// What may be spent.
    pub limits: Limits,
    /// Options of the format.
    pub options: Options,
    /// Finds the reader of a model that is inside of another. Without it, such models are refused.
    pub inner: Option<FindReader>,
}

/// What loading a file with its own library could do.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// `safe`, `review`, `malformed` or `dangerous`.
    pub verdict: &'static str,
    /// The reasons.
    pub findings: Vec<Diagnostic>,
}

/// Finds the reader of a file by its content.
pub type FindReader = fn(&Source) -> Result<&'static dyn Reader, Failure>;

/// Reads one format.
pub trait Reader: Sync {
    /// Which format.
    fn format(&self) -> &'static Format;

    /// Whether a file is of this format. Must be cheap and must not fail.
    fn detect(&self, head: &Head) -> Confidence;

    /// Reads a model.
    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure>;

    /// Says what a file holds, at a cost that does not depend on its weights where the format allows.
    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure>;

    /// Checks a file beyond what reading it finds, all findings in one pass. `None` when there is nothing
    /// beyond.
    fn examine(&self, source: &Source, options: &ReadOptions) -> Result<Option<Examined>, Failure> {
        let _ = (source, options);
        Ok(None)
    }

    /// Says what loading a file with its own library could do. `None` when the format names no code.
    fn scan(&self, source: &Source, options: &ReadOptions) -> Result<Option<Scanned>, Failure> {
        let _ = (source, options);
        Ok(None)
    }

    /// Says what differs between two files. `None` when the format has no comparison.
    fn compare(
        &self,
        old: &Source,
        new: &Source,
        options: &ReadOptions,
    ) -> Result<Option<Vec<FileDifference>>, Failure> {
        let _ = (old, new, options);
        Ok(None)
    }
}
