//! What every part of holdall says about a file: codes, severities, locations, diagnostics, reports.
//!
//! This crate neither renders nor does I/O. A [`Diagnostic`] is data: a stable [`Code`], a message,
//! one [`Location`] type for every syntax, and what to do next. A [`Failure`] is a diagnostic that
//! ended the work, sorted by who must act ([`FailureKind`]). A [`Report`] collects diagnostics where
//! work could go on.

mod code;
mod diagnostic;
mod failure;
mod location;
mod report;

pub use code::{Code, CodeInfo};
pub use diagnostic::{Diagnostic, Severity};
pub use failure::{Failure, FailureKind};
pub use location::{Location, PathKind};
pub use report::Report;

#[cfg(test)]
mod tests;
