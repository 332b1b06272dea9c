use std::collections::BTreeMap;

use holdall_tabular::CategorySet;

use super::layout::{
    EQUAL, FEATURE, MEMBER, NAN_SECOND, NEAR_ZERO, NEAR_ZERO_LIMIT, Slot, is_member,
};
use crate::real::Real;

/// Rows that go down the trees together.
pub(super) const LANES: usize = 64;

/// Values up to which each is looked for by itself.
const FEW: usize = 16;

/// The place of a value among the thresholds of its feature, as small as it can be.
pub(super) trait Rank: Copy + Ord + Default + Send + Sync + std::fmt::Debug {
    const MOST: u32;
    /// Levels of a large tree that its crown holds, by measurement: a node of a crown costs half as
    /// much with eight bits as with sixteen.
    const CROWN_LEVELS: u32;
    /// Leaves up to which a tree is all crown; not above the exits of a crown.
    const WHOLE: usize;
    /// `rank` must not be above `MOST`.
    fn of(rank: u32) -> Self;
    fn wide(self) -> u16;
    /// `high` where `self` is above `limit`, else `low`; without a branch.
    fn choose(self, limit: Self, low: Self, high: Self) -> Self;
}

macro_rules! rank {
    ($rank:ident, $levels:expr, $whole:expr) => {
        impl Rank for $rank {
            const MOST: u32 = $rank::MAX as u32;
            const CROWN_LEVELS: u32 = $levels;
            const WHOLE: usize = $whole;
            fn of(rank: u32) -> Self {
                $rank::try_from(rank).unwrap_or($rank::MAX)
            }
            #[inline(always)]
            fn wide(self) -> u16 {
                u16::from(self)
            }
            #[inline(always)]
            fn choose(self, limit: Self, low: Self, high: Self) -> Self {
                let mask = $rank::from(self > limit).wrapping_neg();
                low ^ ((low ^ high) & mask)
            }
        }
    };
}

rank!(u8, 4, 64);
rank!(u16, 3, 32);

/// A node as it is walked: a rank up to `limit` in `column` leads to `child`, else to the one after it.
/// A leaf leads to itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankSlot {
    pub(super) child: u32,
    pub(super) column: u16,
    pub(super) limit: u16,
}

/// Turns features into ranks, so that comparisons become comparisons of small integers.
///
/// With the distinct thresholds t₀ < t₁ < … of a feature, the rank of x is how many of them are below
/// x; then x ≤ tₖ exactly where the rank is at most k. NaN is below or above every rank: a feature has
/// a column for each side that its splits send NaN to, and further columns when it has more thresholds
/// than ranks.
///
/// A test that is no comparison, equality or membership of a set, has a column of its own that every node with
/// this test shares: rank 0 for yes, which is up to the limit 0.
#[derive(Debug)]
pub(super) struct Ranks<T> {
    features: Vec<Feature<T>>,
    /// Columns of ranks.
    pub(super) columns: usize,
}

#[derive(Debug)]
struct Feature<T> {
    /// Sorted and distinct, filled up with +∞ to one less than a power of two.
    thresholds: Vec<T>,
    tests: Vec<Exact<T>>,
    columns: Vec<Column>,
}

/// A test that is no comparison.
#[derive(Debug)]
enum Exact<T> {
    Equal(T),
    Member(CategorySet),
}

impl<T: Real> Exact<T> {
    fn holds(&self, x: T) -> bool {
        match self {
            Self::Equal(value) => x == *value,
            Self::Member(set) => is_member(set, x.widen()),
        }
    }
}

/// What makes two tests the same.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'s> {
    /// Bits of the value.
    Equal(u64),
    Member(&'s CategorySet),
}

/// Tests of each feature that are no comparisons, each once.
struct Tests<'s, T> {
    sets: &'s [CategorySet],
    known: Vec<BTreeMap<Key<'s>, u32>>,
    lists: Vec<Vec<Exact<T>>>,
    /// Tests that may still be added.
    room: usize,
}

