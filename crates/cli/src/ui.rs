//! The two streams: data to stdout, everything else to stderr.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use holdall_diag::{Diagnostic, Failure, Report, Severity};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::{args::Common, render};

/// How a verb that ran ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is yes.
    Yes,
    /// It ran, and the answer is no.
    No,
}

impl Exit {
    pub(crate) fn yes_if(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Yes => Self::SUCCESS,
            Exit::No => Self::from(1),
        }
    }
}

/// What a verb writes through.
#[derive(Debug)]
pub(crate) struct Ui {
    pub(crate) json: bool,
    quiet: bool,
}

impl Ui {
    pub(crate) fn new(common: &Common) -> Self {
        Self { json: common.json, quiet: common.quiet }
    }

    /// Text on stdout; nothing with `--json`, whose only output is the document.
    pub(crate) fn text(&self, text: &str) {
        if !self.json {
            emit(std::io::stdout().lock(), text);
        }
    }

    /// The one document of `--json`; nothing without it.
    pub(crate) fn document(&self, document: &Value) {
        if self.json {
            // A `Value` always serialises.
            let text = serde_json::to_string_pretty(document).unwrap_or_default();
            emit(std::io::stdout().lock(), &format!("{text}\n"));
        }
    }

    /// A remark on stderr, unless `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            emit(std::io::stderr().lock(), &format!("{text}\n"));
        }
    }

    /// Diagnostics on stderr; with `--quiet` only errors.
    pub(crate) fn report(&self, report: &Report) {
        for diagnostic in report.entries() {
            self.diagnostic(diagnostic);
        }
        if report.omitted() > 0 {
            self.note(&format!("… and {} more", report.omitted()));
        }
    }

    pub(crate) fn diagnostic(&self, diagnostic: &Diagnostic) {
        if !self.quiet || diagnostic.severity == Severity::Error {
            emit(std::io::stderr().lock(), &render::diagnostic(diagnostic));
        }
    }

    /// A failure that ends the run: on stderr, and as the document with `--json`.
    pub(crate) fn failure(&self, failure: Failure) {
        let diagnostic = failure.into_diagnostic();
        emit(std::io::stderr().lock(), &render::diagnostic(&diagnostic));
        self.document(&json!({
            "schema": "holdall/failure/1",
            "failure": render::diagnostic_json(&diagnostic),
        }));
    }

    /// A progress bar: on a terminal only, and only after half a second.
    pub(crate) fn progress(&self, what: &str) -> ProgressBar {
        if self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(2));
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.with_elapsed(Duration::ZERO)
    }
}

/// A reader of our output that went away is no error of ours.
fn emit(mut stream: impl Write, text: &str) {
    drop(stream.write_all(text.as_bytes()));
    drop(stream.flush());
}
