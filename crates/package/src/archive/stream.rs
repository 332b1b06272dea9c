use std::io::{Error, ErrorKind, Read, Result};

use flate2::Crc;
use holdall_diag::Failure;

use crate::codes;

/// Gives exactly the promised number of bytes with the promised checksum, or fails.
pub(super) struct Checked<R> {
    inner: R,
    left: u64,
    crc: Option<(Crc, u32)>,
    done: bool,
}

impl<R: Read> Checked<R> {
    pub(super) fn new(inner: R, size: u64, crc: Option<u32>) -> Self {
        Self { inner, left: size, crc: crc.map(|expected| (Crc::new(), expected)), done: false }
    }

    fn end(&mut self) -> Result<usize> {
        if self.done {
            return Ok(0);
        }
        self.done = true;
        // One byte more than promised means that the sizes of the archive lie.
        if self.inner.read(&mut [0])? != 0 {
            return Err(Error::new(ErrorKind::InvalidData, "the entry is longer than listed"));
        }
        match &self.crc {
            Some((crc, expected)) if crc.sum() != *expected => {
                Err(Error::new(ErrorKind::InvalidData, "the checksum does not hold"))
            }
            Some(_) | None => Ok(0),
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..want) else { return Ok(0) };
        if room.is_empty() {
            return if self.left == 0 { self.end() } else { Ok(0) };
        }
        let got = self.inner.read(room)?;
        if got == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the entry is shorter than listed"));
        }
        self.left -= got as u64;
        if let Some((crc, _)) = &mut self.crc {
            crc.update(room.get(..got).unwrap_or_default());
        }
        // The consumer may stop at the promised length, so the end is checked with the last bytes.
        if self.left == 0 {
            self.end()?;
        }
        Ok(got)
    }
}

/// Fails once more bytes come out than the limits allow.
pub(super) struct Limited<R> {
    inner: R,
    limit: u64,
    left: u64,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, limit, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let got = self.inner.read(buffer)?;
        match self.left.checked_sub(got as u64) {
            Some(left) => {
                self.left = left;
                Ok(got)
            }
            None => Err(Error::other(too_large(self.limit))),
        }
    }
}

/// An archive that unpacks to more than `limit` bytes.
pub(super) fn too_large(limit: u64) -> Failure {
    Failure::limit(
        codes::DECOMPRESSED,
        format!("the archive unpacks to more than the {limit} bytes allowed"),
    )
    .with_help("raise the limit with `--limit-memory` if you trust the file")
}
