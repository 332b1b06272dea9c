//! Bytes by range, sibling files, limits and budgets, and writing that leaves all or nothing.
//!
//! A [`Source`] is a regular file or bytes in memory. Files are opened once and read by range;
//! [`Source::bytes`] maps the file so that weights cost nothing until they are touched. This crate
//! knows no format.

mod atomic;
mod budget;
mod input;
mod writer;

pub use atomic::AtomicFile;
pub use budget::{Budget, Limits};
pub use input::Source;
pub use writer::FileWriter;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        OPEN = "source/open": "a file cannot be opened";
        READ = "source/read": "a file cannot be read";
        WRITE = "source/write": "a file cannot be written";
        NOT_A_FILE = "source/not-a-file": "the path names something other than a regular file";
        TOO_LARGE = "source/too-large": "a file is larger than the limits allow";
        MEMORY = "source/memory": "more memory is asked for than the limits allow";
        STEPS = "source/steps": "more work is asked for than the limits allow";
        DEPTH = "source/depth": "the input is nested deeper than the limits allow";
        SIBLING = "source/sibling": "a referenced file lies outside the folder of the model";
        RANGE = "source/range": "a byte range lies outside the file";
    }
}

#[cfg(test)]
mod tests;
