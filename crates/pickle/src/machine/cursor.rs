use std::ops::Range;

use bytes::Bytes;
use holdall_diag::{Failure, Location};

use crate::codes;

/// A position in the input. Lengths are compared with what is left before anything is done.
pub(super) struct Cursor {
    input: Bytes,
    position: usize,
}

impl Cursor {
    pub(super) fn new(input: Bytes, start: u64) -> Self {
        let position = usize::try_from(start).unwrap_or(usize::MAX).min(input.len());
        Self { input, position }
    }

    pub(super) fn position(&self) -> u64 {
        self.position as u64
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    /// The next `len` bytes as a range of the input.
    pub(super) fn take(&mut self, len: u64) -> Result<Range<usize>, Failure> {
        let left = self.input.len() - self.position;
        let len = usize::try_from(len).ok().filter(|&len| len <= left).ok_or_else(|| {
            Failure::malformed(
                codes::TRUNCATED,
                format!("{len} bytes are needed here, the stream has {left} left"),
            )
            .at(Location::at(self.position()))
            .with_help("the file is cut short or damaged; fetch or save it again")
        })?;
        let range = self.position..self.position + len;
        self.position = range.end;
        Ok(range)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let range = self.take(N as u64)?;
        // `take` returned exactly N bytes.
        Ok(self.input.get(range).and_then(|b| b.first_chunk()).copied().unwrap_or([0; N]))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Failure> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The rest of the line without its line feed, which is required.
    pub(super) fn line(&mut self) -> Result<Range<usize>, Failure> {
        let Some(len) = self.rest().iter().position(|&b| b == b'\n') else {
            return Err(Failure::malformed(codes::TRUNCATED, "the stream ends inside a line")
                .at(Location::at(self.position()))
                .with_help("the file is cut short or damaged; fetch or save it again"));
        };
        let range = self.position..self.position + len;
        self.position = range.end + 1;
        Ok(range)
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        self.input.get(range).unwrap_or_default()
    }
}
