use std::ops::Range;

use super::{
    crown::{Crown, Crowns, EXITS},
    layout::Layout,
    ranks::{LANES, Rank, RankSlot},
};
use crate::real::Real;

/// Rows of a group that go down the rest of a tree together, so that their loads overlap.
const TOGETHER: usize = 8;

/// Bytes of nodes in a block of trees: half of a small first cache.
const BLOCK_BYTES: usize = 1 << 14;

/// An ensemble whose tests are comparisons of ranks.
///
/// A group of rows goes down a block of trees, then the next group: nodes stay in the first cache.
/// The top of a tree is its [`Crown`]; what is below is walked. A row adds its trees in their order
/// whatever the groups and blocks are.
pub(super) struct Ranked<R, S> {
    slots: Vec<RankSlot>,
    /// For each slot that is a leaf its number.
    leaf_of: Vec<u32>,
    leaves: Vec<S>,
    leaf_width: usize,
    trees: Vec<RankedTree<S>>,
    crowns: Crowns<R>,
    /// The slot at each exit of the crowns.
    exits: Vec<u32>,
    /// What is added at each exit that is a leaf, for leaves of one value.
    values: Vec<S>,
    blocks: Vec<Range<usize>>,
    outputs: usize,
}

struct RankedTree<S> {
    root: u32,
    depth: u32,
    crown: Crown,
    /// First of its exits; [`EXITS`] can be read from there.
    exits: usize,
    /// Splits that may follow the crown.
    below: u32,
    output: usize,
    weight: Option<S>,
}

impl<R: Rank, S: Real> Ranked<R, S> {
    pub(super) fn new<T: Real>(
        layout: &Layout<T, S>,
        slots: Vec<RankSlot>,
        outputs: usize,
    ) -> Self {
        let mut crowns = Crowns::new(layout.slots.len() + EXITS);
        let (mut exits, mut values) = (Vec::new(), Vec::new());
        let mut trees = Vec::with_capacity(layout.trees.len());
        for tree in &layout.trees {
            let first = exits.len();
            let crown = crowns.add(&slots, tree.slot, tree.farthest, &mut exits);
            let value = |slot: &u32| {
                let leaf = layout.leaf_of[*slot as usize] as usize;
                let value = layout.leaves.get(leaf * layout.leaf_width).copied();
                let value = value.unwrap_or(S::ZERO);
                tree.weight.map_or(value, |weight| value * weight)
            };
            values.extend(exits[first..].iter().map(value));
            trees.push(RankedTree {
                root: tree.slot,
                depth: tree.farthest,
                below: tree.farthest - crown.levels.min(tree.farthest),
                crown,
                exits: first,
                output: tree.output as usize,
                weight: tree.weight,
            });
        }
        exits.resize(exits.len() + EXITS, 0);
        values.resize(values.len() + EXITS, S::ZERO);
        let mut ranked = Self {
            slots,
            leaf_of: layout.leaf_of.clone(),
            leaves: layout.leaves.clone(),
            leaf_width: layout.leaf_width,
            trees,
            crowns,
            exits,
            values,
            blocks: Vec::new(),
            outputs,
        };
        ranked.blocks = ranked.blocks();
        ranked
    }

    /// Runs of trees whose nodes take about so many bytes.
    fn blocks(&self) -> Vec<Range<usize>> {
        let mut blocks: Vec<Range<usize>> = Vec::new();
        let mut taken = 0;
        for (i, tree) in self.trees.iter().enumerate() {
            let next = self.trees.get(i + 1).map_or(self.slots.len(), |t| t.root as usize);
            let slots = if tree.below == 0 { 0 } else { next.saturating_sub(tree.root as usize) };
            let of_tree = slots * size_of::<RankSlot>() + Crowns::<R>::bytes(&tree.crown);
            taken += of_tree;
            match blocks.last_mut() {
                Some(block) if taken <= BLOCK_BYTES => block.end = i + 1,
                Some(_) | None => {
                    blocks.push(i..i + 1);
                    taken = of_tree;
                }
            }
        }
        blocks
    }

