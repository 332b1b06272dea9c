use std::fmt;

use holdall_diag::{Code, Failure, Location, PathKind};
use serde::de;

use crate::codes;

/// A failure on its way out, collecting the path; costs nothing while all goes well.
#[derive(Debug)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    failure: Failure,
    offset: Option<usize>,
    /// Keys and positions, innermost first.
    path: Vec<String>,
}

impl Fault {
    pub(crate) fn malformed(code: Code, offset: usize, message: impl Into<String>) -> Self {
        Self::new(Failure::malformed(code, message), Some(offset))
    }

    pub(crate) fn limit(code: Code, offset: usize, message: impl Into<String>) -> Self {
        Self::new(Failure::limit(code, message), Some(offset))
    }

    fn new(failure: Failure, offset: Option<usize>) -> Self {
        Self(Box::new(Inner { failure, offset, path: Vec::new() }))
    }

    /// The same fault, at this offset unless a place is known.
    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The same fault, inside a value called so.
    pub(crate) fn within(mut self, step: impl fmt::Display) -> Self {
        // RFC 6901, section 3.
        self.0.path.push(step.to_string().replace('~', "~0").replace('/', "~1"));
        self
    }

    pub(crate) fn help(mut self, help: &str) -> Self {
        self.0.failure = self.0.failure.with_help(help);
        self
    }

    pub(crate) fn into_failure(self) -> Failure {
        let Inner { failure, offset, path } = *self.0;
        let mut location = offset.map_or_else(Location::none, |at| Location::at(at as u64));
        if !path.is_empty() {
            let pointer: Vec<_> = path.into_iter().rev().collect();
            location = location.with_path(PathKind::JsonPointer, format!("/{}", pointer.join("/")));
        }
        failure.at(location)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.failure.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Failure::malformed(codes::TYPE, message.to_string()), None)
    }
}
