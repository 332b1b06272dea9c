use super::{Comparison, Decompose, NeighborWeights, TextIndex, TextVector, function::named};
use crate::{Interval, Labels, Matrix, Scalar, ValueId};

/// Steps that make values of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    /// A table with several keys.
    Lookup(Lookup),
    /// A number by the interval it lies in.
    Bin(Bin),
    /// A number along a line of segments.
    Curve(Curve),
    /// All elements as one scalar.
    Reduce(Reduce),
    /// Elements in proportion to their whole.
    Normalize(Normalize),
    /// Products of elements.
    Polynomial(Polynomial),
    /// The B-splines at a number.
    Spline(Spline),
    /// A text as the weights of its terms.
    TextVector(Box<TextVector>),
    /// How often a term is in a text.
    TextIndex(Box<TextIndex>),
    /// Distances or similarities to points.
    Distances(Box<Distances>),
    /// Gaps filled from the nearest training rows.
    ImputeNeighbors(Box<ImputeNeighbors>),
    /// What a vector is made of.
    Decompose(Box<Decompose>),
    /// Values of rows before.
    Lag(Lag),
}

named! {
    /// A [`Transform`] without its parameters: what writers decide about.
    TransformKind {
        Lookup = "lookup",
        Bin = "bin",
        Curve = "curve",
        Reduce = "reduce",
        Normalize = "normalize",
        Polynomial = "polynomial",
        Spline = "spline",
        TextVector = "text-vector",
        TextIndex = "text-index",
        Distances = "distances",
        ImputeNeighbors = "impute-neighbors",
        Decompose = "decompose",
        Lag = "lag",
    }
}

impl Transform {
    /// Which transform it is.
    pub const fn kind(&self) -> TransformKind {
        match self {
            Self::Lookup(_) => TransformKind::Lookup,
            Self::Bin(_) => TransformKind::Bin,
            Self::Curve(_) => TransformKind::Curve,
            Self::Reduce(_) => TransformKind::Reduce,
            Self::Normalize(_) => TransformKind::Normalize,
            Self::Polynomial(_) => TransformKind::Polynomial,
            Self::Spline(_) => TransformKind::Spline,
            Self::TextVector(_) => TransformKind::TextVector,
            Self::TextIndex(_) => TransformKind::TextIndex,
            Self::Distances(_) => TransformKind::Distances,
            Self::ImputeNeighbors(_) => TransformKind::ImputeNeighbors,
            Self::Decompose(_) => TransformKind::Decompose,
            Self::Lag(_) => TransformKind::Lag,
        }
    }

    /// Calls `visit` with every operand, in order.
    pub fn each_arg(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            Self::Lookup(op) => op.args.iter().copied().for_each(visit),
            Self::Bin(op) => visit(op.arg),
            Self::Curve(op) => visit(op.arg),
            Self::Reduce(op) => visit(op.arg),
            Self::Normalize(op) => visit(op.arg),
            Self::Polynomial(op) => visit(op.arg),
            Self::Spline(op) => visit(op.arg),
            Self::TextVector(op) => visit(op.arg),
            Self::TextIndex(op) => {
                visit(op.text);
                visit(op.term);
            }
            Self::Distances(op) => visit(op.arg),
            Self::ImputeNeighbors(op) => visit(op.arg),
            Self::Decompose(op) => visit(op.arg),
            Self::Lag(op) => {
                visit(op.arg);
                op.blocks.iter().copied().for_each(visit);
            }
        }
    }

    /// Calls `visit` with every operand to change, in the order of [`Transform::each_arg`].
    pub fn each_arg_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Self::Lookup(op) => op.args.iter_mut().for_each(visit),
            Self::Bin(op) => visit(&mut op.arg),
            Self::Curve(op) => visit(&mut op.arg),
            Self::Reduce(op) => visit(&mut op.arg),
            Self::Normalize(op) => visit(&mut op.arg),
            Self::Polynomial(op) => visit(&mut op.arg),
            Self::Spline(op) => visit(&mut op.arg),
            Self::TextVector(op) => visit(&mut op.arg),
            Self::TextIndex(op) => {
                visit(&mut op.text);
                visit(&mut op.term);
            }
            Self::Distances(op) => visit(&mut op.arg),
            Self::ImputeNeighbors(op) => visit(&mut op.arg),
            Self::Decompose(op) => visit(&mut op.arg),
            Self::Lag(op) => {
                visit(&mut op.arg);
                op.blocks.iter_mut().for_each(visit);
            }
        }
    }
}

/// A table with one key column an operand: the first row whose keys all equal the operands answers (PMML
/// 4.4, `MapValues`).
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Scalars, at least one.
    pub args: Vec<ValueId>,
    /// For each operand its keys, one a row, of the operand's kind.
    pub keys: Vec<Labels>,
    /// The answers, one a row.
    pub values: Labels,
    /// The answer where no row fits; none is missing.
    pub default: Option<Scalar>,
    /// The answer where an operand is missing; none is missing.
    pub missing: Option<Scalar>,
}

/// A number by the interval it lies in, the first that holds it (PMML 4.4, `Discretize`). NaN lies in none.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// A number scalar.
    pub arg: ValueId,
    /// The intervals.
    pub intervals: Vec<Interval>,
    /// The answers, one an interval.
    pub values: Labels,
    /// The answer where no interval fits; none is missing.
    pub default: Option<Scalar>,
    /// The answer for missing; none is missing.
    pub missing: Option<Scalar>,
}

