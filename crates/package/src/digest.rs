//! SHA-256 and BLAKE3 of a stream in one read, which may write the bytes elsewhere as it goes.

use std::io::{Read, Write};

use holdall_diag::{Failure, Location};
use holdall_sign::{from_hex, to_hex};
use holdall_source::Source;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

use crate::codes;

/// Bytes hashed, written and read ahead at a time.
const CHUNK: usize = 1 << 20;

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
    pump(&mut source.reader(), &mut std::io::sink())
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

/// Reads to the end, hashes, and writes what was read.
///
/// One core takes SHA-256, which is the slowest part; another takes BLAKE3, writes, and reads ahead.
pub(crate) fn pump(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
) -> std::io::Result<Digests> {
    let mut sha256 = Sha256::new();
    let mut blake3 = blake3::Hasher::new();
    let mut size = 0;
    let mut now = Vec::new();
    let mut next = Vec::new();
    fill(reader, &mut now)?;
    while !now.is_empty() {
        size += now.len() as u64;
        let (rest, ahead) = (now.as_slice(), &mut next);
        let work = || {
            blake3.update(rest);
            writer.write_all(rest)?;
            // A short chunk is the last one.
            if rest.len() < CHUNK {
                ahead.clear();
            } else {
                fill(reader, ahead)?;
            }
            Ok::<_, std::io::Error>(())
        };
        if rest.len() < CHUNK / 16 {
            sha256.update(rest);
            let mut work = work;
            work()?;
        } else {
            let ((), done) = rayon::join(|| sha256.update(rest), work);
            done?;
        }
        std::mem::swap(&mut now, &mut next);
    }
    Ok(Digests {
        size,
        sha256: Hex32(sha256.finalize().into()),
        blake3: Hex32(blake3.finalize().into()),
    })
}

fn fill(reader: &mut (dyn Read + Send), buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.clear();
    reader.take(CHUNK as u64).read_to_end(buffer)?;
    Ok(())
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
