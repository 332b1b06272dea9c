//! What one run may spend: hostile graphs ask for tensors of any size and loops without an end.

use std::cell::Cell;

use holdall_diag::Failure;

use crate::{codes, value::elements};

/// What a run may spend. The defaults carry every model in ordinary use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// Bytes of values held at one time, beside the constants of the graph.
    pub memory: u64,
    /// Nodes run, those of loop bodies at every turn.
    pub steps: u64,
    /// Elements computed, and multiplications of products and convolutions.
    pub work: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { memory: 8 << 30, steps: 10_000_000, work: 1 << 38 }
    }
}

/// What is left while a graph runs.
#[derive(Debug)]
pub(crate) struct Context {
    limits: RunLimits,
    held: Cell<u64>,
    steps: Cell<u64>,
    work: Cell<u64>,
}

impl Context {
    pub(crate) fn new(limits: RunLimits) -> Self {
        Self {
            limits,
            held: Cell::new(0),
            steps: Cell::new(limits.steps),
            work: Cell::new(limits.work),
        }
    }

    /// How many elements a shape has, if that many of `size` bytes may be made. Charges the work.
    pub(crate) fn room(&self, shape: &[usize], size: usize) -> Result<usize, Failure> {
        let count = elements(shape);
        // Extents beside an extent of 0 are held to the limit as well.
        let extents = || shape.iter().filter(|&&n| n != 0).map(|&n| n as u64);
        let bytes = extents().try_fold(size as u64, u64::checked_mul);
        let left = self.limits.memory.saturating_sub(self.held.get());
        match (count, bytes) {
            (Some(count), Some(bytes)) if bytes <= left => {
                self.work(count as u64)?;
                Ok(count)
            }
            _ => Err(Failure::limit(
                codes::MEMORY,
                format!(
                    "a tensor of shape {shape:?} needs more than the {} bytes of memory allowed",
                    self.limits.memory
                ),
            )
            .with_help("raise the limit on memory if the model is trusted")),
        }
    }

    /// Pays for computing.
    pub(crate) fn work(&self, amount: u64) -> Result<(), Failure> {
        let left = self.work.get().checked_sub(amount).ok_or_else(|| {
            let message =
                format!("the run computes more than the {} elements allowed", self.limits.work);
            Failure::limit(codes::WORK, message)
                .with_help("raise the limit on work if the model is trusted")
        })?;
        self.work.set(left);
        Ok(())
    }

    /// Pays for a product of three extents.
    pub(crate) fn product(&self, extents: [usize; 3]) -> Result<(), Failure> {
        let amount = extents.iter().try_fold(1_u64, |all, &n| all.checked_mul(n as u64));
        self.work(amount.unwrap_or(u64::MAX))
    }

    /// Pays for running a node or a turn of a loop.
    pub(crate) fn step(&self) -> Result<(), Failure> {
        let left = self.steps.get().checked_sub(1).ok_or_else(|| {
            let message =
                format!("the run takes more than the {} steps allowed", self.limits.steps);
            Failure::limit(codes::STEPS, message).with_help(
                "a loop that does not end does so; raise the limit if the model is trusted",
            )
        })?;
        self.steps.set(left);
        Ok(())
    }

    /// Holds bytes until they are released; fails when the limit is passed.
    pub(crate) fn hold(&self, bytes: u64) -> Result<(), Failure> {
        let held = self.held.get().saturating_add(bytes);
        self.held.set(held);
        if held > self.limits.memory {
            let message = format!(
                "the values need more than the {} bytes of memory allowed",
                self.limits.memory
            );
            return Err(Failure::limit(codes::MEMORY, message)
                .with_help("raise the limit on memory if the model is trusted"));
        }
        Ok(())
    }

    /// Gives held bytes back.
    pub(crate) fn release(&self, bytes: u64) {
        self.held.set(self.held.get().saturating_sub(bytes));
    }
}
