//! CSV in and out.
//!
//! The dialect is that of RFC 4180, read leniently: records end with LF, CRLF or CR; a cell in quotes
//! holds commas, line ends and doubled quotes; blank lines are skipped, except that with a single column
//! a blank line is a row whose cell is empty.

mod blocks;
mod reader;
mod records;
mod writer;

#[cfg(test)]
mod tests;

pub use self::{
    blocks::{CsvBlock, CsvBlocks},
    reader::CsvReader,
    writer::{CsvWriter, csv_header, csv_rows},
};
