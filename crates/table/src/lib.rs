//! Tables of typed columns: rows into a model, answers out of it.
//!
//! A [`Column`] holds scalars of one [`Kind`], with *missing* kept beside the values and never
//! confused with NaN. [`CsvReader`] gives batches of text columns, so that every model parses number
//! text at the precision it declares; [`CsvWriter`] writes answers. [`Scoring`] is what a compiled
//! model is, whatever body it came from.

mod column;
mod csv;
mod scoring;

pub use column::{Column, Data, Kind, Role, Table};
pub use csv::{CsvReader, CsvWriter};
pub use scoring::{Matching, Port, Scoring, select_inputs};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        CSV = "table/csv": "a CSV file is malformed";
        EMPTY = "table/empty": "a CSV file has no header row";
        WRITE = "table/write": "a CSV file cannot be written";
        DUPLICATE = "table/duplicate-column": "two columns have the same name";
        MISSING_COLUMN = "table/missing-column": "a column that the model needs is not in the rows";
        TOO_FEW_COLUMNS = "table/too-few-columns": "the rows have fewer columns than the model has inputs";
        PARSE = "table/parse": "a cell is not a value of the column's kind";
    }
}

#[cfg(test)]
mod tests;