    /// Adds all trees to the sums of groups of rows: `columns` arrays of ranks and `outputs` arrays of
    /// sums a group.
    pub(super) fn add(&self, ranks: &[[R; LANES]], columns: usize, sums: &mut [[S; LANES]]) {
        let mut numbers = Crowns::numbers();
        for block in &self.blocks {
            let groups = ranks.chunks_exact(columns).zip(sums.chunks_exact_mut(self.outputs));
            for (ranks, sums) in groups {
                for tree in &self.trees[block.clone()] {
                    let exits = self.crowns.run(&tree.crown, ranks, &mut numbers);
                    if tree.below == 0 && self.leaf_width == 1 {
                        self.add_values(tree, exits, &mut sums[tree.output]);
                    } else {
                        self.walk(tree, exits, ranks, sums);
                    }
                }
            }
        }
    }

    /// Every exit is a leaf of one value.
    #[inline]
    fn add_values(&self, tree: &RankedTree<S>, exits: &[R; LANES], sums: &mut [S; LANES]) {
        let Some(values) = self.values[tree.exits..].first_chunk::<EXITS>() else { return };
        for (sum, exit) in sums.iter_mut().zip(exits) {
            *sum = *sum + values[usize::from(exit.wide()) % EXITS];
        }
    }

    #[inline]
    fn walk(
        &self,
        tree: &RankedTree<S>,
        exits: &[R; LANES],
        ranks: &[[R; LANES]],
        sums: &mut [[S; LANES]],
    ) {
        let Some(starts) = self.exits[tree.exits..].first_chunk::<EXITS>() else { return };
        for first in (0..LANES).step_by(TOGETHER) {
            let mut at = [0_u32; TOGETHER];
            for (lane, at) in at.iter_mut().enumerate() {
                *at = starts[usize::from(exits[first + lane].wide()) % EXITS];
            }
            for _ in 0..tree.below {
                for (lane, at) in at.iter_mut().enumerate() {
                    let slot = self.slots[*at as usize];
                    let rank = ranks[usize::from(slot.column)][(first + lane) % LANES].wide();
                    *at = slot.child + u32::from(rank > slot.limit);
                }
            }
            for (lane, &at) in at.iter().enumerate() {
                self.add_leaf(tree, at, sums, first + lane);
            }
        }
    }

    /// Adds the trees to the sums of a row by itself; a few trees at a time take the place of rows.
    pub(super) fn add_row(&self, ranks: &[[R; LANES]], lane: usize, sums: &mut [[S; LANES]]) {
        for trees in self.trees.chunks(TOGETHER) {
            let mut at = [0_u32; TOGETHER];
            let mut depth = 0;
            for (at, tree) in at.iter_mut().zip(trees) {
                *at = tree.root;
                depth = depth.max(tree.depth);
            }
            for _ in 0..depth {
                for at in &mut at {
                    let slot = self.slots[*at as usize];
                    let rank = ranks[usize::from(slot.column)][lane].wide();
                    *at = slot.child + u32::from(rank > slot.limit);
                }
            }
            for (tree, &at) in trees.iter().zip(&at) {
                self.add_leaf(tree, at, sums, lane);
            }
        }
    }

    #[inline]
    fn add_leaf(&self, tree: &RankedTree<S>, slot: u32, sums: &mut [[S; LANES]], lane: usize) {
        let leaf = self.leaf_of[slot as usize] as usize * self.leaf_width;
        let values = &self.leaves[leaf..leaf + self.leaf_width];
        for (sums, &value) in sums[tree.output..].iter_mut().zip(values) {
            let sum = &mut sums[lane % LANES];
            *sum = *sum + tree.weight.map_or(value, |weight| value * weight);
        }
    }
}
