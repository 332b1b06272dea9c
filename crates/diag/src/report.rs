use crate::{Diagnostic, Location, Severity};

/// Diagnostics of work that went on, in the order in which they were found.
///
/// A report keeps at most [`Report::MAX`] entries and counts the rest, so that a file with a million
/// defects costs no more than one with a thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    entries: Vec<Diagnostic>,
    errors: usize,
    omitted: usize,
}

impl Report {
    /// How many entries are kept.
    pub const MAX: usize = 1_000;

    /// A report without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if self.entries.len() < Self::MAX {
            self.entries.push(diagnostic);
        } else {
            self.omitted += 1;
        }
    }

    /// Adds all findings of another report.
    pub fn append(&mut self, other: Self) {
        let unseen =
            other.errors - other.entries.iter().filter(|d| d.severity == Severity::Error).count();
        self.errors += unseen;
        self.omitted += other.omitted;
        for diagnostic in other.entries {
            self.push(diagnostic);
        }
    }

    /// The same report with every location changed, for instance to add the file.
    #[must_use]
    pub fn map_locations(mut self, change: impl Fn(Location) -> Location) -> Self {
        for diagnostic in &mut self.entries {
            diagnostic.location = change(std::mem::take(&mut diagnostic.location));
        }
        self
    }

    /// The findings kept.
    pub fn entries(&self) -> &[Diagnostic] {
        &self.entries
    }

    /// How many findings were counted and not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
