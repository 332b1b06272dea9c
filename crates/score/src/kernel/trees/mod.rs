//! Tree ensembles.
//!
//! [`layout`] lays the nodes out and decides every test and rule. [`ranks`] turns all tests into
//! comparisons of small integers where these are not too many, [`crown`] asks all nodes of small trees and
//! of the tops of large ones, and [`ranked`] walks what is below. [`walk`] goes down with every test
//! and rule otherwise.

mod crown;
mod layout;
mod ranked;
mod ranks;
mod walk;

use std::{borrow::Cow, rc::Rc};

use holdall_diag::{Failure, Location};
use holdall_tabular::{Aggregate, Kind, TreeEnsemble};

pub(crate) use self::layout::{NEAR_ZERO_LIMIT, answer};
use self::{
    layout::{LOSES, Layout, REFUSES},
    ranked::Ranked,
    ranks::{LANES, Rank, Ranks},
    walk::Group,
};
use crate::{
    codes,
    real::Real,
    rows::RowErrors,
    value::{Element, Elements, Shared, wrong_kind},
};

/// Columns of ranks that a kernel may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    /// With eight bits, where features with more thresholds take further columns.
    pub(crate) narrow: usize,
    /// With sixteen bits.
    pub(crate) wide: usize,
}

impl Columns {
    /// Up to which a group of rows stays in the first and second cache.
    const CACHED: Self = Self { narrow: 256, wide: 4096 };
}

/// Rows up to which each is walked by itself.
const FEW: usize = 24;

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
            (true, true) => Self::F32F32(Forest::new(ensemble, Columns::CACHED, location)?),
            (true, false) => Self::F32F64(Forest::new(ensemble, Columns::CACHED, location)?),
            (false, true) => Self::F64F32(Forest::new(ensemble, Columns::CACHED, location)?),
            (false, false) => Self::F64F64(Forest::new(ensemble, Columns::CACHED, location)?),
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
    kernel: Kernel<T, S>,
    /// Every test and rule, where the kernel does not do for all rows.
    whole: Option<Layout<T, S>>,
    /// Positions in the vector of the features that are tested, in the order of the layout.
    used: Vec<u32>,
    outputs: usize,
    /// Start values, or none for zeros.
    first: Vec<S>,
    divide_by: Option<S>,
    /// What is added last.
    last: Vec<S>,
    location: Location,
}

enum Kernel<T, S> {
    Narrow(Ranks<T>, Ranked<u8, S>),
    Wide(Ranks<T>, Ranked<u16, S>),
    /// None: there would be too many columns.
    Whole,
}

impl<T: Real, S: Real> Forest<T, S> {
    pub(crate) fn new(
        ensemble: &TreeEnsemble,
        most: Columns,
        location: Location,
    ) -> Result<Self, Failure> {
        let (layout, used) = Layout::new(ensemble)?;
        let base: Vec<S> = ensemble.base.iter().map(|&b| S::narrow(b)).collect();
        let (first, last) =
            if ensemble.base_last { (Vec::new(), base) } else { (base, Vec::new()) };
        let outputs = ensemble.outputs as usize;
        let kernel = Kernel::new(&layout, used.len(), outputs, most);
        let needs_whole = layout.stops || layout.lost.is_some() || matches!(kernel, Kernel::Whole);
        Ok(Self {
            kernel,
            whole: needs_whole.then_some(layout),
            used,
            outputs,
            first,
            divide_by: match ensemble.aggregate {
                Aggregate::Sum => None,
                Aggregate::DivideBy(by) => Some(S::narrow(by)),
            },
            last,
            location,
        })
    }

    pub(crate) fn run<'a>(
        &self,
        arg: &[Shared<'a>],
        rows: usize,
        errors: &mut RowErrors,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        let mut start = Vec::with_capacity(self.outputs);
        start.extend(
            (0..self.outputs).map(|k| [self.first.get(k).copied().unwrap_or(S::ZERO); LANES]),
        );
        let start = start.repeat(rows.div_ceil(LANES));
        let features = self.features(arg)?;
        let any_missing = features.iter().any(|feature| feature.missing.is_some());
        // Where no split stops a row, missing goes the way of NaN.
        if self.whole.is_none() || !any_missing {
            let mut sums = start.clone();
            let ranked = match &self.kernel {
                Kernel::Narrow(ranks, trees) => {
                    add_ranked(ranks, trees, &features, rows, &mut sums);
                    true
                }
                Kernel::Wide(ranks, trees) => {
                    add_ranked(ranks, trees, &features, rows, &mut sums);
                    true
                }
                Kernel::Whole => false,
            };
            // A leaf without an answer adds NaN, which other sums may be too.
            let has_lost = self.whole.as_ref().is_some_and(|layout| layout.lost.is_some());
            if ranked && !(has_lost && self.has_nan(&sums, rows)) {
                return Ok(self.finish(&sums, rows, None));
            }
        }
        let Some(layout) = &self.whole else { return Ok(self.finish(&start, rows, None)) };
        let mut sums = start;
        let stopped = add_whole(layout, &features, rows, &mut sums, self.outputs);
        self.refuse(&stopped, errors);
        let lost: Vec<bool> = stopped.iter().map(|flags| flags & LOSES != 0).collect();
        let lost = lost.contains(&true).then_some(lost);
        Ok(self.finish(&sums, rows, lost.as_ref()))
    }

