//! The machine that runs pickle opcodes over inert nodes.
//!
//! Reference: the table of `pickletools`, and the C unpickler of Python where the table is silent.
//! Deviations: frame lengths are ignored (joblib writes arrays between frames), and values that only
//! the loading program knows stay unresolved nodes.

mod build;
mod cursor;
mod memo;
mod opcode;
mod payload;
mod run;
mod text;

use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_diag::{Code, Failure, Location};
use holdall_source::Budget;

use self::{cursor::Cursor, memo::Memo};
pub(crate) use self::{payload::is_joblib_wrapper, text::small_int};
use crate::{Blob, Node, NodeId, Pickle, codes};

/// How one stream is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Where in the input the stream starts.
    pub start: u64,
    /// Whether arrays are read behind joblib's wrappers, as `joblib.load` does and `pickle.load` does
    /// not.
    pub payloads: bool,
    /// The out-of-band buffers of protocol 5.
    pub buffers: Vec<Bytes>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { start: 0, payloads: true, buffers: Vec::new() }
    }
}

/// The state of one stream: what a nested stream puts aside.
#[derive(Default)]
struct Stream {
    stack: Vec<NodeId>,
    /// Height of the stack at each `MARK`; nothing below the last one can be reached.
    marks: Vec<usize>,
    memo: Memo,
}

pub(crate) struct Machine<'b> {
    tree: Pickle,
    cursor: Cursor,
    budget: &'b mut Budget,
    stream: Stream,
    /// The stream that waits for the nested one, and the wrapper that asked for it.
    outer: Option<(Stream, NodeId)>,
    payloads: bool,
    /// Item size of the dtypes met in wrappers, and whether their elements are objects.
    dtypes: BTreeMap<NodeId, (u64, bool)>,
    next_buffer: u32,
    /// Levels of containers below each node, as far as known when it was filled.
    heights: Vec<u32>,
    /// The first limit passed that does not keep the machine from going on; a scan sees the rest too.
    passed: Option<Failure>,
    /// Offset of the opcode being run.
    here: u64,
}

impl<'b> Machine<'b> {
    pub(crate) fn new(input: &Bytes, options: &ReadOptions, budget: &'b mut Budget) -> Self {
        Self {
            tree: Pickle::empty(input, &options.buffers),
            cursor: Cursor::new(input.clone(), options.start),
            budget,
            stream: Stream::default(),
            outer: None,
            payloads: options.payloads,
            dtypes: BTreeMap::new(),
            next_buffer: 0,
            heights: Vec::new(),
            passed: None,
            here: options.start,
        }
    }

    fn push(&mut self, node: Node) -> Result<NodeId, Failure> {
        let id = self.add(node)?;
        self.stream.stack.push(id);
        Ok(id)
    }

    /// Adds a node that is not on the stack.
    fn add(&mut self, node: Node) -> Result<NodeId, Failure> {
        // The node, its offset, its height, and its place on the stack or in a container.
        self.charge(size_of::<Node>() + 16)?;
        let id = self.tree.nodes.push(node).ok_or_else(|| {
            Failure::limit(codes::NODES, "the stream has more than 4 294 967 295 values")
                .at(Location::at(self.here))
        })?;
        self.tree.offsets.push(self.here);
        self.heights.push(0);
        Ok(id)
    }

    /// How high a container of these items stands. Streams fill the inner container first, so this
    /// finds the depth of everything a pickler writes.
    fn above(&self, items: &[NodeId]) -> u32 {
        let heights = items.iter().filter_map(|id| self.heights.get(id.index()));
        heights.max().map_or(0, |below| below.saturating_add(1))
    }

    /// Notes the height of a container that was filled.
    fn raise(&mut self, container: NodeId, height: u32) {
        if let Some(slot) = self.heights.get_mut(container.index()) {
            *slot = (*slot).max(height);
        }
        let here = self.here;
        if let Err(failure) = self.budget.depth(height as usize, || Location::at(here)) {
            self.passed.get_or_insert(failure);
        }
    }

    /// Notes that `container` holds these items now.
    fn hold(&mut self, container: NodeId, items: &[NodeId]) {
        // A container in itself is a cycle and no depth.
        let height = if items.contains(&container) { 0 } else { self.above(items) };
        self.raise(container, height);
    }

    /// Adds a container of everything above the last mark.
    fn push_marked(&mut self, node: fn(Vec<NodeId>) -> Node) -> Result<(), Failure> {
        let items = self.pop_mark()?;
        self.push_container(items, node)
    }

    fn push_container(
        &mut self,
        items: Vec<NodeId>,
        node: fn(Vec<NodeId>) -> Node,
    ) -> Result<(), Failure> {
        let height = self.above(&items);
        let id = self.push(node(items))?;
        self.raise(id, height);
        Ok(())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), Failure> {
        let here = self.here;
        self.budget.charge(bytes as u64).map_err(|failure| failure.at(Location::at(here)))
    }

    /// The stack above the last mark.
    fn open(&self) -> &[NodeId] {
        let floor = self.stream.marks.last().copied().unwrap_or(0);
        self.stream.stack.get(floor..).unwrap_or_default()
    }

    fn top(&self) -> Result<NodeId, Failure> {
        self.open().last().copied().ok_or_else(|| self.underflow())
    }

    fn pop(&mut self) -> Result<NodeId, Failure> {
        let id = self.top()?;
        self.stream.stack.pop();
        Ok(id)
    }

    /// Everything above the last mark, which is taken away too.
    fn pop_mark(&mut self) -> Result<Vec<NodeId>, Failure> {
        let floor = self.stream.marks.pop().ok_or_else(|| {
            self.malformed(codes::STACK, "the opcode needs a mark and there is none")
        })?;
        let items = self.stream.stack.split_off(floor);
        self.charge(size_of_val(items.as_slice()))?;
        Ok(items)
    }

    fn underflow(&self) -> Failure {
        self.malformed(codes::STACK, "the opcode needs more values than the stack holds")
    }

    fn malformed(&self, code: Code, message: impl Into<String>) -> Failure {
        Failure::malformed(code, message).at(Location::at(self.here))
    }

    /// Keeps text that differs from the bytes of the input.
    fn unescape(&mut self, text: &[u8]) -> Result<Blob, Failure> {
        self.charge(text.len())?;
        let start = self.tree.unescaped.len();
        self.tree.unescaped.extend_from_slice(text);
        Ok(Blob::unescaped(start..self.tree.unescaped.len()))
    }
}

#[cfg(test)]
mod tests;
