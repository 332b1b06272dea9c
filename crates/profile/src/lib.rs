//! Data profiles: what the columns of a data set look like, in constant memory, as a document that
//! travels in the package.
//!
//! A [`Profiler`] takes batches of rows and gives a [`Profile`]. Equal rows in equal order give equal
//! bytes. Moments are Welford's; quantiles are exact up to [`SAMPLE`] values a column and come from a
//! seeded reservoir of that size beyond, which the profile says.

mod column;

use holdall_table::Table;
use serde::{Deserialize, Serialize};

use column::ColumnProfiler;
pub use column::{Category, ColumnProfile, Logical, Numeric, Quantile, TextLengths};

/// Values a column keeps for its quantiles.
pub const SAMPLE: usize = 1 << 16;
/// Distinct values a column counts one by one.
pub const DISTINCT: usize = 4096;
/// Most frequent values that the profile lists.
pub const TOP: usize = 20;

/// The profile of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Always `holdall/profile/1`.
    pub schema: String,
    /// Number of rows.
    pub rows: u64,
    /// One entry a column, in the order of the data.
    pub columns: Vec<ColumnProfile>,
}

/// Makes a [`Profile`] from batches of rows.
#[derive(Debug, Default)]
pub struct Profiler {
    rows: u64,
    columns: Vec<ColumnProfiler>,
}

impl Profiler {
    /// A profiler that has seen no row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next rows. Every batch must have the columns of the first.
    pub fn push(&mut self, batch: &Table) {
        if self.columns.is_empty() {
            let columns = (0_u64..).zip(&batch.columns);
            self.columns = columns.map(|(i, c)| ColumnProfiler::new(&c.name, i)).collect();
        }
        self.rows += batch.rows as u64;
        for (profiler, column) in self.columns.iter_mut().zip(&batch.columns) {
            profiler.push(column, batch.rows);
        }
    }

    /// The profile of everything taken.
    pub fn finish(self) -> Profile {
        Profile {
            schema: "holdall/profile/1".to_owned(),
            rows: self.rows,
            columns: self.columns.into_iter().map(ColumnProfiler::finish).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