impl<T: Real> Tests<'_, T> {
    /// The number of a slot's test among those of its feature; none beyond the room.
    fn number(&mut self, feature: usize, slot: &Slot<T>) -> Option<u32> {
        let (key, test) = if slot.feature & MEMBER == 0 {
            let bits = slot.threshold.widen().to_bits();
            (Key::Equal(bits), Exact::Equal(slot.threshold))
        } else {
            let set = &self.sets[slot.threshold.number_of() as usize];
            (Key::Member(set), Exact::Member(set.clone()))
        };
        if let Some(&number) = self.known[feature].get(&key) {
            return Some(number);
        }
        self.room = self.room.checked_sub(1)?;
        let number = u32::try_from(self.lists[feature].len()).ok()?;
        self.known[feature].insert(key, number);
        self.lists[feature].push(test);
        Some(number)
    }
}

/// What a column is for: NaN goes to the second child, values near zero go with NaN, what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    nan_second: bool,
    near_zero: bool,
    ask: Ask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    /// The place among so many thresholds, the first part, the second, …
    Part(u32),
    /// One of the tests that are no comparisons.
    Exact(u32),
}

#[derive(Debug)]
struct Column {
    number: usize,
    of: Use,
}

impl<T: Real> Ranks<T> {
    /// The ranks and the nodes that compare them; none when a threshold is NaN, or when more than
    /// `most_columns` would be needed, or more than `most_tests` that are no comparisons.
    pub(super) fn new<R: Rank>(
        slots: &[Slot<T>],
        sets: &[CategorySet],
        features: usize,
        most_columns: usize,
        most_tests: usize,
    ) -> Option<(Self, Vec<RankSlot>)> {
        let thresholds = thresholds(slots, features)?;
        let mut tests = Tests {
            sets,
            known: (0..features).map(|_| BTreeMap::new()).collect(),
            lists: (0..features).map(|_| Vec::new()).collect(),
            room: most_tests,
        };
        let mut uses: Vec<BTreeMap<Use, u16>> = vec![BTreeMap::new(); features];
        let mut place = |slot: &Slot<T>| {
            let feature = (slot.feature & FEATURE) as usize;
            let nan_second = slot.feature & NAN_SECOND != 0;
            let near_zero = slot.feature & NEAR_ZERO != 0;
            if slot.feature & (EQUAL | MEMBER) != 0 {
                let ask = Ask::Exact(tests.number(feature, slot)?);
                return Some((feature, Use { nan_second, near_zero, ask }, 0));
            }
            // All thresholds are listed.
            let k = thresholds[feature].partition_point(|&t| t < slot.threshold);
            let k = u32::try_from(k).unwrap_or(u32::MAX);
            let ask = Ask::Part(k / R::MOST);
            Some((feature, Use { nan_second, near_zero, ask }, k % R::MOST))
        };
        let mut ranked: Vec<RankSlot> = Vec::with_capacity(slots.len());
        let mut columns = 0_usize;
        for (i, slot) in slots.iter().enumerate() {
            let (mut column, mut limit) = (0, u16::MAX);
            if slot.child as usize != i {
                let (feature, of, k) = place(slot)?;
                let next = u16::try_from(columns).ok().filter(|_| columns < most_columns);
                column = if let Some(&number) = uses[feature].get(&of) {
                    number
                } else {
                    let number = next?;
                    uses[feature].insert(of, number);
                    columns += 1;
                    number
                };
                limit = R::of(k).wide();
            }
            ranked.push(RankSlot { child: slot.child, column, limit });
        }
        let features = uses.into_iter().zip(thresholds).zip(tests.lists);
        let features = features.map(|((uses, mut thresholds), tests)| {
            let columns =
                uses.into_iter().map(|(of, number)| Column { number: usize::from(number), of });
            let filled = (thresholds.len() + 1).next_power_of_two() - 1;
            thresholds.resize(filled, T::INFINITY);
            Feature { thresholds, tests, columns: columns.collect() }
        });
        // Leaves look at column 0, so there is one.
        Some((Self { features: features.collect(), columns: columns.max(1) }, ranked))
    }

