//! `validate`: all that a document can be told to be wrong in without a row, in one pass. Each finding has a
//! code, line, column and path; what is wrong in one place does not keep the rest from being looked at.

mod meaning;
mod models;
mod rules;
mod scope;
mod structure;
mod verification;

use holdall_diag::{Code, Diagnostic, Report};

use crate::{
    Version,
    doc::{Document, Element},
};

/// The check under way.
struct Check {
    report: Report,
    /// Whether the document is of the version whose schema is held against it.
    current: bool,
}

/// Findings after which no more are looked for: to find the place of each takes time.
const MOST: usize = 500;

impl Check {
    fn is_full(&self) -> bool {
        self.report.entries().len() >= MOST
    }

    fn error(&mut self, code: Code, element: Element<'_>, message: impl Into<String>) {
        self.report.push(Diagnostic::error(code, message).at(element.location()));
    }

    fn warning(&mut self, code: Code, element: Element<'_>, message: impl Into<String>) {
        self.report.push(Diagnostic::warning(code, message).at(element.location()));
    }
}

/// Checks a document: structure, then what it means, then whether a model can be made of it, and whether that
/// answers the rows of its `ModelVerification` as they say.
pub fn check(document: &Document) -> Report {
    let Some(root) = document.root() else { return Report::new() };
    let version = root.attribute("xmlns").and_then(Version::of_namespace);
    let version = version.or_else(|| root.attribute("version").and_then(Version::of_attribute));
    let current = version.is_none_or(|version| version >= Version::WRITTEN);
    let mut check = Check { report: Report::new(), current };
    structure::check(&mut check, root);
    meaning::check(&mut check, root);
    models::check(&mut check, root);
    if check.report.has_errors() {
        return check.report;
    }
    // Nothing is wrong so far: what is left is what this crate does not carry.
    match crate::lower(document) {
        Ok((model, report)) => {
            check.report.append(report);
            match holdall_tabular::validate(model) {
                Ok(valid) => {
                    if let Some(model) = crate::lower::model_of(root) {
                        verification::check(&mut check, model, &valid);
                    }
                }
                Err(report) => check.report.append(report),
            }
        }
        Err(failure) => check.report.push(failure.into_diagnostic()),
    }
    check.report
}
