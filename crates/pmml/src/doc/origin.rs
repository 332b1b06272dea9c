use bytes::Bytes;
use memchr::{memchr_iter, memrchr};

/// The bytes that a document was decoded from: a file, or what is left of one without its trees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    bytes: Bytes,
    /// What is not there, in order.
    cuts: Vec<Cut>,
}

/// A piece of a file that is not among the bytes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Where something stands in its place.
    pub(crate) at: u64,
    /// How much longer the piece is than that.
    pub(crate) skipped: u64,
    /// Lines that end in the piece.
    pub(crate) lines: u64,
    /// Bytes of the piece since the last of them, less what stands in its place.
    pub(crate) last: i64,
}

impl Origin {
    pub(crate) fn new(bytes: Bytes, cuts: Vec<Cut>) -> Self {
        Self { bytes, cuts }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Line and column in the file of a byte of the document, both from 1.
    pub(crate) fn line_of(&self, offset: u64) -> (u64, u64) {
        let before = self.cuts.partition_point(|cut| cut.at < offset);
        let (mut line, mut column) = line_of(&self.bytes, offset);
        let start = (offset + 1).saturating_sub(column);
        let mut same_line = true;
        for cut in self.cuts.get(..before).unwrap_or_default().iter().rev() {
            line += cut.lines;
            if !same_line || cut.at < start {
                same_line = false;
            } else if cut.lines == 0 {
                column += cut.skipped;
            } else {
                // The line starts in the piece.
                column = (column - (cut.at - start)).saturating_add_signed(cut.last);
                same_line = false;
            }
        }
        (line, column)
    }
}

/// Line and column of a byte, both from 1.
pub(crate) fn line_of(bytes: &[u8], offset: u64) -> (u64, u64) {
    let end = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let before = bytes.get(..end).unwrap_or_default();
    let line = memchr_iter(b'\n', before).count() as u64 + 1;
    let start = memrchr(b'\n', before).map_or(0, |last| last + 1);
    (line, (end - start) as u64 + 1)
}
