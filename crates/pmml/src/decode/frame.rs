//! Trees of a document, each read apart, and the frame that is left when they are cut out.
//!
//! The threads take turns: one cuts the next tree out of the file, and decodes it while others cut. Where a
//! tree stood, the frame has `<Node/>`. The frame is decoded like any document; only where every one of those
//! elements comes out as an element were the trees what they seemed, and not in a comment or in a text.
//! Trees are kept in the order of the document, so that nothing depends on the number of threads.

use std::{
    io::Read,
    sync::{Mutex, PoisonError},
};

use holdall_source::{Budget, Limits, Source};
use memchr::{memchr_iter, memmem, memrchr};

use super::tree::plain_tree;
use crate::doc::{Cut, Document, PlainTree};

const START: &[u8] = b"<Node";
const END: &[u8] = b"</TreeModel";
const PLACE: &[u8] = b"<Node/>";
/// Bytes read at a time.
const CHUNK: usize = 1 << 18;
/// Bytes that a document may have outside its trees. A larger one is not one of trees.
const MAX_FRAME: usize = 1 << 26;

/// Reads a document whose trees are all of the plain shape: those as columns, the rest as elements.
///
/// `None` where it has no trees, where anything about it is unusual or wrong, or where it goes beyond the
/// limits: then [`decode`](super::decode) has the answer.
pub(crate) fn decode_apart(source: &Source, limits: Limits) -> Option<Document> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let useful = usize::try_from(source.len() >> 20).ok()? + 1;
    decode_with(source, limits, cores.min(useful))
}

/// The same, with a number of threads.
pub(crate) fn decode_with(source: &Source, limits: Limits, threads: usize) -> Option<Document> {
    let turns = Mutex::new(Cutter::new(source.reader(), limits.memory));
    let max_depth = usize::try_from(limits.depth).ok()?;
    let mut trees = std::thread::scope(|scope| {
        let work = || decode_trees(&turns, max_depth);
        let others: Vec<_> = (1..threads)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut trees = work();
        for other in others {
            trees.extend(other.join().ok()?);
        }
        Some(trees)
    })?;
    let cutter = turns.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !cutter.ended || cutter.stopped || trees.is_empty() || trees.len() != cutter.cut {
        return None;
    }
    trees.sort_unstable_by_key(|tree| tree.place);
    let mut budget = Budget::new(limits);
    budget.charge(cutter.frame.len() as u64 + limits.memory - cutter.memory).ok()?;
    budget.step(trees.iter().map(|tree| tree.columns.elements).sum()).ok()?;
    let deepest = trees.iter().map(|tree| tree.columns.depth).max()?;
    let (cuts, columns) = trees.into_iter().map(|tree| (tree.cut, tree.columns)).unzip();
    super::decode_frame(cutter.frame.into(), cuts, columns, deepest, &mut budget)
}

struct Tree {
    place: usize,
    cut: Cut,
    columns: PlainTree,
}

/// What one thread does.
fn decode_trees<R: Read>(turns: &Mutex<Cutter<R>>, max_depth: usize) -> Vec<Tree> {
    let lock = || turns.lock().unwrap_or_else(PoisonError::into_inner);
    let mut trees: Vec<Tree> = Vec::new();
    let mut size = 0;
    loop {
        let mut cutter = lock();
        cutter.pay(size);
        let Some((place, at, bytes)) = cutter.next_tree() else { break };
        drop(cutter);
        let Some(columns) = plain_tree(&bytes, max_depth) else {
            lock().stopped = true;
            break;
        };
        size = columns.size();
        trees.push(Tree { place, cut: cut_of(&bytes, at), columns });
    }
    trees
}

