use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdall_diag::Failure;
use holdall_tabular::{CategorySet, MissingRule, Test, TreeEnsemble};

use crate::{codes, real::Real};

/// Bits of [`Slot::feature`] that name the feature.
pub(super) const FEATURE: u32 = (1 << 24) - 1;
/// NaN goes to the second child.
pub(super) const NAN_SECOND: u32 = 1 << 24;
/// A missing value refuses the row.
pub(super) const REFUSES: u32 = 1 << 25;
/// Values near zero go where NaN goes.
pub(super) const NEAR_ZERO: u32 = 1 << 26;
/// The first child is for equal values.
pub(super) const EQUAL: u32 = 1 << 27;
/// The first child is for members of the set that the threshold carries.
pub(super) const MEMBER: u32 = 1 << 28;

/// A missing value leaves the row without an answer.
pub(super) const LOSES: u32 = 1 << 29;

/// LightGBM's `kZeroThreshold`, a binary32 constant compared at binary64.
pub(crate) const NEAR_ZERO_LIMIT: f32 = 1e-35;

/// A node as it is walked: `x ≤ threshold` leads to `child`, else to the one after it. The other
/// tests are turned into this one by taking the threshold before, or by exchanging the children.
///
/// A leaf leads to itself: its threshold is +∞ and NaN stays, so that rows of a group that arrive
/// early wait for the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<T> {
    pub(super) threshold: T,
    /// Place of the feature among those used, and flags.
    pub(super) feature: u32,
    pub(super) child: u32,
}

/// A tree of the layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root<S> {
    pub(super) slot: u32,
    /// Splits above the nearest leaf, and above the farthest.
    pub(super) nearest: u32,
    pub(super) farthest: u32,
    pub(super) output: u32,
    /// None for 1: then nothing is multiplied.
    pub(super) weight: Option<S>,
}

/// All trees of an ensemble. Children that are named by several parents are laid out once.
pub(super) struct Layout<T, S> {
    pub(super) slots: Vec<Slot<T>>,
    /// For each slot that is a leaf its number.
    pub(super) leaf_of: Vec<u32>,
    pub(super) leaves: Vec<S>,
    pub(super) leaf_width: usize,
    pub(super) trees: Vec<Root<S>>,
    pub(super) sets: Vec<CategorySet>,
    /// The number of the leaf without an answer, where there is one. Its values are NaN.
    pub(super) lost: Option<u32>,
    /// Whether missing is more than another way down for a split: it refuses the row or loses its answer.
    pub(super) stops: bool,
}

struct Builder<'e, T> {
    ensemble: &'e TreeEnsemble,
    /// Place of each used feature.
    places: BTreeMap<u32, u32>,
    slots: Vec<Slot<T>>,
    leaf_of: Vec<u32>,
    /// First slot of the children of a node; 0 when not laid out, as slot 0 is a root.
    pair_of: Vec<u32>,
    todo: VecDeque<(u32, u32)>,
    /// The number of leaves without an answer.
    lost: u32,
}

