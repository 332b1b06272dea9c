//! The operations. One file a family; `docs/tabular.md` says what each means to the bit.

mod bayes;
mod combine;
mod compare;
mod decision;
mod decompose;
mod estimate;
mod estimator;
mod expression;
mod forest;
mod function;
mod kernel;
mod linear;
mod neighbors;
mod text;
mod transform;
mod trees;
mod vector;

pub use bayes::{BayesForm, BayesInput, Likelihood, NaiveBayes};
pub use combine::{AnomalySide, Cluster, Combine, CombineMethod, Detect, Member, MissingMember};
pub use compare::{Compare, Comparison, Metric, MissingElement};
pub use decision::{
    Association, AssociationRule, Attribute, Characteristic, DecisionNodes, DecisionTree,
    MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses, ReasonRanking, Rule, RuleFires,
    RuleRank, RuleSelection, Rules, Scorecard,
};
pub use decompose::{Decompose, Decomposition, MultiplicativeStop};
pub use estimator::{Estimator, EstimatorKind};
pub use forest::{
    Arima, BayesianNetwork, LeafModel, LinearTrees, NetworkEvidence, NetworkNode, ObliviousSplit,
    ObliviousTrees, SeasonForm, StateSpace, TimeSeries, TimeSeriesForm, Trend,
};
pub use function::{Call, Function, FunctionKind};
pub use kernel::{
    Baseline, Covariance, CovarianceTerm, GaussianProcess, Kernel, KernelMachine, Machine,
    Survival, SurvivalForm, VoteForm, Votes,
};
pub use neighbors::{Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, TieRule};
pub use text::{
    Accents, Analyzer, LocalWeight, TermWeight, Terms, TextIndex, TextNormalization, TextRule,
    TextVector, TokenUnit,
};
pub use transform::{
    Bin, Curve, CurveForm, Distances, ImputeNeighbors, Lag, Lookup, Normalize, NormalizeBy,
    Outside, Polynomial, Reduce, ReduceOp, Spline, SplineOutside, Transform, TransformKind,
};

pub use estimate::{Classify, Decision, Labels, Link, Regress};
pub use expression::{BinaryOp, Constant, UnaryOp};
pub use linear::{Linear, Matrix, Summation};
pub use trees::{Aggregate, CategorySet, MissingRule, Test, Tree, TreeEnsemble, TreeNodes};
pub use vector::{Categories, Impute, OneHot, Ordinal, Scale, ScaleForm, Unknown};

use holdall_table::Kind;

use crate::{FieldId, Part, ValueId};

/// What a node does. Matched without wildcards everywhere: a new operation stops the build until
/// every writer and the scorer have decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The value of a field after its treatment.
    Input(FieldId),
    /// A value that does not depend on the row.
    Constant(Constant),
    /// Elements converted to another number kind. Floats round to nearest, ties to even; float to
    /// integer truncates toward zero; booleans become 0 and 1.
    Cast {
        /// A number or boolean value.
        arg: ValueId,
        /// The kind of the result, a number kind.
        to: Kind,
    },
    /// All elements of the operands in order, as one vector. Kinds must agree.
    Concat(Vec<ValueId>),
    /// Elements of a vector, by position, repeats allowed.
    Select {
        /// A vector.
        arg: ValueId,
        /// Positions, from 0.
        indices: Vec<u32>,
    },
    /// A function of each element.
    Unary {
        /// Which function.
        op: UnaryOp,
        /// A value of any width.
        arg: ValueId,
    },
    /// A function of two elements; a scalar meets each element of a vector.
    Binary {
        /// Which function.
        op: BinaryOp,
        /// Left operand.
        left: ValueId,
        /// Right operand, of the same kind.
        right: ValueId,
    },
    /// One of two scalars of one kind. A missing condition gives missing.
    If {
        /// A boolean scalar.
        condition: ValueId,
        /// The value where it is true.
        yes: ValueId,
        /// The value where it is false.
        no: ValueId,
    },
    /// Elements with gaps filled.
    Impute(Impute),
    /// Elements moved and stretched.
    Scale(Scale),
    /// A scalar category as a vector of indicators.
    OneHot(OneHot),
    /// A scalar category as a number.
    Ordinal(Ordinal),
    /// A function of scalars.
    Call(Call),
    /// Another step from values to a value.
    Transform(Transform),
    /// Weighted sums of a vector.
    Linear(Linear),
    /// Sums over trees.
    Trees(Box<TreeEnsemble>),
    /// Another family that scores.
    Estimator(Estimator),
    /// Scores made into an estimate of values.
    Regress(Regress),
    /// Scores made into an estimate of a class.
    Classify(Classify),
    /// A part of an estimate as a value.
    Part {
        /// An estimate.
        estimate: ValueId,
        /// Which part; never [`Part::Whole`].
        part: Part,
    },
    /// Kept, not understood: can be shown, never scored.
    Foreign(Foreign),
}

