//! One file a construct. Kernels run on validated models and chunks of equal length, so element and
//! row positions are within bounds.

mod analyzer;
mod association;
mod bayes;
mod bayesian_network;
mod bin;
pub(crate) mod binary;
pub(crate) mod call;
pub(crate) mod cast;
mod cholesky;
pub(crate) mod choose;
mod city;
pub(crate) mod classify;
mod cluster;
mod combine;
mod compare;
pub(crate) mod constant;
mod curve;
mod decision_tree;
mod decompose;
mod detect;
mod distances;
mod gaussian_process;
pub(crate) mod impute;
mod impute_neighbors;
pub(crate) mod input;
mod kernel_machine;
mod lag;
pub(crate) mod linear;
mod linear_trees;
pub(crate) mod link;
mod lookup;
mod murmur;
mod neighbors;
mod normalize;
mod oblivious_trees;
pub(crate) mod one_hot;
pub(crate) mod ordinal;
mod polynomial;
mod printf;
mod reduce;
pub(crate) mod regress;
mod rules;
pub(crate) mod scale;
mod scorecard;
mod special;
mod spline;
mod survival;
mod text_index;
mod text_vector;
mod time_series;
pub(crate) mod trees;
pub(crate) mod unary;
mod votes;

use std::rc::Rc;

pub(crate) use self::text_index::{Preparations, Prepared};

use bumpalo::Bump;
use holdall_diag::{Failure, Location};
use holdall_tabular::{Estimator, Labels, Transform, ValueId};

use crate::{
    codes,
    rows::RowErrors,
    run::{operand, scalar, value, widened},
    value::{Element, Estimate, Shared, Yield},
};

/// A construct made ready: what it does for a chunk of rows.
pub(crate) trait Kernel: Send + Sync {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure>;
}

/// What a kernel sees of a chunk of rows.
pub(crate) struct Run<'r, 'a> {
    pub(crate) yields: &'r [Option<Yield<'a>>],
    pub(crate) rows: usize,
    /// Where texts that a kernel makes live.
    pub(crate) texts: &'a Bump,
    pub(crate) errors: &'r mut RowErrors,
    /// Texts that several kernels ask for.
    pub(crate) prepared: &'r Prepared<'a>,
}

impl<'r, 'a> Run<'r, 'a> {
    /// The elements of an earlier node.
    fn value(&self, id: ValueId) -> Result<&'r [Shared<'a>], Failure> {
        value(self.yields, id.index())
    }

    /// The only element of an earlier node.
    fn scalar(&self, id: ValueId) -> Result<&'r Element<'a>, Failure> {
        scalar(self.yields, id.index())
    }

    /// The estimate of an earlier node.
    fn estimate(&self, id: ValueId) -> Result<&'r Estimate<'a>, Failure> {
        match operand(self.yields, id.index())? {
            Yield::Estimate(estimate) => Ok(estimate),
            Yield::Value(_) => Err(Failure::bug(
                codes::KIND,
                format!("{id} is a value where an estimate was found"),
            )),
        }
    }

    /// The elements of an earlier float node by row, missing as none.
    fn rows_of(&self, id: ValueId) -> Result<RowMajor, Failure> {
        RowMajor::new(self.value(id)?, self.rows)
    }

    /// A text that lives as long as the chunk.
    fn text(&self, text: &str) -> &'a str {
        let texts: &'a Bump = self.texts;
        texts.alloc_str(text)
    }
}

/// A float vector of a chunk, row after row.
struct RowMajor {
    width: usize,
    values: Vec<f64>,
    /// Which elements are missing; empty when none is.
    missing: Vec<bool>,
}

