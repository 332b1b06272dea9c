use super::{
    layout::{
        EQUAL, FEATURE, LOSES, Layout, MEMBER, NAN_SECOND, NEAR_ZERO, NEAR_ZERO_LIMIT, REFUSES,
        Root, Slot, is_member,
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
    /// For each row what the first split says in each tree that it met with a missing value: [`REFUSES`],
    /// [`LOSES`].
    pub(super) stopped: &'g mut [u32],
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
        let mut stopped = [0_u32; TOGETHER];
        for level in 0..tree.farthest {
            let mut moved = 0;
            for ((lane, at), stopped) in (first..).zip(&mut at).zip(&mut stopped) {
                let slot = &self.slots[*at as usize];
                if *stopped == 0 {
                    *stopped = stops(slot, lane, group);
                }
                let next = slot.child + u32::from(self.second(slot, lane, group));
                moved |= next ^ *at;
                *at = next;
            }
            if level >= tree.nearest && moved == 0 {
                break;
            }
        }
        for ((all, stopped), at) in group.stopped.iter_mut().skip(first).zip(stopped).zip(at) {
            let ends_lost = stopped == 0 && Some(self.leaf_of[at as usize]) == self.lost;
            *all |= if ends_lost { LOSES } else { stopped };
        }
        at
    }

    /// Whether the second child is next.
    #[inline]
    fn second(&self, slot: &Slot<T>, lane: usize, group: &Group<'_, T>) -> bool {
        let feature = (slot.feature & FEATURE) as usize;
        let has = |flag| slot.feature & flag != 0;
        let Some(lanes) = group.features.get(feature) else { return false };
        let x = lanes[lane];
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

/// What a split does to a row whose value is missing, where that is not to go on.
#[inline]
fn stops<T>(slot: &Slot<T>, lane: usize, group: &Group<'_, T>) -> u32 {
    let flags = slot.feature & (REFUSES | LOSES);
    let missing = || group.missing.get((slot.feature & FEATURE) as usize);
    if flags != 0 && missing().is_some_and(|lanes| lanes[lane]) { flags } else { 0 }
}
