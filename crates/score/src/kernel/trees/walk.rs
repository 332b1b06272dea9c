use super::layout::{
    EQUAL, FEATURE, Layout, MEMBER, NAN_SECOND, NEAR_ZERO, NEAR_ZERO_LIMIT, REFUSES, Root, Slot,
    is_member,
};
use crate::real::Real;

/// Rows that go down a tree together, so that their loads overlap.
pub(super) const LANES: usize = 16;

/// A group of rows.
pub(super) struct Group<'g, T> {
    /// For each used feature the values of the rows.
    pub(super) features: &'g [[T; LANES]],
    /// For each used feature which rows miss it; empty when none does.
    pub(super) missing: &'g [[bool; LANES]],
    /// Rows that met a split which refuses missing.
    pub(super) refused: &'g mut [bool],
}

/// A way down a tree.
pub(super) trait Walk {
    /// Whether filled-up trees can be walked instead, and whether with NaN.
    const DENSE: Option<bool>;

    /// Whether the second child is next.
    fn second<T: Real, S: Real>(
        layout: &Layout<T, S>,
        slot: &Slot<T>,
        lane: usize,
        group: &mut Group<'_, T>,
    ) -> bool;

    /// The leaves that a group of rows comes to.
    fn walk<T: Real, S: Real>(
        layout: &Layout<T, S>,
        tree: &Root<S>,
        group: &mut Group<'_, T>,
    ) -> [u32; LANES] {
        if let (Some(nan), Some(dense)) = (Self::DENSE, &tree.dense) {
            return if nan {
                layout.dense.walk::<true>(dense, group.features)
            } else {
                layout.dense.walk::<false>(dense, group.features)
            };
        }
        let slots = layout.slots.as_slice();
        let mut at = [tree.slot; LANES];
        for _ in 0..tree.nearest {
            for (lane, at) in at.iter_mut().enumerate() {
                let slot = &slots[*at as usize];
                *at = slot.child + u32::from(Self::second(layout, slot, lane, group));
            }
        }
        for _ in tree.nearest..tree.farthest {
            let mut moved = 0;
            for (lane, at) in at.iter_mut().enumerate() {
                let slot = &slots[*at as usize];
                let next = slot.child + u32::from(Self::second(layout, slot, lane, group));
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                break;
            }
        }
        at.map(|at| layout.leaf_of[at as usize])
    }
}

/// Comparisons only, no NaN among the features.
pub(super) struct Quick;

impl Walk for Quick {
    const DENSE: Option<bool> = Some(false);

    #[inline]
    fn second<T: Real, S: Real>(
        _: &Layout<T, S>,
        slot: &Slot<T>,
        lane: usize,
        group: &mut Group<'_, T>,
    ) -> bool {
        let x = group.features[(slot.feature & FEATURE) as usize][lane];
        // Without NaN this is x > threshold, except for the NaN threshold that nothing is below.
        #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN threshold leads to the second")]
        !(x <= slot.threshold)
    }
}

/// Comparisons only.
pub(super) struct QuickNan;

impl Walk for QuickNan {
    const DENSE: Option<bool> = Some(true);

    #[inline]
    fn second<T: Real, S: Real>(
        _: &Layout<T, S>,
        slot: &Slot<T>,
        lane: usize,
        group: &mut Group<'_, T>,
    ) -> bool {
        let x = group.features[(slot.feature & FEATURE) as usize][lane];
        let nan_second = slot.feature & NAN_SECOND != 0;
        #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN threshold leads to the second")]
        let second = !(x <= slot.threshold);
        (second & !x.nan()) | (nan_second & x.nan())
    }
}

/// Every test and every rule.
pub(super) struct Whole;

impl Walk for Whole {
    const DENSE: Option<bool> = None;

    #[inline]
    fn second<T: Real, S: Real>(
        layout: &Layout<T, S>,
        slot: &Slot<T>,
        lane: usize,
        group: &mut Group<'_, T>,
    ) -> bool {
        let feature = (slot.feature & FEATURE) as usize;
        let has = |flag| slot.feature & flag != 0;
        let x = group.features[feature][lane];
        if has(REFUSES) && group.missing.get(feature).is_some_and(|lanes| lanes[lane]) {
            group.refused[lane] = true;
        }
        if x.nan() || (has(NEAR_ZERO) && x.abs().widen() <= f64::from(NEAR_ZERO_LIMIT)) {
            return has(NAN_SECOND);
        }
        let first = if has(MEMBER) {
            is_member(&layout.sets[slot.threshold.number_of() as usize], x.widen())
        } else if has(EQUAL) {
            x == slot.threshold
        } else {
            x <= slot.threshold
        };
        !first
    }
}
