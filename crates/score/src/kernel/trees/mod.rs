//! Tree ensembles.
//!
//! [`layout`] lays the nodes out for walking, [`dense`] fills up trees that are nearly complete,
//! [`walk`] goes down, this file blocks: a group of rows
//! goes down a block of trees that fits the first cache, then the next group. A row adds its trees in
//! their order whatever the blocks are.

mod dense;
mod layout;
mod walk;

use std::{ops::Range, rc::Rc};

use holdall_diag::{Failure, Location};
use holdall_tabular::{Aggregate, Kind, TreeEnsemble};

pub(crate) use self::layout::{NEAR_ZERO_LIMIT, answer};
use self::{
    layout::Layout,
    walk::{Group, LANES, Quick, QuickNan, Walk, Whole},
};
use crate::{
    codes,
    real::Real,
    rows::RowErrors,
    value::{Element, Elements, Shared, wrong_kind},
};

/// Bytes of nodes in a block of trees.
const BLOCK_BYTES: usize = 1 << 14;

/// An ensemble, by precision of features and of sums.
pub(crate) enum TreesStep {
    F32F32(Forest<f32, f32>),
    F32F64(Forest<f32, f64>),
    F64F32(Forest<f64, f32>),
    F64F64(Forest<f64, f64>),
}

impl TreesStep {
    /// `kind` is that of the features.
    pub(crate) fn new(
        ensemble: &TreeEnsemble,
        kind: Option<Kind>,
        location: Location,
    ) -> Result<Self, Failure> {
        let f32_features = ensemble.round_features || kind == Some(Kind::F32);
        Ok(match (f32_features, ensemble.summation.is_f32()) {
            (true, true) => Self::F32F32(Forest::new(ensemble, location)?),
            (true, false) => Self::F32F64(Forest::new(ensemble, location)?),
            (false, true) => Self::F64F32(Forest::new(ensemble, location)?),
            (false, false) => Self::F64F64(Forest::new(ensemble, location)?),
        })
    }

    pub(crate) fn run<'a>(
        &self,
        arg: &[Shared<'a>],
        rows: usize,
        errors: &mut RowErrors,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        match self {
            Self::F32F32(forest) => forest.run(arg, rows, errors),
            Self::F32F64(forest) => forest.run(arg, rows, errors),
            Self::F64F32(forest) => forest.run(arg, rows, errors),
            Self::F64F64(forest) => forest.run(arg, rows, errors),
        }
    }
}

/// An ensemble with features of kind `T` and sums of kind `S`.
pub(crate) struct Forest<T, S> {
    layout: Layout<T, S>,
    /// Positions in the vector of the features that are tested, in the order of the layout.
    used: Vec<u32>,
    blocks: Vec<Range<usize>>,
    outputs: usize,
    /// Start values, or none for zeros.
    first: Vec<S>,
    divide_by: Option<S>,
    /// What is added last.
    last: Vec<S>,
    location: Location,
}

/// The features of a group of rows, one array of lanes a feature.
struct Features<T> {
    lanes: Vec<[T; LANES]>,
    /// Flags of missing in the same order; empty when nothing is missing.
    missing: Vec<[bool; LANES]>,
    has_nan: bool,
}

impl<T: Real, S: Real> Forest<T, S> {
    fn new(ensemble: &TreeEnsemble, location: Location) -> Result<Self, Failure> {
        let (layout, used) = Layout::new(ensemble)?;
        let base: Vec<S> = ensemble.base.iter().map(|&b| S::narrow(b)).collect();
        let (first, last) =
            if ensemble.base_last { (Vec::new(), base) } else { (base, Vec::new()) };
        Ok(Self {
            blocks: layout.blocks(BLOCK_BYTES),
            layout,
            used,
            outputs: ensemble.outputs as usize,
            first,
            divide_by: match ensemble.aggregate {
                Aggregate::Sum => None,
                Aggregate::DivideBy(by) => Some(S::narrow(by)),
            },
            last,
            location,
        })
    }

