//! Tables of typed columns: rows into a model, answers out of it.
//!
//! A [`Column`] holds scalars of one [`Kind`], with *missing* kept beside the values and never
//! confused with NaN. [`CsvBlocks`] cuts a file into blocks of rows, which are parsed at the precision
//! that a model declares, many at a time; [`CsvReader`] gives batches of text columns; [`CsvWriter`]
//! writes answers. [`Scoring`] is what a compiled model is, whatever body it came from.

mod column;
mod csv;
mod scoring;
mod typed;

pub use column::{Column, Data, Kind, Role, Table};
pub use csv::{CsvBlock, CsvBlocks, CsvReader, CsvWriter, csv_header, csv_rows};
pub use scoring::{Failed, Inputs, Matching, Port, Scoring, select_inputs};

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
