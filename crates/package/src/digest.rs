//! SHA-256 and BLAKE3 of a stream in one read, which may write the bytes elsewhere as it goes.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
};

use holdall_diag::{Failure, Location};
use holdall_sign::{Hashing, digest_copy, from_hex, to_hex};
use holdall_source::Source;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

use crate::codes;

/// A digest of 32 bytes, written as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex32(pub [u8; 32]);

/// What is known of a file once every byte was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Hex32,
    /// BLAKE3 of the bytes.
    pub blake3: Hex32,
}

impl std::fmt::Display for Hex32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl std::fmt::Debug for Hex32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl Serialize for Hex32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        from_hex(&text).filter(|_| lower).map(Self).ok_or_else(|| {
            D::Error::custom(format!("expected 64 lower-case hexadecimal digits, found `{text}`"))
        })
    }
}

/// The digests of a whole source.
pub fn of(source: &Source) -> Result<Digests, Failure> {
    pump(&mut source.reader(), &mut std::io::sink(), source.len())
        .map_err(|error| stream_failure(error, source.location()))
}

/// The digests of bytes in memory.
pub fn of_bytes(bytes: &[u8]) -> Digests {
    Digests {
        size: bytes.len() as u64,
        sha256: Hex32(Sha256::digest(bytes).into()),
        blake3: Hex32(blake3::hash(bytes).into()),
    }
}

/// Reads to the end, hashes, and writes what was read; `size` is what is expected.
pub(crate) fn pump(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
    size: u64,
) -> std::io::Result<Digests> {
    let wanted = BTreeSet::from([Hashing::SHA256, Hashing::BLAKE3]);
    let found = digest_copy(reader, writer, size, &wanted, 0)?;
    let (sha256, blake3) = found.sha256().zip(found.blake3()).unwrap_or_default();
    Ok(Digests { size: found.size, sha256: Hex32(sha256), blake3: Hex32(blake3) })
}

/// What an error from a stream means: damage when the data says so, trouble of the system otherwise.
pub(crate) fn stream_failure(error: std::io::Error, place: Location) -> Failure {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    if let Some(failure) = error.get_ref().and_then(|inner| inner.downcast_ref::<Failure>()) {
        return failure.clone();
    }
    if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) {
        Failure::malformed(codes::ARCHIVE, format!("the data is damaged: {error}"))
            .at(place)
            .caused_by(error)
    } else {
        Failure::io(codes::WRITE, format!("cannot read or write: {error}"), error).at(place)
    }
}