impl<T: Real, S: Real> Layout<T, S> {
    /// The layout and the features that are tested, in the order of their places.
    pub(super) fn new(ensemble: &TreeEnsemble) -> Result<(Self, Vec<u32>), Failure> {
        let nodes = &ensemble.nodes;
        let splits = || (0..nodes.len()).filter(|&i| nodes.test[i] != Test::Leaf);
        let used: BTreeSet<u32> = splits().map(|i| nodes.feature[i]).collect();
        let most_slots = nodes.len() as u64 * 2 + ensemble.trees.len() as u64;
        if used.len() > FEATURE as usize || most_slots > u64::from(u32::MAX) {
            return Err(Failure::limit(
                codes::TOO_LARGE,
                format!("{} tree nodes on {} features are too many", nodes.len(), used.len()),
            ));
        }
        let mut builder = Builder {
            ensemble,
            places: used.iter().copied().zip(0..).collect(),
            slots: Vec::with_capacity(nodes.len() + ensemble.trees.len()),
            leaf_of: Vec::with_capacity(nodes.len() + ensemble.trees.len()),
            pair_of: vec![0; nodes.len()],
            todo: VecDeque::new(),
            // Behind the last leaf.
            lost: u32::try_from(ensemble.leaves.len() / ensemble.leaf_width as usize)
                .unwrap_or(u32::MAX),
        };
        let reach = reach(ensemble);
        let trees = ensemble.trees.iter().map(|tree| {
            // Validation found a leaf below every root.
            let Reach { nearest, farthest } = reach[tree.root as usize].unwrap_or_default();
            Root {
                slot: builder.add(tree.root),
                nearest,
                farthest,
                output: tree.output,
                weight: tree.weight.total_cmp(&1.0).is_ne().then(|| S::narrow(tree.weight)),
            }
        });
        let trees = trees.collect();
        let mut leaves: Vec<S> = ensemble.leaves.iter().map(|&v| S::narrow(v)).collect();
        let lost = nodes.may_lose(false).then_some(builder.lost);
        if lost.is_some() {
            leaves.resize(leaves.len() + ensemble.leaf_width as usize, S::NAN);
        }
        let layout = Self {
            slots: builder.slots,
            leaf_of: builder.leaf_of,
            leaves,
            lost,
            leaf_width: ensemble.leaf_width as usize,
            trees,
            sets: ensemble.sets.clone(),
            stops: splits().any(|i| stop_flag(nodes.missing[i]) != 0),
        };
        Ok((layout, used.into_iter().collect()))
    }
}

/// What becomes of a row with a missing value, where it does not go on.
const fn stop_flag(rule: MissingRule) -> u32 {
    match rule {
        MissingRule::Compare => REFUSES,
        MissingRule::Unanswered => LOSES,
        MissingRule::Yes
        | MissingRule::No
        | MissingRule::AsZero
        | MissingRule::YesWithZero
        | MissingRule::NoWithZero => 0,
    }
}

const fn has_zero_rule(rule: MissingRule) -> bool {
    matches!(rule, MissingRule::YesWithZero | MissingRule::NoWithZero)
}

impl<T: Real> Builder<'_, T> {
    /// Lays out a tree, level by level, and gives the slot of its root.
    fn add(&mut self, root: u32) -> u32 {
        let slot = self.reserve(1);
        self.todo.push_back((root, slot));
        while let Some((node, slot)) = self.todo.pop_front() {
            self.fill(node as usize, slot);
        }
        slot
    }

    /// Makes room; the caller checked that all slots can be numbered.
    fn reserve(&mut self, count: usize) -> u32 {
        let first = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let waiting = Slot { threshold: T::INFINITY, feature: 0, child: first };
        self.slots.resize(self.slots.len() + count, waiting);
        self.leaf_of.resize(self.slots.len(), 0);
        first
    }

    fn fill(&mut self, node: usize, slot: u32) {
        let nodes = &self.ensemble.nodes;
        let test = nodes.test[node];
        if test == Test::Leaf {
            self.slots[slot as usize] = Slot { threshold: T::INFINITY, feature: 0, child: slot };
            self.leaf_of[slot as usize] =
                if nodes.is_unanswered(node) { self.lost } else { nodes.yes[node] };
            return;
        }
        let (threshold, flags, [first, second]) = self.split(node);
        let mut pair = self.pair_of[node];
        if pair == 0 {
            pair = self.reserve(2);
            self.pair_of[node] = pair;
            self.todo.push_back((first, pair));
            self.todo.push_back((second, pair + 1));
        }
        self.slots[slot as usize] = Slot { threshold, feature: flags, child: pair };
    }

    /// Threshold, feature with flags, and children of a split.
    fn split(&self, node: usize) -> (T, u32, [u32; 2]) {
        let nodes = &self.ensemble.nodes;
        let exchanged = matches!(nodes.test[node], Test::Gt | Test::Ge | Test::Ne);
        let (yes, no) = (nodes.yes[node], nodes.no[node]);
        let feature = self.places.get(&nodes.feature[node]).copied().unwrap_or_default();
        let (threshold, flags) = self.test(node, exchanged);
        (threshold, feature | flags, if exchanged { [no, yes] } else { [yes, no] })
    }

    fn test(&self, node: usize, exchanged: bool) -> (T, u32) {
        let nodes = &self.ensemble.nodes;
        let (test, limit, rule) = (nodes.test[node], nodes.threshold[node], nodes.missing[node]);
        let (threshold, mut flags) = match test {
            // x > t is not x ≤ t, and x ≥ t is not x < t: NaN has flags of its own.
            Test::Le | Test::Gt => (T::at_most(limit), 0),
            Test::Lt | Test::Ge => (strictly_below(limit), 0),
            Test::Eq | Test::Ne => (exactly(limit), EQUAL),
            Test::In(set) => (T::from_number(set), MEMBER),
            Test::Leaf => (T::INFINITY, 0),
        };
        let nan_is_yes = match rule {
            MissingRule::Yes | MissingRule::YesWithZero => true,
            MissingRule::No | MissingRule::NoWithZero => false,
            MissingRule::Compare | MissingRule::Unanswered => test == Test::Ne,
            MissingRule::AsZero => answer(self.ensemble, test, limit, 0.0),
        };
        if nan_is_yes == exchanged {
            flags |= NAN_SECOND;
        }
        flags |= stop_flag(rule);
        if has_zero_rule(rule) {
            flags |= NEAR_ZERO;
        }
        (threshold, flags)
    }
}

