//! Rows in and answers out as Parquet.
//!
//! Flat columns of booleans, integers, floats and UTF-8 text are read, compressed with Snappy or not at
//! all; a null is missing. Other columns may be in the file as long as no model takes them. Row groups
//! are read piece by piece, so memory does not grow with the rows.

#![warn(clippy::indexing_slicing)]

mod column;
mod rows;
mod writer;

pub use self::{
    rows::{ParquetBlock, ParquetRows},
    writer::ParquetWriter,
};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        BROKEN = "parquet/broken": "a Parquet file is damaged";
        COMPRESSION = "parquet/compression": "a Parquet column is compressed in a way that is not read";
        COLUMN = "parquet/column": "a Parquet column has a type that no model takes";
        DUPLICATE = "parquet/duplicate-column": "two Parquet columns have the same name";
        WRITE = "parquet/write": "a Parquet file cannot be written";
    }
}
