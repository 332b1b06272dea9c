//! From bytes to digests: one read for every digest that is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
};

use blake2::Blake2b512;
use sha2::{Digest as _, Sha256};

use crate::relay::{Chunk, copy_in_turns};

/// From this size on, several threads take turns.
const LARGE: u64 = 8 << 20;

/// A hash of Model Signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the usual one.
    Sha256,
    /// `BLAKE2b` with 64 bytes.
    Blake2b,
    /// BLAKE3 with 32 bytes.
    Blake3,
}

impl Algorithm {
    /// The name in statements.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
        }
    }

    /// The algorithm of a name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Blake2b, Self::Blake3].into_iter().find(|a| a.as_str() == name)
    }

    /// Bytes of a digest.
    pub const fn width(self) -> usize {
        match self {
            Self::Sha256 | Self::Blake3 => 32,
            Self::Blake2b => 64,
        }
    }
}

/// How a file becomes digests: whole, or cut into shards of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hashing {
    /// The hash.
    pub algorithm: Algorithm,
    /// Bytes of a shard; none for one digest over the whole file.
    pub shard: Option<u64>,
}

impl Hashing {
    /// The whole file with SHA-256.
    pub const SHA256: Self = Self { algorithm: Algorithm::Sha256, shard: None };
    /// The whole file with BLAKE3.
    pub const BLAKE3: Self = Self { algorithm: Algorithm::Blake3, shard: None };
}

/// The digests of one file, after one read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDigests {
    /// Bytes that were read.
    pub size: u64,
    digests: BTreeMap<Hashing, Vec<Vec<u8>>>,
}

impl FileDigests {
    /// What is known of a file whose SHA-256 was found elsewhere.
    pub fn of_sha256(size: u64, sha256: [u8; 32]) -> Self {
        Self { size, digests: BTreeMap::from([(Hashing::SHA256, vec![sha256.to_vec()])]) }
    }

    /// The digest over the whole file, or those of its shards in order; none if it was not asked for.
    pub fn get(&self, hashing: Hashing) -> Option<&[Vec<u8>]> {
        self.digests.get(&hashing).map(Vec::as_slice)
    }

    /// The SHA-256 of the whole file.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.whole(Hashing::SHA256)
    }

    /// The BLAKE3 of the whole file.
    pub fn blake3(&self) -> Option<[u8; 32]> {
        self.whole(Hashing::BLAKE3)
    }

    fn whole(&self, hashing: Hashing) -> Option<[u8; 32]> {
        self.get(hashing)?.first()?.as_slice().try_into().ok()
    }
}

/// Reads to the end and takes every digest of `wanted` in that one read, in constant memory.
///
/// `size` is what is expected: over a large file several threads take turns. At most
/// `shards` digests are kept of a file that is cut into shards.
pub fn digest_stream(
    reader: &mut (dyn Read + Send),
    size: u64,
    wanted: &BTreeSet<Hashing>,
    shards: usize,
) -> std::io::Result<FileDigests> {
    digest_copy(reader, &mut std::io::sink(), size, wanted, shards)
}

/// Like [`digest_stream`], and writes what was read.
pub fn digest_copy(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
    size: u64,
    wanted: &BTreeSet<Hashing>,
    shards: usize,
) -> std::io::Result<FileDigests> {
    let mut works: Vec<Work> = wanted.iter().map(|&hashing| Work::new(hashing, shards)).collect();
    let size = if size < LARGE {
        copy_here(reader, writer, size, &mut works)?
    } else {
        copy_in_turns(reader, writer, &mut works)?
    };
    Ok(FileDigests { size, digests: works.into_iter().map(Work::finish).collect() })
}

/// Everything in this thread: for what is small, where other files keep the other cores busy.
fn copy_here(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
    expected: u64,
    works: &mut [Work],
) -> std::io::Result<u64> {
    let mut size = 0;
    // One byte more finds the end of most files without another chunk.
    let room = usize::try_from(expected.saturating_add(1)).unwrap_or(usize::MAX);
    let mut chunk = Chunk::new(room.min(1 << 18));
    loop {
        let last = chunk.fill(reader)?;
        for work in works.iter_mut() {
            work.update(chunk.bytes());
        }
        writer.write_all(chunk.bytes())?;
        size += chunk.filled as u64;
        if last {
            return Ok(size);
        }
    }
}

enum State {
    Sha256(Sha256),
    Blake2b(Blake2b512),
    Blake3(Box<blake3::Hasher>),
}

impl State {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Blake2b => Self::Blake2b(Blake2b512::new()),
            Algorithm::Blake3 => Self::Blake3(Box::default()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Blake2b(hash) => hash.update(bytes),
            Self::Blake3(hash) => {
                hash.update(bytes);
            }
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Blake2b(hash) => hash.finalize().to_vec(),
            Self::Blake3(hash) => hash.finalize().as_bytes().to_vec(),
        }
    }
}

/// One digest, or those of the shards, in the making.
pub(crate) struct Work {
    hashing: Hashing,
    state: State,
    /// Bytes until the shard is full.
    left: u64,
    done: Vec<Vec<u8>>,
    most: usize,
}

impl Work {
    fn new(hashing: Hashing, most: usize) -> Self {
        let left = hashing.shard.unwrap_or(u64::MAX);
        Self { hashing, state: State::new(hashing.algorithm), left, done: Vec::new(), most }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        let Some(shard) = self.hashing.shard else { return self.state.update(bytes) };
        while !bytes.is_empty() {
            let fits = usize::try_from(self.left).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(fits.min(bytes.len()));
            self.state.update(now);
            self.left -= now.len() as u64;
            bytes = later;
            if self.left == 0 {
                self.left = shard.max(1);
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let full = std::mem::replace(&mut self.state, State::new(self.hashing.algorithm));
        if self.done.len() < self.most {
            self.done.push(full.finish());
        }
    }

    fn finish(mut self) -> (Hashing, Vec<Vec<u8>>) {
        // An empty file has no shard, and one digest.
        if self.hashing.shard.is_none_or(|shard| self.left < shard) {
            self.most = self.most.max(1);
            self.close();
        }
        (self.hashing, self.done)
    }
}
