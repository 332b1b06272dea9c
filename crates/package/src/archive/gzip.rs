use std::io::{Result, Write};

use flate2::{Compression, GzBuilder};
use rayon::prelude::*;

/// The level is part of the format: another one gives other bytes.
const LEVEL: u32 = 6;
/// Bytes of each member; part of the format as well.
const MEMBER: usize = 1 << 20;

/// Writes gzip as members of one size (RFC 1952, 2.2), compressed side by side. Every gzip reader takes
/// members one after the other; the bytes do not depend on the number of threads.
#[derive(Debug)]
pub(super) struct GzipMembers<W> {
    out: W,
    waiting: Vec<u8>,
    any: bool,
}

impl<W: Write> GzipMembers<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, waiting: Vec::new(), any: false }
    }

    /// Ends the last member and gives the output back.
    pub(super) fn finish(mut self) -> Result<W> {
        if !self.waiting.is_empty() || !self.any {
            self.compress()?;
        }
        Ok(self.out)
    }

    fn compress(&mut self) -> Result<()> {
        self.any = true;
        let waiting = std::mem::take(&mut self.waiting);
        // Without content there is one empty member.
        let chunks: Vec<&[u8]> =
            if waiting.is_empty() { vec![&[]] } else { waiting.chunks(MEMBER).collect() };
        let members: Vec<Vec<u8>> = chunks.into_par_iter().map(member).collect::<Result<_>>()?;
        members.iter().try_for_each(|member| self.out.write_all(member))?;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }
}

fn member(bytes: &[u8]) -> Result<Vec<u8>> {
    // Operating system 255: unknown, whatever it is.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut gzip = gzip.write(Vec::new(), Compression::new(LEVEL));
    gzip.write_all(bytes)?;
    gzip.finish()
}

impl<W: Write> Write for GzipMembers<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // A multiple of the member, whatever the number of threads, so that members never depend on it.
        let room = 16 * MEMBER - self.waiting.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.waiting.extend_from_slice(taken);
        if self.waiting.len() == 16 * MEMBER {
            self.compress()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}
