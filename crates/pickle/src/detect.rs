use bytes::Bytes;
use holdall_source::{Budget, Limits};

use crate::{Compression, Pickle, ReadOptions, codes};

/// What the first bytes of a pickle say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A stream that declares its protocol, 2 to 5.
    Declared(u8),
    /// A stream of protocol 0 or 1, which starts with any opcode.
    Undeclared,
    /// Compressed data that may hold a pickle; unpack it to know.
    Compressed(Compression),
}

/// Opcodes that a stream without a declared protocol must get through to be believed.
const BELIEVED: u64 = 4;

/// Whether a file that starts with these bytes (a few kilobytes are enough) may be a pickle. joblib
/// files are pickles.
pub fn looks_like_pickle(head: &[u8]) -> Option<Kind> {
    if let Some(compression) = Compression::detect(head) {
        return Some(Kind::Compressed(compression));
    }
    if let [0x80, protocol @ 0..=5, ..] = head {
        return Some(Kind::Declared(*protocol));
    }
    // Protocols 0 and 1 have no magic: text such as `(…` must run, not only start.
    let head = head.get(..head.len().min(4096)).unwrap_or_default();
    let mut budget = Budget::new(Limits { memory: 1 << 20, steps: 4096, ..Limits::default() });
    let head = Bytes::copy_from_slice(head);
    let (pickle, failure) = Pickle::read_partial(&head, &ReadOptions::default(), &mut budget);
    let nodes = pickle.nodes().len() as u64;
    let whole = match &failure {
        None => pickle.end() == head.len() as u64 && nodes >= 1,
        Some(failure) => failure.code() == codes::TRUNCATED && nodes >= BELIEVED,
    };
    // A long first stream may end within the head and be followed by another.
    let ended = failure.is_none() && nodes >= BELIEVED;
    (whole || ended).then_some(Kind::Undeclared)
}
