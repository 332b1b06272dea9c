use super::{
    layout::{
        EQUAL, FEATURE, Layout, MEMBER, NAN_SECOND, NEAR_ZERO, NEAR_ZERO_LIMIT, REFUSES, Root,
        Slot, is_member,
    },
    ranks::LANES,
};
use crate::real::Real;

/// Rows that go down a tree together, so that their loads overlap.
const TOGETHER: usize = 16;

/// A group of rows.
pub(super) struct Group<'g, T> {
    /// For each used feature the values of the rows.
    pub(super) features: &'g [[T; LANES]],
    /// For each used feature which rows miss it; empty when none does.
    pub(super) missing: &'g [[bool; LANES]],
    /// Rows that met a split which refuses missing.
    pub(super) refused: &'g mut [bool],
}

impl<T: Real, S: Real> Layout<T, S> {
    /// Adds a tree to the sums of a group, with every test and every rule.
    pub(super) fn add_tree(
        &self,
        tree: &Root<S>,
        group: &mut Group<'_, T>,
        sums: &mut [[S; LANES]],
    ) {
        for first in (0..LANES).step_by(TOGETHER) {
            for (lane, at) in (first..).zip(self.walk(tree, group, first)) {
                let leaf = self.leaf_of[at as usize] as usize * self.leaf_width;
                let values = &self.leaves[leaf..leaf + self.leaf_width];
                for (sums, &value) in sums[tree.output as usize..].iter_mut().zip(values) {
                    sums[lane] = sums[lane] + tree.weight.map_or(value, |weight| value * weight);
                }
            }
        }
    }

    /// The slots of the leaves that the rows from `first` on come to.
    fn walk(&self, tree: &Root<S>, group: &mut Group<'_, T>, first: usize) -> [u32; TOGETHER] {
        let mut at = [tree.slot; TOGETHER];
        for level in 0..tree.farthest {
            let mut moved = 0;
            for (lane, at) in (first..).zip(&mut at) {
                let slot = &self.slots[*at as usize];
                let next = slot.child + u32::from(self.second(slot, lane, group));
                moved |= next ^ *at;
                *at = next;
            }
            if level >= tree.nearest && moved == 0 {
                break;
            }
        }
        at
    }

    /// Whether the second child is next.
    #[inline]
    fn second(&self, slot: &Slot<T>, lane: usize, group: &mut Group<'_, T>) -> bool {
        let feature = (slot.feature & FEATURE) as usize;
        let has = |flag| slot.feature & flag != 0;
        let Some(lanes) = group.features.get(feature) else { return false };
        let x = lanes[lane];
        if has(REFUSES) && group.missing.get(feature).is_some_and(|lanes| lanes[lane]) {
            group.refused[lane] = true;
        }
        if x.nan() || (has(NEAR_ZERO) && x.abs().widen() <= f64::from(NEAR_ZERO_LIMIT)) {
            return has(NAN_SECOND);
        }
        let first = if has(MEMBER) {
            is_member(&self.sets[slot.threshold.number_of() as usize], x.widen())
        } else if has(EQUAL) {
            x == slot.threshold
        } else {
            x <= slot.threshold
        };
        !first
    }
}
