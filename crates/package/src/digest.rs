//! SHA-256 and BLAKE3 of a stream in one read, which may write the bytes elsewhere as it goes.

use std::{
    io::{Read, Write},
    sync::{Arc, mpsc},
};

use holdall_diag::{Failure, Location};
use holdall_sign::{from_hex, to_hex};
use holdall_source::Source;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

use crate::codes;

/// Bytes read, hashed and written at a time.
pub(crate) const CHUNK: usize = 1 << 19;
/// Chunks that are under way at once.
const CHUNKS: usize = 8;

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

/// Reads to the end, hashes, and writes what was read, in one thread: for what is small, or where other
/// files keep the other cores busy.
pub(crate) fn pump_here(reader: &mut dyn Read, writer: &mut dyn Write) -> std::io::Result<Digests> {
    let mut buffer = Vec::new();
    let mut hashing = Hashing::default();
    loop {
        fill(reader, &mut buffer)?;
        hashing.update(&buffer);
        writer.write_all(&buffer)?;
        // A short chunk is the last one.
        if buffer.len() < CHUNK {
            return Ok(hashing.finish());
        }
    }
}

#[derive(Default)]
struct Hashing {
    size: u64,
    sha256: Sha256,
    blake3: blake3::Hasher,
}

impl Hashing {
    fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        self.blake3.update(bytes);
    }

    fn finish(self) -> Digests {
        Digests {
            size: self.size,
            sha256: Hex32(self.sha256.finalize().into()),
            blake3: Hex32(self.blake3.finalize().into()),
        }
    }
}

/// Reads to the end, hashes, and writes what was read.
///
/// SHA-256, which is the slowest part, BLAKE3, and reading with writing each have a thread; chunks go
/// round between them, so that no part waits for another longer than the slowest takes.
pub(crate) fn pump(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
) -> std::io::Result<Digests> {
    let mut first = Vec::new();
    fill(reader, &mut first)?;
    if first.len() < CHUNK {
        let digests = of_bytes(&first);
        writer.write_all(&first)?;
        return Ok(digests);
    }
    let (free, returned) = mpsc::channel();
    std::thread::scope(|scope| {
        let (to_sha256, chunks) = mpsc::sync_channel::<Arc<Vec<u8>>>(CHUNKS);
        let back = free.clone();
        let sha256 = scope.spawn(move || {
            let mut hash = Sha256::new();
            for chunk in chunks {
                hash.update(chunk.as_slice());
                give_back(chunk, &back);
            }
            hash.finalize().into()
        });
        let (to_blake3, chunks) = mpsc::sync_channel::<Arc<Vec<u8>>>(CHUNKS);
        let back = free.clone();
        let blake3 = scope.spawn(move || {
            let mut hash = blake3::Hasher::new();
            for chunk in chunks {
                hash.update(chunk.as_slice());
                give_back(chunk, &back);
            }
            hash.finalize().into()
        });
        let mut size = 0;
        let mut made = 1;
        let mut now = first;
        let mut copy = || {
            while !now.is_empty() {
                size += now.len() as u64;
                let last = now.len() < CHUNK;
                let chunk = Arc::new(std::mem::take(&mut now));
                for hash in [&to_sha256, &to_blake3] {
                    // The other end lives until this one is dropped.
                    hash.send(Arc::clone(&chunk)).map_err(std::io::Error::other)?;
                }
                writer.write_all(&chunk)?;
                give_back(chunk, &free);
                if last {
                    break;
                }
                now = match returned.try_recv() {
                    Ok(buffer) => buffer,
                    Err(_none) if made < CHUNKS => {
                        made += 1;
                        Vec::with_capacity(CHUNK)
                    }
                    Err(_none) => returned.recv().map_err(std::io::Error::other)?,
                };
                fill(reader, &mut now)?;
            }
            Ok::<_, std::io::Error>(())
        };
        let copied = copy();
        drop((to_sha256, to_blake3));
        let ended = |_panic| std::io::Error::other("a thread ended before its work was done");
        let (sha256, blake3) = (sha256.join().map_err(ended)?, blake3.join().map_err(ended)?);
        copied?;
        Ok(Digests { size, sha256: Hex32(sha256), blake3: Hex32(blake3) })
    })
}

/// The last one who is done with a chunk gives it back to be filled again.
fn give_back(chunk: Arc<Vec<u8>>, free: &mpsc::Sender<Vec<u8>>) {
    if let Some(buffer) = Arc::into_inner(chunk) {
        // Nobody waits for buffers after the end.
        drop(free.send(buffer));
    }
}

fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.clear();
    Read::take(reader, CHUNK as u64).read_to_end(buffer)?;
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
