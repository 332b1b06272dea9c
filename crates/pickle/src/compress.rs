use std::io::{BufReader, Read};

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::Budget;

use crate::codes;

/// What joblib wraps around a pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// zlib, RFC 1950.
    Zlib,
    /// gzip, RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// The older format of xz-utils, `.lzma`.
    Lzma,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// The format whose magic number the bytes start with.
    pub fn detect(head: &[u8]) -> Option<Self> {
        match head {
            // RFC 1950, 2.2: deflate with a window up to 32 KiB, and a header divisible by 31.
            [cmf @ 0x78, flags, ..]
                if (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31)
                    && flags & 0x20 == 0 =>
            {
                Some(Self::Zlib)
            }
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // Default properties, and the high bytes of a dictionary size.
            [0x5d, 0, 0, _, 0..=3, ..] => Some(Self::Lzma),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// Lower-case name: `zlib`, `gzip`, `bzip2`, `xz`, `lzma`, `lz4`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
        }
    }
}

/// The bytes of a pickle, and what they were wrapped in.
#[derive(Clone, Debug)]
pub struct Decompressed {
    /// The pickle; shared with the input when it was not compressed.
    pub bytes: Bytes,
    /// What the file was compressed with.
    pub compression: Option<Compression>,
}

/// Takes the outer compression off, found by content. At most `Limits::decompressed` bytes come out,
/// and each is paid for as memory.
pub fn decompress(input: &Bytes, budget: &mut Budget) -> Result<Decompressed, Failure> {
    let Some(compression) = Compression::detect(input) else {
        return Ok(Decompressed { bytes: input.clone(), compression: None });
    };
    let (bytes, failure) = decompress_partial(input, compression, budget);
    match failure {
        None => Ok(Decompressed { bytes, compression: Some(compression) }),
        Some(failure) => Err(failure),
    }
}

/// What could be unpacked, and why that is not all.
pub(crate) fn decompress_partial(
    input: &Bytes,
    compression: Compression,
    budget: &mut Budget,
) -> (Bytes, Option<Failure>) {
    let memory = u32::try_from(budget.limits().memory >> 10).unwrap_or(u32::MAX);
    let reader = BufReader::new(&**input);
    let mut decoder: Box<dyn Read + '_> = match compression {
        Compression::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(reader)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new(reader, true)),
        Compression::Lzma => match lzma_rust2::LzmaReader::new_mem_limit(reader, memory, None) {
            Ok(reader) => Box::new(reader),
            Err(error) => return (Bytes::new(), Some(damaged(compression, error))),
        },
        Compression::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(reader)),
    };
    let mut all = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    let failure = loop {
        let got = match decoder.read(&mut chunk) {
            Ok(0) => break None,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => break Some(damaged(compression, error)),
        };
        if let Err(failure) = pay(&all, got, budget) {
            break Some(failure);
        }
        all.extend_from_slice(chunk.get(..got).unwrap_or_default());
    };
    (all.into(), failure)
}

fn pay(all: &[u8], got: usize, budget: &mut Budget) -> Result<(), Failure> {
    let allowed = budget.limits().decompressed;
    if (all.len() + got) as u64 > allowed {
        return Err(Failure::limit(
            codes::DECOMPRESSED,
            format!("the file unpacks to more than the {allowed} bytes allowed"),
        )
        .at(Location::at(0))
        .with_help("raise the limits if you trust the file"));
    }
    budget.charge(got as u64)
}

fn damaged(compression: Compression, error: std::io::Error) -> Failure {
    Failure::malformed(
        codes::DECOMPRESS,
        format!("the {} data cannot be unpacked: {error}", compression.as_str()),
    )
    .at(Location::at(0))
    .with_help("the file is cut short or damaged; fetch or save it again")
    .caused_by(error)
}
