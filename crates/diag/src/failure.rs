use std::{error::Error, fmt, sync::Arc};

use crate::{Code, Diagnostic, Location};

/// Who must act on a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The input is not what it claims to be; whoever made the file must act.
    Malformed,
    /// The input is sound, and holdall does not carry it; the message says what instead.
    Unsupported,
    /// The input needs more than the limits allow; raise them if the file is trusted.
    Limit,
    /// The operating system said no.
    Io,
    /// The caller asked for something that makes no sense.
    Usage,
    /// holdall contradicts itself; please report it.
    Bug,
}

/// A diagnostic that ended the work.
///
/// Every crate below the command line fails with this one type (see
/// `docs/decisions/0001-one-failure-type.md`): the code tells the variants apart, the kind tells who
/// must act, and the location is never lost.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    diagnostic: Box<Diagnostic>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure of the given kind.
    pub fn new(kind: FailureKind, diagnostic: Diagnostic) -> Self {
        Self { kind, diagnostic: Box::new(diagnostic), source: None }
    }

    /// The input is broken.
    pub fn malformed(code: Code, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Malformed, Diagnostic::error(code, message))
    }

    /// The input is sound but not carried.
    pub fn unsupported(code: Code, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unsupported, Diagnostic::error(code, message))
    }

    /// The input exceeds a limit.
    pub fn limit(code: Code, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Limit, Diagnostic::error(code, message))
    }

    /// The caller asked for something impossible.
    pub fn usage(code: Code, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, Diagnostic::error(code, message))
    }

    /// holdall contradicts itself.
    pub fn bug(code: Code, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, Diagnostic::error(code, message))
    }

    /// The operating system refused; `error` stays reachable as the source.
    pub fn io(code: Code, message: impl Into<String>, error: std::io::Error) -> Self {
        Self::new(FailureKind::Io, Diagnostic::error(code, message)).caused_by(error)
    }

    /// The same failure at a place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.diagnostic.location = location;
        self
    }

    /// The same failure with its location changed, for instance to add the file or archive entry.
    #[must_use]
    pub fn map_location(mut self, change: impl FnOnce(Location) -> Location) -> Self {
        self.diagnostic.location = change(std::mem::take(&mut self.diagnostic.location));
        self
    }

    /// The same failure, in this file, unless a file is named already.
    #[must_use]
    pub fn in_file(self, name: &str) -> Self {
        self.map_location(|location| location.in_file(name))
    }

    /// The same failure with one more fact.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.diagnostic.notes.push(note.into());
        self
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// The same failure with the error that led to it.
    #[must_use]
    pub fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(error));
        self
    }

    /// Who must act.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The stable kind of the finding.
    pub fn code(&self) -> Code {
        self.diagnostic.code
    }

    /// Where it happened.
    pub fn location(&self) -> &Location {
        &self.diagnostic.location
    }

    /// The finding itself.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.diagnostic
    }

    /// The finding itself, with the cause as a note.
    pub fn into_diagnostic(self) -> Diagnostic {
        let mut diagnostic = *self.diagnostic;
        let mut cause = self.source.as_deref().map(|e| e as &(dyn Error + 'static));
        while let Some(error) = cause {
            diagnostic.notes.push(format!("caused by: {error}"));
            cause = error.source();
        }
        diagnostic
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.diagnostic.location.is_none() {
            write!(f, "{}: ", self.diagnostic.location)?;
        }
        write!(f, "{} [{}]", self.diagnostic.message, self.diagnostic.code)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}
