//! UBJSON (draft 12) as a serde deserializer over bytes; reading only.
//!
//! XGBoost writes its models this way, with 8-byte lengths and typed arrays. The same serde types read
//! the JSON form of a document with `serde_json`: numbers coerce as they do there.
//!
//! ```
//! #[derive(serde::Deserialize, Debug, PartialEq)]
//! struct Tree { weights: Vec<f32>, size: u32 }
//!
//! let bytes = b"{i\x07weights[$d#i\x02\x3f\x80\0\0\xc0\0\0\0i\x04sizeU\x02}";
//! let tree: Tree = holdall_ubjson::from_slice(bytes, &Default::default())?;
//! assert_eq!(tree, Tree { weights: vec![1.0, -2.0], size: 2 });
//!
//! let failure = holdall_ubjson::from_slice::<Tree>(b"{i\x04sizeSi\x01x}", &Default::default());
//! assert_eq!(failure.unwrap_err().to_string(),
//!     "/size: byte 7: invalid type: string \"x\", expected u32 [ubjson/type]");
//! # Ok::<(), holdall_diag::Failure>(())
//! ```

#![warn(clippy::indexing_slicing)]

mod de;
mod fault;
mod parser;

use holdall_diag::Failure;
use holdall_source::Limits;
use serde::Deserialize;

use crate::{de::Element, parser::Parser};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        TRUNCATED = "ubjson/truncated": "the document ends inside a value";
        MARKER = "ubjson/marker": "a byte is not the marker of a value";
        LENGTH = "ubjson/length": "a length or count is not a number from 0 up";
        TEXT = "ubjson/text": "text is not UTF-8";
        NUMBER = "ubjson/number": "the text of a high-precision number cannot be read";
        DEPTH = "ubjson/depth": "values are nested deeper than the limits allow";
        COUNT = "ubjson/count": "a container claims more elements without bytes than the limits allow";
        TRAILING = "ubjson/trailing": "bytes follow the end of the document";
        TYPE = "ubjson/type": "a value is not what the document's schema asks for";
    }
}

/// Values nested in each other that are read at most; `Limits::depth` may lower it.
pub const MAX_DEPTH: u32 = 128;

/// Reads one document, which must be all there is.
///
/// Fails with the byte offset and the JSON pointer of the value that is wrong. No claim of a length
/// allocates more than the bytes present can fill.
pub fn from_slice<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limits: &Limits,
) -> Result<T, Failure> {
    let mut parser = Parser::new(bytes, limits.depth.min(MAX_DEPTH));
    let value = T::deserialize(Element::next(&mut parser));
    value.and_then(|value| parser.end().map(|()| value)).map_err(fault::Fault::into_failure)
}

/// Whether a file that starts with these bytes may be a UBJSON object, as XGBoost writes.
pub fn looks_like_ubjson(head: &[u8]) -> bool {
    match head {
        // A key starts with its length; JSON goes on with a quote, space or brace.
        [b'{', b'i' | b'U', _, ..] => true,
        [b'{', b'I', 0..=0x7f, _, ..] => true,
        [b'{', b'l', 0, 0, _, _, ..] => true,
        [b'{', b'L', 0, 0, 0, 0, ..] => true,
        [b'{', b'#' | b'$', ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
