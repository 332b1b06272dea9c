//! The table of formats, and what spans them: detection, loading, planning, writing.
//!
//! A conversion is [`load`] → [`WriteRequest::plan`] →
//! [`Plan::accept`](holdall_codec::Plan::accept) → [`write()`]. Nothing here knows a format beyond its row in the table.

mod load;
mod registry;
mod spec;
mod write;

pub use load::{Loaded, LoadedBody, load};
pub use registry::{detect, formats, reader, readers, writer, writer_for, writers};
pub use spec::FormatSpec;
pub use write::{WriteRequest, write, write_beside};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        UNKNOWN_FORMAT = "convert/unknown-format": "no format has this id";
        UNRECOGNISED = "convert/unrecognised": "the content of a file is of no format that is read";
        EMPTY = "convert/empty": "a file is empty";
        NOT_READ = "convert/not-read": "the format is written, not read";
        NOT_WRITTEN = "convert/not-written": "the format is read, not written";
        BODY = "convert/body": "the source holds something that the target format does not";
        NOT_SCORABLE = "convert/not-scorable": "a file of bare weights has no answers";
    }
}

#[cfg(test)]
mod tests;