/// What is missed where a tree was cut out.
fn cut_of(tree: &[u8], at: u64) -> Cut {
    let place = PLACE.len() as u64;
    let lines = memchr_iter(b'\n', tree).count() as u64;
    let last = memrchr(b'\n', tree).map_or(0, |last| last + 1);
    let last = (tree.len() - last) as u64;
    let last = i64::try_from(last).unwrap_or(i64::MAX).saturating_sub_unsigned(place);
    Cut { at, skipped: (tree.len() as u64).saturating_sub(place), lines, last }
}

struct Cutter<R> {
    reader: R,
    /// What was read.
    buffer: Vec<u8>,
    /// How much of it was given to the frame or cut out.
    taken: usize,
    frame: Vec<u8>,
    /// Trees cut out so far.
    cut: usize,
    /// Memory that is left for trees, and that one may take as text.
    memory: u64,
    /// Whether all was read, and cut.
    ended: bool,
    /// Whether the document cannot be read so.
    stopped: bool,
}

impl<R: Read> Cutter<R> {
    fn new(reader: R, memory: u64) -> Self {
        let (buffer, frame) = (Vec::new(), Vec::new());
        Self { reader, buffer, taken: 0, frame, cut: 0, memory, ended: false, stopped: false }
    }

    /// The next tree: its number, its place in the frame, and its bytes.
    fn next_tree(&mut self) -> Option<(usize, u64, Vec<u8>)> {
        if self.stopped || self.ended {
            return None;
        }
        let Some(start) = self.find(START, true) else {
            self.ended = !self.stopped;
            return None;
        };
        self.give_to_frame(start);
        let Some(end) = self.find(END, false) else {
            self.stopped = true;
            return None;
        };
        let tree = self.take(end);
        let at = self.frame.len() as u64;
        self.frame.extend_from_slice(PLACE);
        self.cut += 1;
        Some((self.cut - 1, at, tree))
    }

    /// Where these bytes stand in what is left, reading on until they do. What goes by on the way belongs to the
    /// frame, or is kept.
    fn find(&mut self, wanted: &[u8], frame: bool) -> Option<usize> {
        let finder = memmem::Finder::new(wanted);
        let mut searched = 0;
        loop {
            let left = self.left();
            if let Some(place) = finder.find(left.get(searched..)?) {
                return Some(searched + place);
            }
            let length = left.len();
            searched = (length + 1).saturating_sub(wanted.len()).max(searched);
            if frame {
                self.give_to_frame(searched);
                searched = 0;
            }
            self.stopped |= self.frame.len() > MAX_FRAME || length as u64 > self.memory;
            if self.stopped || !self.read_on() {
                if frame {
                    self.give_to_frame(self.left().len());
                }
                return None;
            }
        }
    }

    /// What was read, and not yet given to the frame or cut out.
    fn left(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn give_to_frame(&mut self, count: usize) {
        let end = (self.taken + count).min(self.buffer.len());
        self.frame.extend_from_slice(self.buffer.get(self.taken..end).unwrap_or_default());
        self.taken = end;
    }

    /// Takes so many bytes off. Few are copied; of many the buffer itself is handed over.
    fn take(&mut self, count: usize) -> Vec<u8> {
        if count <= CHUNK {
            let bytes = self.left().get(..count).unwrap_or_default().to_vec();
            self.taken += bytes.len();
            return bytes;
        }
        self.forget_taken();
        let rest = self.buffer.split_off(count.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }

    fn forget_taken(&mut self) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
    }

    /// Whether there was more.
    fn read_on(&mut self) -> bool {
        self.forget_taken();
        let before = self.buffer.len();
        self.buffer.resize(before + CHUNK, 0);
        let space = self.buffer.get_mut(before..).unwrap_or_default();
        let read = loop {
            match self.reader.read(space) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.stopped |= read.is_err();
        let count = read.unwrap_or(0);
        self.buffer.truncate(before + count);
        count > 0
    }

    fn pay(&mut self, bytes: u64) {
        match self.memory.checked_sub(bytes) {
            Some(left) => self.memory = left,
            None => self.stopped = true,
        }
    }
}
