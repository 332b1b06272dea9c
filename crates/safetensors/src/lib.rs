//! safetensors: a JSON header, then the elements of all tensors without a gap.
//!
//! Facts from the reference implementation, `safetensors/src/tensor.rs` of huggingface/safetensors
//! 0.8: a little-endian u64 gives the length of the header, at most 100 MB; the header is an object of
//! `name → {dtype, shape, data_offsets}` with free text under `__metadata__`; offsets count from the
//! end of the header and cover the rest of the file exactly, in order. Tensors are views on the
//! memory map: nothing is copied.

#![warn(clippy::indexing_slicing)]

mod dtype;
mod header;
mod read;
mod write;

use holdall_codec::{BodyKind, Format, Reader, Writer};

/// The format.
pub const FORMAT: Format = Format {
    id: "safetensors",
    title: "safetensors",
    extensions: &["safetensors"],
    media_type: "application/vnd.safetensors",
    body: BodyKind::Weights,
    read_options: &[],
    write_options: &[],
};

/// Reads and writes safetensors.
#[derive(Clone, Copy, Debug)]
pub struct Safetensors;

/// The reader.
pub const READER: &dyn Reader = &Safetensors;

/// The writer.
pub const WRITER: &dyn Writer = &Safetensors;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        TRUNCATED = "safetensors/truncated": "the file ends before its header or its tensors do";
        HEADER_LENGTH = "safetensors/header-length": "the length of the header makes no sense";
        HEADER = "safetensors/header": "the header is not the JSON object it should be";
        DUPLICATE = "safetensors/duplicate": "a name stands twice in the header";
        DTYPE = "safetensors/dtype": "the type of the elements is unknown or not carried";
        SHAPE = "safetensors/shape": "shape, type and number of bytes contradict each other";
        OFFSETS = "safetensors/offsets": "the tensors overlap, leave a gap, or run backwards";
        TRAILING = "safetensors/trailing": "bytes follow the last tensor";
        WRITE = "safetensors/write": "the file cannot be written";
    }
}

#[cfg(test)]
mod tests;
