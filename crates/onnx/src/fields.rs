//! A message as the list of its fields, each with the bytes that it stands in: what is not changed is
//! written again as it was, known or not.

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_source::Source;

use crate::wire::{Cursor, Wire};

/// One field of a message.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its number.
    pub(crate) number: u32,
    /// Its layout.
    pub(crate) wire: Wire,
    /// Tag and value as they stand in the file.
    pub(crate) whole: Bytes,
    /// What a field of bytes holds; the undecoded value otherwise.
    pub(crate) body: Bytes,
}

impl Field {
    /// The body, when it is a message.
    pub(crate) fn message(&self) -> Option<&Bytes> {
        (self.wire == Wire::Bytes).then_some(&self.body)
    }
}

/// The fields of a message in their order.
pub(crate) fn fields(message: &Bytes) -> Result<Vec<Field>, Failure> {
    let source = Source::from_bytes("", message.clone());
    let end = message.len() as u64;
    let mut cursor = Cursor::new(&source);
    let mut found = Vec::new();
    while cursor.position() < end {
        let start = cursor.position();
        let (number, wire) = cursor.tag(end)?;
        let mut from = cursor.position();
        if wire == Wire::Bytes {
            let length = cursor.length(end)?;
            from = cursor.position();
            cursor.forward(length);
        } else {
            cursor.skip(wire, end)?;
        }
        let to = cursor.position();
        found.push(Field {
            number,
            wire,
            whole: source.range(start, to - start)?,
            body: source.range(from, to - from)?,
        });
    }
    Ok(found)
}
