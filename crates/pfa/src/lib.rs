//! PFA 0.8.1: JSON documents that hold a scoring engine as a program.
//!
//! [`doc`] has the document as types. The writer puts a model's parameters into cells, each of its
//! operations into one statement of the action, and what the statements call into user functions
//! (`library`), which are always the same text under the same name. The reader takes back documents
//! of this shape: it compares every user function with that text, so that a name alone proves nothing.
//! General PFA programs are refused where they leave the shape.
//!
//! Families that score by predicates, kernels or neighbours have no functions: they are said in operations that have
//! (`spell`), and read back as these.
//!
//! Numbers: PFA computes at binary64. Steps of binary32 are written as binary64 arithmetic followed by
//! a function that rounds to binary32, which is exact for sums, differences, products, quotients and
//! square roots. Comparisons guard against NaN, whose order PFA leaves to the engine.

#![warn(clippy::indexing_slicing)]

pub mod doc;
mod library;
mod lower;
mod names;
mod number;
mod pattern;
mod raise;
mod reader;
mod spell;
mod support;
mod writer;

use holdall_codec::{BodyKind, Format, Reader, Writer};

/// The format.
pub const FORMAT: Format = Format {
    id: "pfa",
    title: "PFA",
    extensions: &["pfa", "json"],
    media_type: "application/json",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[],
};

/// Reads and writes PFA.
#[derive(Clone, Copy, Debug)]
pub struct Pfa;

/// The reader.
pub const READER: &dyn Reader = &Pfa;

/// The writer.
pub const WRITER: &dyn Writer = &Pfa;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        JSON = "pfa/json": "the file is not the JSON that it should be";
        DOCUMENT = "pfa/document": "a part of the document is missing or has the wrong shape";
        UNSUPPORTED = "pfa/unsupported": "the document uses more of PFA than is read";
        REFERENCE = "pfa/reference": "a symbol, cell or function is named that does not exist";
        VALUE = "pfa/value": "a cell or literal has a value that makes no sense";
        WRITE = "pfa/write": "the document cannot be written";
    }
}

#[cfg(test)]
mod tests;