/// A construct that the reader kept without understanding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is called in the file.
    pub name: String,
    /// What it depends on.
    pub args: Vec<ValueId>,
}

impl Op {
    /// Calls `visit` with every operand, in order.
    pub fn each_arg(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            Self::Input(_) | Self::Constant(_) => {}
            Self::Cast { arg, to: _ } | Self::Select { arg, indices: _ } => visit(*arg),
            Self::Unary { op: _, arg } => visit(*arg),
            Self::Concat(args) | Self::Foreign(Foreign { name: _, args }) => {
                args.iter().copied().for_each(visit);
            }
            Self::Binary { op: _, left, right } => {
                visit(*left);
                visit(*right);
            }
            Self::If { condition, yes, no } => {
                visit(*condition);
                visit(*yes);
                visit(*no);
            }
            Self::Impute(op) => visit(op.arg),
            Self::Scale(op) => visit(op.arg),
            Self::OneHot(op) => visit(op.arg),
            Self::Ordinal(op) => visit(op.arg),
            Self::Call(op) => op.args.iter().copied().for_each(visit),
            Self::Transform(op) => op.each_arg(visit),
            Self::Linear(op) => visit(op.arg),
            Self::Trees(op) => visit(op.arg),
            Self::Estimator(op) => op.each_arg(visit),
            Self::Regress(op) => visit(op.margins),
            Self::Classify(op) => visit(op.margins),
            Self::Part { estimate, part: _ } => visit(*estimate),
        }
    }

    /// Calls `visit` with every operand to change, in the order of [`Op::each_arg`].
    pub fn each_arg_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Self::Input(_) | Self::Constant(_) => {}
            Self::Cast { arg, to: _ }
            | Self::Select { arg, indices: _ }
            | Self::Unary { op: _, arg } => visit(arg),
            Self::Concat(args) | Self::Foreign(Foreign { name: _, args }) => {
                args.iter_mut().for_each(visit);
            }
            Self::Binary { op: _, left, right } => {
                visit(left);
                visit(right);
            }
            Self::If { condition, yes, no } => {
                visit(condition);
                visit(yes);
                visit(no);
            }
            Self::Impute(op) => visit(&mut op.arg),
            Self::Scale(op) => visit(&mut op.arg),
            Self::OneHot(op) => visit(&mut op.arg),
            Self::Ordinal(op) => visit(&mut op.arg),
            Self::Call(op) => op.args.iter_mut().for_each(visit),
            Self::Transform(op) => op.each_arg_mut(visit),
            Self::Linear(op) => visit(&mut op.arg),
            Self::Trees(op) => visit(&mut op.arg),
            Self::Estimator(op) => op.each_arg_mut(visit),
            Self::Regress(op) => visit(&mut op.margins),
            Self::Classify(op) => visit(&mut op.margins),
            Self::Part { estimate, part: _ } => visit(estimate),
        }
    }

    /// Lower-case name, as in dumps and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Constant(_) => "constant",
            Self::Cast { .. } => "cast",
            Self::Concat(_) => "concat",
            Self::Select { .. } => "select",
            Self::Unary { op, .. } => op.name(),
            Self::Binary { op, .. } => op.name(),
            Self::If { .. } => "if",
            Self::Impute(_) => "impute",
            Self::Scale(_) => "scale",
            Self::OneHot(_) => "one-hot",
            Self::Ordinal(_) => "ordinal",
            Self::Call(op) => op.function.name(),
            Self::Transform(op) => op.kind().name(),
            Self::Linear(_) => "linear",
            Self::Trees(_) => "trees",
            Self::Estimator(op) => op.kind().name(),
            Self::Regress(_) => "regress",
            Self::Classify(_) => "classify",
            Self::Part { .. } => "part",
            Self::Foreign(_) => "foreign",
        }
    }
}
