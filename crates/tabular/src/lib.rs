//! The tabular model: named, typed fields in; expressions, transforms and estimators; named outputs.
//!
//! `docs/tabular.md` is the specification: what every construct means to the bit. The shape in short:
//!
//! - A [`Model`] is a list of [`Node`]s in order. Each yields one value: a scalar or a vector of fixed
//!   width with a [`Kind`], or an estimate. A node may only name nodes before it, so a model is
//!   acyclic by construction ([`Model::push`]).
//! - *Missing* is a state beside the value, never a NaN. What turns one into the other is a policy of
//!   the field or an [`Op::Impute`].
//! - Precision is written down: at which kind a value is read, compared, added up, and in which order.
//! - [`validate`] is the only maker of a [`ValidModel`]; writers and the scorer take nothing else.

mod construct;
mod dump;
mod expand;
mod field;
mod model;
mod op;
pub mod quantile;
mod statistics;
mod types;
mod validate;

pub use construct::{Construct, Requirement};
pub use field::{
    Domain, Field, FieldId, Interval, InvalidPolicy, Measure, MissingPolicy, OutlierPolicy,
};
pub use holdall_table::Kind;
pub use model::{Header, Locations, Model, Node, Output, Part, RuleFeature, ValueId};
pub use op::{
    Accents, Aggregate, Analyzer, AnomalySide, Arima, Association, AssociationRule, Attribute,
    Baseline, BayesForm, BayesInput, BayesianNetwork, Bin, BinaryOp, Call, Categories, CategorySet,
    Characteristic, Classify, Cluster, Combine, CombineMethod, Compare, Comparison, Constant,
    Covariance, CovarianceTerm, Curve, CurveForm, Decision, DecisionNodes, DecisionTree, Decompose,
    Decomposition, Detect, Distances, Estimator, EstimatorKind, Foreign, Function, FunctionKind,
    GaussianProcess, Impute, ImputeNeighbors, Kernel, KernelMachine, Labels, Lag, LeafModel,
    Likelihood, Linear, LinearTrees, Link, LocalWeight, Lookup, Machine, Matrix, Member, Metric,
    MissingElement, MissingMember, MissingRule, MissingStrategy, MultiplicativeStop, NaiveBayes,
    Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, NetworkEvidence,
    NetworkNode, NoTrueChild, NodeAnswer, NodeClasses, Normalize, NormalizeBy, ObliviousSplit,
    ObliviousTrees, OneHot, Op, Ordinal, Outside, Polynomial, ReasonRanking, Reduce, ReduceOp,
    Regress, Rule, RuleFires, RuleRank, RuleSelection, Rules, Scale, ScaleForm, Scorecard,
    SeasonForm, Spline, SplineOutside, StateSpace, Summation, Survival, SurvivalForm, TermWeight,
    Terms, Test, TextIndex, TextNormalization, TextRule, TextVector, TieRule, TimeSeries,
    TimeSeriesForm, TokenUnit, Transform, TransformKind, Tree, TreeEnsemble, TreeNodes, Trend,
    UnaryOp, Unknown, VoteForm, Votes,
};
pub use statistics::{Statistics, TreeStatistics};
pub use types::{EstimateType, Extras, Scalar, Type, Width};
pub use validate::{ValidModel, validate};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        TYPE = "tabular/type": "an operand has a kind or width that the operation does not take";
        REFERENCE = "tabular/reference": "a node, field or tree node is named that does not exist";
        ORDER = "tabular/order": "a node names a later node";
        LENGTH = "tabular/length": "parallel lists have different lengths";
        CYCLE = "tabular/cycle": "the nodes of a tree form a cycle";
        FEATURE = "tabular/feature": "a split or index reaches beyond the width of its vector";
        CLASSES = "tabular/classes": "the number of classes and of scores disagree";
        NAME = "tabular/name": "two fields or outputs have the same name, or a name is empty";
        NO_OUTPUT = "tabular/no-output": "the model has no output";
        VALUE = "tabular/value": "a parameter has a value that makes no sense";
        TOO_LARGE = "tabular/too-large": "the model has more nodes than can be numbered";
    }
}

#[cfg(test)]
mod tests;
