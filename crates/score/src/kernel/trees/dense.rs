use std::ops::Range;

use holdall_tabular::{Test, TreeEnsemble};

use super::{
    layout::{Builder, FEATURE, NAN_SECOND, Reach},
    walk::LANES,
};
use crate::real::Real;

/// Places that a filled-up tree may take for each leaf that it has.
const PLACES_PER_LEAF: u64 = 4;

/// A split of a tree that is filled up to one depth: the children of place `i` are at `2i` and
/// `2i + 1`, the root is at 1. Half as large as a slot, and no child to load.
#[derive(Clone, Copy, Debug)]
struct Place<T> {
    threshold: T,
    feature: u16,
    /// 1 when NaN goes to the second child.
    nan_second: u16,
}

/// Filled-up trees.
pub(super) struct Dense<T> {
    places: Vec<Place<T>>,
    /// Numbers of the leaves, in order from first child to second.
    leaves: Vec<u32>,
}

/// One filled-up tree in [`Dense`].
#[derive(Clone, Debug)]
pub(super) struct DenseTree {
    depth: u32,
    places: Range<usize>,
}

impl<T: Real> Dense<T> {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), leaves: Vec::new() }
    }

    /// Bytes that walking a tree touches.
    pub(super) fn bytes(tree: &DenseTree) -> usize {
        tree.places.len() * (size_of::<Place<T>>() + size_of::<u32>())
    }

    /// Fills a tree up, when that takes little more room than the tree itself and all trees so far
    /// little more than their nodes. All tests below `root` are comparisons without zero rules.
    pub(super) fn add(
        &mut self,
        builder: &Builder<'_, T>,
        root: u32,
        reach: &[Reach],
    ) -> Option<DenseTree> {
        let ensemble = builder.ensemble;
        let Reach { farthest: depth, leaves, .. } = reach[root as usize];
        let room = 4 * ensemble.nodes.len() + 64;
        let fits = depth < 16
            && 1 << depth <= leaves.saturating_mul(PLACES_PER_LEAF)
            && self.places.len() + (1 << depth) <= room
            && u16::try_from(builder.places.len()).is_ok();
        if !fits {
            return None;
        }
        let (start, width) = (self.places.len(), 1 << depth);
        let pass = Place { threshold: T::INFINITY, feature: 0, nan_second: 0 };
        self.places.resize(start + width, pass);
        self.leaves.resize(start + width, 0);
        self.fill(builder, root, start, width);
        Some(DenseTree { depth, places: start..start + width })
    }

    /// Validation and the caller's bound on leaves keep the walk within `width` leaves.
    fn fill(&mut self, builder: &Builder<'_, T>, root: u32, start: usize, width: usize) {
        let nodes: &TreeEnsemble = builder.ensemble;
        let mut todo = vec![(root as usize, 1_usize, 0..width)];
        while let Some((node, place, below)) = todo.pop() {
            if nodes.nodes.test[node] == Test::Leaf {
                self.leaves[start + below.start..start + below.end].fill(nodes.nodes.yes[node]);
                continue;
            }
            let (threshold, flags, [first, second]) = builder.split(node);
            self.places[start + place] = Place {
                threshold,
                // The caller checked that the places of features fit.
                feature: u16::try_from(flags & FEATURE).unwrap_or(u16::MAX),
                nan_second: u16::from(flags & NAN_SECOND != 0),
            };
            let middle = usize::midpoint(below.start, below.end);
            todo.push((second as usize, 2 * place + 1, middle..below.end));
            todo.push((first as usize, 2 * place, below.start..middle));
        }
    }

    /// The leaves that a group of rows comes to; `NAN` says whether a feature can be NaN.
    #[inline]
    pub(super) fn walk<const NAN: bool>(
        &self,
        tree: &DenseTree,
        features: &[[T; LANES]],
    ) -> [u32; LANES] {
        let places = &self.places[tree.places.clone()];
        let leaves = &self.leaves[tree.places.clone()];
        let mut at = [1_u32; LANES];
        for _ in 0..tree.depth {
            for (lane, at) in at.iter_mut().enumerate() {
                let place = &places[*at as usize];
                let x = features[usize::from(place.feature)][lane];
                // Without NaN this is x > threshold, except for the NaN threshold.
                #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN leads to the second")]
                let mut second = u32::from(!(x <= place.threshold));
                if NAN {
                    let nan = u32::from(x.nan());
                    second = (second & (nan ^ 1)) | (u32::from(place.nan_second) & nan);
                }
                *at = 2 * *at + second;
            }
        }
        at.map(|at| leaves[at as usize - leaves.len()])
    }
}