    fn run<'a>(
        &self,
        arg: &[Shared<'a>],
        rows: usize,
        errors: &mut RowErrors,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        let features = self.gather(arg, rows)?;
        let groups = rows.div_ceil(LANES);
        let mut sums = vec![[S::ZERO; LANES]; groups * self.outputs];
        if !self.first.is_empty() {
            for group in sums.chunks_exact_mut(self.outputs) {
                group.iter_mut().zip(&self.first).for_each(|(sum, &first)| *sum = [first; LANES]);
            }
        }
        let mut refused = vec![false; groups * LANES];
        if self.layout.plain && features.missing.is_empty() {
            if features.has_nan {
                self.add::<QuickNan>(&features, &mut sums, &mut refused);
            } else {
                self.add::<Quick>(&features, &mut sums, &mut refused);
            }
        } else {
            self.add::<Whole>(&features, &mut sums, &mut refused);
        }
        for (row, _) in refused.iter().take(rows).enumerate().filter(|(_, refused)| **refused) {
            errors.refuse(row, |number| {
                Failure::malformed(
                    codes::MISSING,
                    format!("row {number}: a split of the trees needs a value that is missing"),
                )
                .at(self.location.clone())
                .with_help("fill the empty cells; the model was trained without missing values")
            });
        }
        Ok(self.finish(&sums, rows))
    }

    /// Brings the tested features into groups of lanes. Lanes beyond the last row repeat zeros.
    fn gather(&self, arg: &[Shared<'_>], rows: usize) -> Result<Features<T>, Failure> {
        let groups = rows.div_ceil(LANES);
        let used = self.used.len();
        let mut lanes = vec![[T::ZERO; LANES]; groups * used];
        let elements = || self.used.iter().map(|&feature| &arg[feature as usize]);
        let any_missing = elements().any(|element| element.missing.is_some());
        // Where no split refuses, missing goes the way of NaN.
        let keep_missing = any_missing && self.layout.compares;
        let mut missing =
            if keep_missing { vec![[false; LANES]; groups * used] } else { Vec::new() };
        let mut has_nan = false;
        for (place, element) in elements().enumerate() {
            has_nan |= spread(element, &mut lanes, used, place)?;
            let Some(flags) = &element.missing else { continue };
            for (row, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
                let at = row / LANES * used + place;
                lanes[at][row % LANES] = T::NAN;
                has_nan = true;
                if keep_missing {
                    missing[at][row % LANES] = true;
                }
            }
        }
        Ok(Features { lanes, missing, has_nan })
    }

    fn add<W: Walk>(&self, features: &Features<T>, sums: &mut [[S; LANES]], refused: &mut [bool]) {
        let used = self.used.len();
        let of_group = |group: usize| group * used..(group + 1) * used;
        for block in &self.blocks {
            let groups = sums.chunks_exact_mut(self.outputs).zip(refused.chunks_exact_mut(LANES));
            for (i, (sums, refused)) in groups.enumerate() {
                let mut group = Group {
                    features: &features.lanes[of_group(i)],
                    missing: features.missing.get(of_group(i)).unwrap_or_default(),
                    refused,
                };
                for tree in &self.layout.trees[block.clone()] {
                    let leaves = W::walk(&self.layout, tree, &mut group);
                    self.layout.add_leaves(tree, leaves, sums);
                }
            }
        }
    }

    fn finish<'a>(&self, sums: &[[S; LANES]], rows: usize) -> Vec<Shared<'a>> {
        let margin = |output: usize| {
            let mut column = Vec::with_capacity(rows.next_multiple_of(LANES));
            for group in sums.chunks_exact(self.outputs) {
                column.extend_from_slice(&group[output]);
            }
            column.truncate(rows);
            if let Some(by) = self.divide_by {
                for sum in &mut column {
                    *sum = *sum / by;
                }
            }
            if let Some(&last) = self.last.get(output) {
                for sum in &mut column {
                    *sum = *sum + last;
                }
            }
            Rc::new(Element { data: S::elements(column), missing: None })
        };
        (0..self.outputs).map(margin).collect()
    }
}

/// Writes an element into its place of each group, rounded to the kind of the features, and says
/// whether there is a NaN.
fn spread<T: Real>(
    element: &Element<'_>,
    lanes: &mut [[T; LANES]],
    used: usize,
    place: usize,
) -> Result<bool, Failure> {
    match &element.data {
        Elements::F32(values) => {
            Ok(spread_values(values, |x| T::narrow(f64::from(x)), lanes, used, place))
        }
        Elements::F64(values) => Ok(spread_values(values, T::narrow, lanes, used, place)),
        Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {
            Err(wrong_kind(element.data.kind()))
        }
    }
}

fn spread_values<X: Copy, T: Real>(
    values: &[X],
    round: impl Fn(X) -> T,
    lanes: &mut [[T; LANES]],
    used: usize,
    place: usize,
) -> bool {
    let mut has_nan = false;
    for (group, values) in lanes.chunks_exact_mut(used).zip(values.chunks(LANES)) {
        for (lane, &value) in group[place].iter_mut().zip(values) {
            *lane = round(value);
            has_nan |= lane.nan();
        }
    }
    has_nan
}
