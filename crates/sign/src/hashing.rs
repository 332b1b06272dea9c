//! From bytes to digests: one read for every digest that is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    sync::mpsc::sync_channel,
};

use blake2::Blake2b512;
use sha2::{Digest as _, Sha256};

/// Bytes read at a time: large enough for few system calls, small enough to stay in a core's cache.
const CHUNK: usize = 1 << 18;

/// From this size on, another thread reads ahead while this one hashes.
const READ_AHEAD: u64 = 16 << 20;

/// Chunks in flight between the reading thread and the hashing one.
const IN_FLIGHT: usize = 4;

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
/// `size` is what is expected: large files are read ahead by another thread. At most `shards` digests are
/// kept of a file that is cut into shards.
pub fn digest_stream(
    reader: &mut (dyn Read + Send),
    size: u64,
    wanted: &BTreeSet<Hashing>,
    shards: usize,
) -> std::io::Result<FileDigests> {
    let mut works: Vec<Work> = wanted.iter().map(|&hashing| Work::new(hashing, shards)).collect();
    let mut found = 0;
    let mut take = |chunk: &[u8]| {
        found += chunk.len() as u64;
        spread(&mut works, chunk);
    };
    if size < READ_AHEAD {
        let mut buffer = vec![0; CHUNK];
        loop {
            let got = fill(reader, &mut buffer)?;
            take(buffer.get(..got).unwrap_or_default());
            if got < CHUNK {
                break;
            }
        }
    } else {
        read_ahead(reader, &mut take)?;
    }
    let digests = works.into_iter().map(Work::finish).collect();
    Ok(FileDigests { size: found, digests })
}

/// One thread fills buffers, this one empties them; buffers go round, so memory stays constant.
fn read_ahead(reader: &mut (dyn Read + Send), take: &mut impl FnMut(&[u8])) -> std::io::Result<()> {
    let (full, filled) = sync_channel::<std::io::Result<(Vec<u8>, usize)>>(IN_FLIGHT);
    let (empty, emptied) = sync_channel(IN_FLIGHT);
    for _ in 0..IN_FLIGHT {
        drop(empty.send(vec![0; CHUNK]));
    }
    // Moved in, so that both ends are dropped before the thread is waited for, whatever happens.
    std::thread::scope(move |scope| {
        std::thread::Builder::new().spawn_scoped(scope, move || {
            while let Ok(mut buffer) = emptied.recv() {
                let read = fill(reader, &mut buffer);
                let last = !matches!(read, Ok(CHUNK));
                if full.send(read.map(|got| (buffer, got))).is_err() || last {
                    break;
                }
            }
        })?;
        while let Ok(read) = filled.recv() {
            let (buffer, got) = read?;
            take(buffer.get(..got).unwrap_or_default());
            // The reader is gone after the last buffer.
            drop(empty.send(buffer));
        }
        Ok(())
    })
}

/// Fills the buffer, or stops at the end.
fn fill(reader: &mut (dyn Read + Send), buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match reader.read(room) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The first digest on this core, the others on another one, when there is enough to do.
fn spread(works: &mut [Work], chunk: &[u8]) {
    match works {
        [] => {}
        [only] => only.update(chunk),
        [first, rest @ ..] if chunk.len() == CHUNK => {
            rayon::join(|| first.update(chunk), || rest.iter_mut().for_each(|w| w.update(chunk)));
        }
        all => all.iter_mut().for_each(|work| work.update(chunk)),
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

struct Work {
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

    fn update(&mut self, mut bytes: &[u8]) {
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
