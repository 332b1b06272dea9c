use std::collections::BTreeMap;

use holdall_diag::Failure;

/// Rows of a chunk that cannot be scored; a row keeps its first failure.
pub(crate) struct RowErrors {
    first_row: u64,
    failures: BTreeMap<usize, Failure>,
}

impl RowErrors {
    /// For a chunk whose first row has this number in its file, from 0.
    pub(crate) const fn new(first_row: u64) -> Self {
        Self { first_row, failures: BTreeMap::new() }
    }

    /// Refuses `row` of the chunk; `make` is given its number in the file, from 1.
    pub(crate) fn refuse(&mut self, row: usize, make: impl FnOnce(u64) -> Failure) {
        let number = self.first_row + row as u64 + 1;
        self.failures.entry(row).or_insert_with(|| make(number));
    }

    pub(crate) fn into_failures(self) -> BTreeMap<usize, Failure> {
        self.failures
    }
}
