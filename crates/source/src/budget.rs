use holdall_diag::{Failure, Location};

use crate::codes;

/// What a reader may spend on one file. The defaults are strict enough for files from strangers and
/// wide enough for every model in ordinary use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory charged by readers, beyond the file itself.
    pub memory: u64,
    /// Elementary steps: opcodes, elements, tokens, tree nodes.
    pub steps: u64,
    /// Nesting depth of any syntax.
    pub depth: u32,
    /// Bytes that decompression may yield.
    pub decompressed: u64,
    /// Entries of an archive.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 8 << 30,
            steps: 2_000_000_000,
            depth: 10_000,
            decompressed: 8 << 30,
            entries: 1_000_000,
        }
    }
}

/// What is left of [`Limits`] while a file is read. Charge before allocating.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    memory: u64,
    steps: u64,
}

impl Budget {
    /// A budget that has spent nothing.
    pub fn new(limits: Limits) -> Self {
        Self { limits, memory: limits.memory, steps: limits.steps }
    }

    /// The limits it started from.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Pays for `bytes` of memory, or fails with `source/memory`.
    pub fn charge(&mut self, bytes: u64) -> Result<(), Failure> {
        let Some(left) = self.memory.checked_sub(bytes) else {
            return Err(Failure::limit(
                codes::MEMORY,
                format!(
                    "reading this needs more than the {} bytes of memory allowed",
                    self.limits.memory
                ),
            )
            .with_help("raise the limit with `--limit-memory` if you trust the file"));
        };
        self.memory = left;
        Ok(())
    }

    /// Pays for `count` elements of `size` bytes, or fails with `source/memory`.
    pub fn charge_elements(&mut self, count: u64, size: usize) -> Result<(), Failure> {
        self.charge(count.saturating_mul(size as u64))
    }

    /// A buffer with room for `count` elements, paid for first.
    pub fn vec<T>(&mut self, count: usize) -> Result<Vec<T>, Failure> {
        self.charge_elements(count as u64, size_of::<T>())?;
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(count).map_err(|error| {
            Failure::limit(codes::MEMORY, format!("no memory for {count} elements"))
                .caused_by(error)
        })?;
        Ok(buffer)
    }

    /// Pays for `count` steps, or fails with `source/steps`.
    pub fn step(&mut self, count: u64) -> Result<(), Failure> {
        let Some(left) = self.steps.checked_sub(count) else {
            return Err(Failure::limit(
                codes::STEPS,
                format!("reading this takes more than the {} steps allowed", self.limits.steps),
            ));
        };
        self.steps = left;
        Ok(())
    }

    /// Fails with `source/depth` when `depth` is beyond the limit.
    pub fn depth(&self, depth: usize, location: impl FnOnce() -> Location) -> Result<(), Failure> {
        if depth as u64 > u64::from(self.limits.depth) {
            return Err(Failure::limit(
                codes::DEPTH,
                format!("nested deeper than the {} levels allowed", self.limits.depth),
            )
            .at(location()));
        }
        Ok(())
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}