    fn has_nan(&self, sums: &[[S; LANES]], rows: usize) -> bool {
        sums.chunks_exact(self.outputs).enumerate().any(|(group, sums)| {
            let lanes = (rows - group * LANES).min(LANES);
            sums.iter().any(|sums| sums[..lanes].iter().any(|sum| sum.nan()))
        })
    }

    /// The tested features, rounded to their kind.
    fn features<'e>(&self, arg: &'e [Shared<'_>]) -> Result<Vec<Feature<'e, T>>, Failure> {
        let features = self.used.iter().map(|&feature| {
            let element = &*arg[feature as usize];
            let values = match &element.data {
                Elements::F32(values) => T::of_f32(values),
                Elements::F64(values) => T::of_f64(values),
                Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {
                    return Err(wrong_kind(element.data.kind()));
                }
            };
            Ok(Feature { values, missing: element.missing.as_deref() })
        });
        features.collect()
    }

    fn refuse(&self, stopped: &[u32], errors: &mut RowErrors) {
        for (row, _) in stopped.iter().enumerate().filter(|(_, flags)| **flags & REFUSES != 0) {
            errors.refuse(row, |number| {
                Failure::malformed(
                    codes::MISSING,
                    format!("row {number}: a split of the trees needs a value that is missing"),
                )
                .at(self.location.clone())
                .with_help("fill the empty cells; the model was trained without missing values")
            });
        }
    }

    /// The margins; `lost` says which rows have none.
    fn finish<'a>(
        &self,
        sums: &[[S; LANES]],
        rows: usize,
        lost: Option<&Vec<bool>>,
    ) -> Vec<Shared<'a>> {
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
            Rc::new(Element { data: S::elements(column), missing: lost.cloned() })
        };
        (0..self.outputs).map(margin).collect()
    }
}

impl<T: Real, S: Real> Kernel<T, S> {
    fn new(layout: &Layout<T, S>, features: usize, outputs: usize, most: Columns) -> Self {
        let (slots, sets) = (&layout.slots, &layout.sets);
        // A test that is no comparison is asked for every row, and must not cost more than the ways of a row.
        let most_tests = layout.trees.iter().map(|tree| tree.farthest as usize).sum();
        let narrow = Ranks::new::<u8>(slots, sets, features, most.narrow, most_tests);
        if let Some((ranks, slots)) = narrow {
            return Self::Narrow(ranks, Ranked::new(layout, slots, outputs));
        }
        match Ranks::new::<u16>(slots, sets, features, most.wide, most_tests) {
            Some((ranks, slots)) => Self::Wide(ranks, Ranked::new(layout, slots, outputs)),
            None => Self::Whole,
        }
    }
}

/// Values of a feature for the rows of a chunk.
struct Feature<'e, T: Clone> {
    values: Cow<'e, [T]>,
    missing: Option<&'e [bool]>,
}

fn add_ranked<T: Real, R: Rank, S: Real>(
    ranks: &Ranks<T>,
    trees: &Ranked<R, S>,
    features: &[Feature<'_, T>],
    rows: usize,
    sums: &mut [[S; LANES]],
) {
    let mut ranked = vec![[R::default(); LANES]; rows.div_ceil(LANES) * ranks.columns];
    for (place, feature) in features.iter().enumerate() {
        ranks.fill(place, &feature.values, feature.missing, &mut ranked);
    }
    if rows <= FEW {
        for row in 0..rows {
            trees.add_row(&ranked, row, sums);
        }
    } else {
        trees.add(&ranked, ranks.columns, sums);
    }
}

/// Adds all trees, group by group, and says of each row what the splits do to it that it met with a missing value.
fn add_whole<T: Real, S: Real>(
    layout: &Layout<T, S>,
    features: &[Feature<'_, T>],
    rows: usize,
    sums: &mut [[S; LANES]],
    outputs: usize,
) -> Vec<u32> {
    let groups = rows.div_ceil(LANES);
    let mut stopped = vec![0; groups * LANES];
    let mut values = vec![[T::ZERO; LANES]; features.len()];
    let any_missing = features.iter().any(|feature| feature.missing.is_some());
    let mut missing = vec![[false; LANES]; if any_missing { features.len() } else { 0 }];
    for (group, (sums, stopped)) in
        sums.chunks_exact_mut(outputs).zip(stopped.chunks_exact_mut(LANES)).enumerate()
    {
        let these = group * LANES..((group + 1) * LANES).min(rows);
        for (place, feature) in features.iter().enumerate() {
            values[place][..these.len()].copy_from_slice(&feature.values[these.clone()]);
            let Some(flags) = feature.missing else { continue };
            for (lane, &flag) in flags[these.clone()].iter().enumerate() {
                missing[place][lane] = flag;
                if flag {
                    values[place][lane] = T::NAN;
                }
            }
        }
        let mut group = Group { features: &values, missing: &missing, stopped };
        for tree in &layout.trees {
            layout.add_tree(tree, &mut group, sums);
        }
    }
    stopped.truncate(rows);
    stopped
}