impl RowMajor {
    fn new(elements: &[Shared<'_>], rows: usize) -> Result<Self, Failure> {
        let width = elements.len();
        let mut values = vec![0.0; width * rows];
        let any = elements.iter().any(|element| element.missing.is_some());
        let mut missing = vec![false; if any { width * rows } else { 0 }];
        for (i, element) in elements.iter().enumerate() {
            for (row, value) in widened(element)?.into_iter().enumerate() {
                values[row * width + i] = value;
            }
            for (row, flag) in element.missing.iter().flatten().enumerate() {
                missing[row * width + i] = *flag;
            }
        }
        Ok(Self { width, values, missing })
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Missing flags of a row; empty when nothing is missing in the chunk.
    fn missing(&self, row: usize) -> &[bool] {
        self.missing.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    fn any_missing(&self, row: usize) -> bool {
        self.missing(row).contains(&true)
    }
}

/// Columns filled row by row; a row that is not filled is missing in all of them.
struct Columns {
    values: Vec<Vec<Option<f64>>>,
}

impl Columns {
    fn new(width: usize, rows: usize) -> Self {
        Self { values: vec![vec![None; rows]; width] }
    }

    fn set(&mut self, row: usize, values: impl IntoIterator<Item = f64>) {
        for (column, value) in self.values.iter_mut().zip(values) {
            column[row] = Some(value);
        }
    }

    fn elements<'a>(self) -> Vec<Shared<'a>> {
        self.values.into_iter().map(|column| Rc::new(Element::optional(column))).collect()
    }
}

/// The position of the first of the largest; NaN is never it, and none where there is nothing else.
fn largest(values: impl IntoIterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, value) in values.into_iter().enumerate() {
        if !value.is_nan() && best.is_none_or(|(_, most)| value > most) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

fn one(element: Element<'_>) -> Yield<'_> {
    Yield::Value(vec![Rc::new(element)])
}

/// The kernel of a transform.
pub(crate) fn transform(
    op: &Transform,
    known: &mut Preparations,
    location: Location,
) -> Result<Box<dyn Kernel>, Failure> {
    Ok(match op {
        Transform::Lookup(op) => Box::new(lookup::LookupStep::new(op)),
        Transform::Bin(op) => Box::new(bin::BinStep::new(op)),
        Transform::Curve(op) => Box::new(op.clone()),
        Transform::Reduce(op) => Box::new(*op),
        Transform::Normalize(op) => Box::new(*op),
        Transform::Polynomial(op) => Box::new(op.clone()),
        Transform::Spline(op) => Box::new(op.clone()),
        Transform::TextVector(op) => Box::new(text_vector::TextVectorStep::new(op)?),
        Transform::TextIndex(op) => Box::new(text_index::TextIndexStep::new(op, known)?),
        Transform::Distances(op) => Box::new((**op).clone()),
        Transform::ImputeNeighbors(op) => Box::new((**op).clone()),
        Transform::Decompose(op) => Box::new(decompose::DecomposeStep::new(op, location)),
        Transform::Lag(op) => Box::new(op.clone()),
    })
}

/// The kernel of an estimator.
pub(crate) fn estimator(
    op: &Estimator,
    classes: Option<&Labels>,
    location: Location,
) -> Box<dyn Kernel> {
    match op {
        Estimator::ObliviousTrees(op) => Box::new((**op).clone()),
        Estimator::LinearTrees(op) => Box::new(linear_trees::LinearTreesStep::new(op, location)),
        Estimator::BayesianNetwork(op) => Box::new(bayesian_network::NetworkStep::new(op)),
        Estimator::TimeSeries(op) => Box::new((**op).clone()),
        Estimator::KernelMachine(op) => Box::new((**op).clone()),
        Estimator::Votes(op) => Box::new(op.clone()),
        Estimator::NaiveBayes(op) => Box::new(bayes::BayesStep::new(op)),
        Estimator::GaussianProcess(op) => Box::new((**op).clone()),
        Estimator::Survival(op) => Box::new(survival::SurvivalStep::new(op)),
        Estimator::Neighbors(op) => Box::new(neighbors::NeighborsStep::new(op, location)),
        Estimator::DecisionTree(op) => Box::new((**op).clone()),
        Estimator::Rules(op) => Box::new((**op).clone()),
        Estimator::Scorecard(op) => Box::new((**op).clone()),
        Estimator::Cluster(op) => Box::new(op.clone()),
        Estimator::Detect(op) => Box::new(op.clone()),
        Estimator::Association(op) => Box::new(association::AssociationStep::new(op)),
        Estimator::Combine(op) => Box::new(combine::CombineStep::new(op, classes)),
    }
}
