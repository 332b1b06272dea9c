use std::collections::BTreeMap;

use crate::NodeId;

/// The memo of a stream. Indices that a pickler counts up lie dense; any other costs one tree entry,
/// so that an index of four billion allocates nothing.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<NodeId>,
    sparse: BTreeMap<u64, NodeId>,
}

impl Memo {
    pub(super) fn get(&self, index: u64) -> Option<NodeId> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index));
        dense.or_else(|| self.sparse.get(&index)).copied()
    }

    pub(super) fn put(&mut self, index: u64, id: NodeId) {
        let next = self.dense.len() as u64;
        if index == next {
            self.sparse.remove(&index);
            self.dense.push(id);
        } else if let Some(slot) =
            usize::try_from(index).ok().and_then(|index| self.dense.get_mut(index))
        {
            *slot = id;
        } else {
            self.sparse.insert(index, id);
        }
    }

    /// How many indices are taken; `MEMOIZE` uses this as its index, taken or not.
    pub(super) fn len(&self) -> u64 {
        self.dense.len() as u64 + self.sparse.len() as u64
    }
}
