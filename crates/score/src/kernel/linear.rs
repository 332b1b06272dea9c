use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Linear, Op, ValidModel, ValueId};

use crate::{
    real::Real,
    value::{Element, Shared, either_missing},
};

/// Rows of which the sums stay in registers while the columns go by.
const TOGETHER: usize = 16;

/// Weighted sums, at the precision of the summation. Rows lie side by side, so the order of addition
/// within a row is the order of the columns whatever the processor does.
///
/// Indicators are not spelled out: of those of one category a row has at most one that is 1. The
/// others add c × 0, which is a zero where c is finite, and adding a zero of either sign changes no
/// sum: sums start at +0 and a sum of IEEE 754 is −0 only when both operands are.
pub(crate) enum LinearStep {
    F32(Weights<f32>),
    F64(Weights<f64>),
}

pub(crate) struct Weights<R> {
    rows: Vec<Vec<R>>,
    intercepts: Vec<R>,
}

/// Where terms come from: parts of the operand, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// All elements of a node.
    Elements(ValueId),
    /// The indicators of a one-hot node, which need not be computed.
    Indicators(ValueId),
}

/// Terms of some rows.
pub(crate) enum Given<'y, 'a> {
    Elements(&'y [Shared<'a>]),
    /// For each row which of so many indicators is 1.
    Indicators(Vec<Option<u32>>, usize),
}

/// The parts of the operand of a linear node, by what it is joined of.
pub(crate) fn sources(model: &ValidModel, linear: &Linear) -> Vec<Source> {
    let nodes = &model.model().nodes;
    let mut sources = Vec::new();
    let mut column = 0;
    // Concats may be joined again; what is pushed last comes next.
    let mut todo = vec![linear.arg];
    while let Some(arg) = todo.pop() {
        let op = nodes.get(arg).map(|node| &node.op);
        if let Some(Op::Concat(args)) = op
            && holds_indicators(model, args)
        {
            todo.extend(args.iter().rev());
            continue;
        }
        let width = model.width_of(arg) as usize;
        let columns = column..column + width;
        column += width;
        let finite = (0..linear.coefficients.rows as usize).all(|row| {
            let row = linear.coefficients.row(row).get(columns.clone());
            row.is_some_and(|row| row.iter().all(|&c| is_finite(linear, c)))
        });
        sources.push(if matches!(op, Some(Op::OneHot(_))) && finite {
            Source::Indicators(arg)
        } else {
            Source::Elements(arg)
        });
    }
    sources
}

/// Whether one of the joined nodes is one-hot. Deeper ones are not looked for: joining joins is rare,
/// and each look goes over all operands.
fn holds_indicators(model: &ValidModel, args: &[ValueId]) -> bool {
    args.iter().any(|&arg| {
        matches!(model.model().nodes.get(arg).map(|node| &node.op), Some(Op::OneHot(_)))
    })
}

/// At the precision of the summation.
fn is_finite(linear: &Linear, coefficient: f64) -> bool {
    if linear.summation.is_f32() {
        f32::narrow(coefficient).is_finite()
    } else {
        coefficient.is_finite()
    }
}

impl LinearStep {
    pub(crate) fn new(linear: &Linear) -> Self {
        if linear.summation.is_f32() {
            Self::F32(Weights::new(linear))
        } else {
            Self::F64(Weights::new(linear))
        }
    }

    pub(crate) fn run<'a>(
        &self,
        given: &[Given<'_, 'a>],
        rows: usize,
    ) -> Result<Vec<Shared<'a>>, Failure> {
        match self {
            Self::F32(weights) => weights.run(given, rows),
            Self::F64(weights) => weights.run(given, rows),
        }
    }
}

/// Terms as numbers of one kind, with the position of their first coefficient.
enum Part<'g, R> {
    Columns(usize, Vec<&'g [R]>),
    Places(usize, &'g [Option<u32>]),
}

impl<R: Real> Weights<R> {
    fn new(linear: &Linear) -> Self {
        let matrix = &linear.coefficients;
        let row = |r| matrix.row(r).iter().map(|&c| R::narrow(c)).collect();
        Self {
            rows: (0..matrix.rows as usize).map(row).collect(),
            intercepts: linear.intercepts.iter().map(|&i| R::narrow(i)).collect(),
        }
    }

    fn run<'a>(&self, given: &[Given<'_, 'a>], rows: usize) -> Result<Vec<Shared<'a>>, Failure> {
        let mut missing: Option<Vec<bool>> = None;
        let mut parts = Vec::with_capacity(given.len());
        let mut at = 0;
        for given in given {
            match given {
                Given::Elements(elements) => {
                    for flags in elements.iter().filter_map(|element| element.missing.as_ref()) {
                        missing = either_missing(missing.as_ref(), Some(flags));
                    }
                    let columns = elements.iter().map(|element| R::slice(element));
                    parts.push(Part::Columns(at, columns.collect::<Result<_, _>>()?));
                    at += elements.len();
                }
                Given::Indicators(places, width) => {
                    parts.push(Part::Places(at, places));
                    at += width;
                }
            }
        }
        let margins = self.rows.iter().zip(&self.intercepts).map(|(coefficients, &intercept)| {
            let mut sums = vec![R::ZERO; rows];
            for (block, sums) in sums.chunks_mut(TOGETHER).enumerate() {
                add(coefficients, &parts, block * TOGETHER, sums);
                for sum in sums {
                    *sum = *sum + intercept;
                }
            }
            Rc::new(Element { data: R::elements(sums), missing: missing.clone() })
        });
        Ok(margins.collect())
    }
}

/// Adds the terms of the rows from `first` on.
fn add<R: Real>(coefficients: &[R], parts: &[Part<'_, R>], first: usize, sums: &mut [R]) {
    for part in parts {
        match part {
            Part::Columns(at, columns) => {
                let coefficients = &coefficients[*at..*at + columns.len()];
                if let Ok(sums) = <&mut [R; TOGETHER]>::try_from(&mut *sums) {
                    add_block(coefficients, columns, first, sums);
                    continue;
                }
                for (&coefficient, column) in coefficients.iter().zip(columns) {
                    for (sum, &x) in sums.iter_mut().zip(&column[first..]) {
                        *sum = *sum + coefficient * x;
                    }
                }
            }
            Part::Places(at, places) => {
                for (sum, place) in sums.iter_mut().zip(&places[first..]) {
                    if let Some(place) = place {
                        *sum = *sum + coefficients[at + *place as usize];
                    }
                }
            }
        }
    }
}

fn add_block<R: Real>(
    coefficients: &[R],
    columns: &[&[R]],
    first: usize,
    sums: &mut [R; TOGETHER],
) {
    let mut kept = *sums;
    for (&coefficient, column) in coefficients.iter().zip(columns) {
        if let Some(x) = column[first..].first_chunk::<TOGETHER>() {
            for (sum, &x) in kept.iter_mut().zip(x) {
                *sum = *sum + coefficient * x;
            }
        }
    }
    *sums = kept;
}