/// What a test answers for a number, as its documentation says.
pub(crate) fn answer(ensemble: &TreeEnsemble, test: Test, limit: f64, x: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "the test is exact equality")]
    match test {
        Test::Leaf => true,
        Test::Lt => x < limit,
        Test::Le => x <= limit,
        Test::Gt => x > limit,
        Test::Ge => x >= limit,
        Test::Eq => x == limit,
        Test::Ne => x != limit,
        Test::In(set) => ensemble.sets.get(set as usize).is_some_and(|set| is_member(set, x)),
    }
}

/// Whether a number, truncated toward zero, is in the set; NaN is not.
pub(crate) fn is_member(set: &CategorySet, x: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range is checked")]
    let is_member = x > -1.0 && x < f64::from(CategorySet::MAX) + 1.0 && set.contains(x as u32);
    is_member
}

/// The largest value below `limit`: `x ≤` it decides as `x < limit`.
fn strictly_below<T: Real>(limit: f64) -> T {
    let nearest = T::at_most(limit);
    if nearest.widen() < limit { nearest } else { nearest.before() }
}

/// `limit` where the kind holds it; else NaN, which nothing equals.
fn exactly<T: Real>(limit: f64) -> T {
    let nearest = T::at_most(limit);
    if nearest.widen() < limit { T::NAN } else { nearest }
}

/// What lies below a node.
#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    /// Splits on the way to the nearest leaf.
    nearest: u32,
    /// Splits on the way to the farthest leaf.
    farthest: u32,
}

fn reach(ensemble: &TreeEnsemble) -> Vec<Option<Reach>> {
    let nodes = &ensemble.nodes;
    let mut reach: Vec<Option<Reach>> = vec![None; nodes.len()];
    let mut stack: Vec<u32> = Vec::new();
    for tree in &ensemble.trees {
        stack.push(tree.root);
        while let Some(&node) = stack.last() {
            let i = node as usize;
            if nodes.test[i] == Test::Leaf {
                reach[i] = Some(Reach { nearest: 0, farthest: 0 });
            }
            if reach[i].is_some() {
                stack.pop();
                continue;
            }
            let (yes, no) = (nodes.yes[i], nodes.no[i]);
            match (reach[yes as usize], reach[no as usize]) {
                (None, _) => stack.push(yes),
                (_, None) => stack.push(no),
                (Some(a), Some(b)) => {
                    let nearest = a.nearest.min(b.nearest) + 1;
                    let farthest = a.farthest.max(b.farthest) + 1;
                    reach[i] = Some(Reach { nearest, farthest });
                    stack.pop();
                }
            }
        }
    }
    reach
}