/// A number along straight lines between points, at the operand's precision.
///
/// Between points (x₀, y₀) and (x₁, y₁) the value is (x − x₀) · slope + y₀ with slope = (y₁ − y₀) ÷ (x₁ − x₀)
/// where `form` is [`CurveForm::Slope`], and y₀ + (x − x₀) ÷ (x₁ − x₀) · (y₁ − y₀) for
/// [`CurveForm::Ratio`]. At a point it is that point's y, of points with one x the last one's. NaN stays NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// A float scalar or vector.
    pub arg: ValueId,
    /// Where the points stand, not falling.
    pub x: Vec<f64>,
    /// Their values, one a point.
    pub y: Vec<f64>,
    /// What holds beyond the first and last point.
    pub outside: Outside,
    /// How the line is computed.
    pub form: CurveForm,
}

/// How [`Curve`] computes between two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CurveForm {
    /// (x − x₀) · ((y₁ − y₀) ÷ (x₁ − x₀)) + y₀, as numpy and scipy.
    Slope,
    /// y₀ + ((x − x₀) ÷ (x₁ − x₀)) · (y₁ − y₀), as PMML 4.4, `NormContinuous`.
    Ratio,
}

/// What holds beyond the ends of a [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outside {
    /// The first and last line go on.
    Extend,
    /// The first and last value stay.
    Clamp,
    /// The result is missing.
    Missing,
}

/// All elements of a vector as one scalar of its kind, computed in order at its precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduce {
    /// A number vector; for [`ReduceOp::Any`] and [`ReduceOp::All`] booleans.
    pub arg: ValueId,
    /// How.
    pub op: ReduceOp,
    /// Whether missing elements are passed over. If not, one makes the result missing; when all are
    /// missing it is missing either way, except for the count.
    pub skip_missing: bool,
}

named! {
    /// How [`Reduce`] makes one scalar.
    ReduceOp {
        Sum = "sum",
        Product = "product",
        Min = "min",
        Max = "max",
        Mean = "mean",
        Median = "median",
        Count = "count",
        SumAbs = "sum-abs",
        SumSquares = "sum-squares",
        MaxAbs = "max-abs",
        ArgMin = "arg-min",
        ArgMax = "arg-max",
        StdDev = "std-dev",
        Any = "any",
        All = "all",
    }
}

/// Elements of a float vector in proportion to their whole. A whole of 0 leaves them as they are; a missing
/// element makes all missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// A float vector.
    pub arg: ValueId,
    /// What the whole is.
    pub by: NormalizeBy,
}

named! {
    /// What [`Normalize`] divides by.
    NormalizeBy {
        L1 = "l1",
        L2 = "l2",
        MaxAbs = "max-abs",
        Max = "max",
        Sum = "sum",
        Softmax = "softmax",
    }
}

/// Products of elements of a float vector: for each term the listed elements multiplied from left to right,
/// starting with the first; an empty term is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Polynomial {
    /// A float vector.
    pub arg: ValueId,
    /// The positions of each term's factors, repeats allowed.
    pub terms: Vec<Vec<u32>>,
}

/// The B-splines of a knot sequence at a number, by the recursion of Cox and de Boor in binary64.
#[derive(Clone, Debug, PartialEq)]
pub struct Spline {
    /// A binary64 scalar.
    pub arg: ValueId,
    /// The knots, not falling; one more than splines and degree together.
    pub knots: Vec<f64>,
    /// Degree of the polynomials.
    pub degree: u32,
    /// What holds beyond the base interval, from knot `degree` to the `degree`-th last but one.
    pub outside: SplineOutside,
}

named! {
    /// What [`Spline`] does beyond the base interval (scikit-learn `SplineTransformer`, `extrapolation`).
    SplineOutside {
        Reject = "reject",
        Constant = "constant",
        Linear = "linear",
        Continue = "continue",
        Periodic = "periodic",
    }
}

/// The distance or similarity of a vector to each of several points.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    /// A binary64 vector.
    pub arg: ValueId,
    /// One point a row.
    pub points: Matrix,
    /// How points are compared.
    pub comparison: Comparison,
}

/// Elements that are missing or NaN filled with the mean of what the nearest training rows have in their place
/// (scikit-learn `KNNImputer`).
///
/// The distance to a row is √(Σ (x − y)² · n ÷ p) over the p of n elements that both have; without such an element
/// there is none. The nearest of those rows that have the element count, of equal distances the earlier row; where
/// no such row has a distance, the element is that of `with`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImputeNeighbors {
    /// A binary64 vector.
    pub arg: ValueId,
    /// The training rows; what stands in a gap is not looked at.
    pub rows: Matrix,
    /// Which elements of the training rows are gaps, row after row.
    pub gaps: Vec<bool>,
    /// How many rows count, at least one.
    pub count: u32,
    /// How much each counts: not by where they lie to each other.
    pub weights: NeighborWeights,
    /// What stands in where no row is comparable, one an element.
    pub with: Vec<f64>,
}

/// A value of earlier rows, in the order in which rows are scored (PMML 4.4, `Lag`).
///
/// Without `aggregate` it is the value `rows` rows before; with it, what [`ReduceOp`] makes of the values of so many
/// rows before this one, the oldest first, missing ones passed over. Rows before the first, and rows of which a block
/// value differs or is missing, have no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Lag {
    /// A scalar; a number where it is aggregated.
    pub arg: ValueId,
    /// How many rows, from 1 to [`Lag::MOST_ROWS`].
    pub rows: u32,
    /// How the rows' values are made one.
    pub aggregate: Option<ReduceOp>,
    /// Scalars that must be the same in both rows.
    pub blocks: Vec<ValueId>,
}

impl Lag {
    /// The farthest look back.
    pub const MOST_ROWS: u32 = 1 << 16;
}