    /// Writes the ranks of a feature's values into their columns; `ranks` holds `columns` arrays for
    /// each group of rows, `missing` nothing or a flag a row.
    pub(super) fn fill<R: Rank>(
        &self,
        feature: usize,
        values: &[T],
        missing: Option<&[bool]>,
        ranks: &mut [[R; LANES]],
    ) {
        let feature = &self.features[feature];
        for (i, (values, ranks)) in
            values.chunks(LANES).zip(ranks.chunks_exact_mut(self.columns)).enumerate()
        {
            let mut x = [T::ZERO; LANES];
            x[..values.len()].copy_from_slice(values);
            if let Some(flags) = missing.and_then(|flags| flags.get(i * LANES..)) {
                for (x, _) in x.iter_mut().zip(flags).filter(|(_, flag)| **flag) {
                    *x = T::NAN;
                }
            }
            let below = if values.len() < FEW {
                feature.count_each(values)
            } else {
                feature.count_below(&x)
            };
            for column in &feature.columns {
                let ranks = &mut ranks[column.number];
                match column.of.ask {
                    Ask::Part(part) => write_part(part, &below, ranks),
                    Ask::Exact(test) => {
                        // Lanes without a row are not asked: a row by itself has one.
                        let test = &feature.tests[test as usize];
                        for (rank, &x) in ranks.iter_mut().zip(&x[..values.len()]) {
                            *rank = R::of(u32::from(!test.holds(x)));
                        }
                    }
                }
                column.of.write_nan(&x[..values.len()], ranks);
            }
        }
    }
}

/// Distinct thresholds of each feature, sorted; none when one is NaN.
fn thresholds<T: Real>(slots: &[Slot<T>], features: usize) -> Option<Vec<Vec<T>>> {
    let mut thresholds: Vec<Vec<T>> = vec![Vec::new(); features];
    for (_, slot) in slots.iter().enumerate().filter(|(i, slot)| slot.child as usize != *i) {
        if slot.feature & (EQUAL | MEMBER) != 0 {
            continue;
        }
        if slot.threshold.nan() {
            return None;
        }
        thresholds[(slot.feature & FEATURE) as usize].push(slot.threshold);
    }
    for list in &mut thresholds {
        list.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        list.dedup_by(|a, b| a == b);
    }
    Some(thresholds)
}

impl<T: Real> Feature<T> {
    /// How many thresholds are below each of a few values; 0 for NaN.
    fn count_each(&self, values: &[T]) -> [u32; LANES] {
        let mut below = [0_u32; LANES];
        for (below, &x) in below.iter_mut().zip(values) {
            let count = self.thresholds.partition_point(|&threshold| threshold < x);
            *below = u32::try_from(count).unwrap_or(u32::MAX);
        }
        below
    }

    /// How many thresholds are below each value; 0 for NaN.
    fn count_below(&self, x: &[T; LANES]) -> [u32; LANES] {
        let mut below = [0_u32; LANES];
        let mut half = self.thresholds.len().div_ceil(2);
        while half > 0 {
            let step = u32::try_from(half).unwrap_or_default();
            for (below, &x) in below.iter_mut().zip(x) {
                let above = self.thresholds[*below as usize + half - 1] < x;
                *below += step * u32::from(above);
            }
            half /= 2;
        }
        below
    }
}

/// Ranks among a part of the thresholds.
fn write_part<R: Rank>(part: u32, below: &[u32; LANES], ranks: &mut [R; LANES]) {
    let start = part * R::MOST;
    for (rank, &below) in ranks.iter_mut().zip(below) {
        *rank = R::of(below.saturating_sub(start).min(R::MOST));
    }
}

impl Use {
    /// The ranks of NaN, and of what goes with it.
    fn write_nan<T: Real, R: Rank>(self, x: &[T], ranks: &mut [R; LANES]) {
        let nan = R::of(if self.nan_second { R::MOST } else { 0 });
        if self.near_zero {
            let limit = f64::from(NEAR_ZERO_LIMIT);
            for (rank, _) in ranks.iter_mut().zip(x).filter(|(_, x)| x.abs().widen() <= limit) {
                *rank = nan;
            }
        }
        for (rank, _) in ranks.iter_mut().zip(x).filter(|(_, x)| x.nan()) {
            *rank = nan;
        }
    }
}
