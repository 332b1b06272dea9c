use super::{Aggregate, Summation, TreeEnsemble, function::named};
use crate::{Matrix, ValueId};

/// Sums over oblivious trees, which ask one question a level: a vector in, a vector of margins out.
///
/// Bit i of a tree's leaf number is its question i, the first the lowest. Leaf values are added tree by tree, the sum
/// is treated as `aggregate` says, then multiplied by `scale` (unless it is 1), then `bias` is added: all at the
/// precision of `summation`.
#[derive(Clone, Debug, PartialEq)]
pub struct ObliviousTrees {
    /// A float vector. Its kind is the precision of the features.
    pub arg: ValueId,
    /// Whether features are rounded to binary32 before they are compared.
    pub round_features: bool,
    /// The questions of all trees.
    pub splits: Vec<ObliviousSplit>,
    /// For each tree how many of the questions, in order, are its own; at most 24.
    pub depths: Vec<u32>,
    /// Number of margins; a leaf has a value for each.
    pub outputs: u32,
    /// For each tree and each of its 2^depth leaves the values.
    pub leaves: Vec<f64>,
    /// How the trees are added. The result is of the same precision.
    pub summation: Summation,
    /// What becomes of the sum.
    pub aggregate: Aggregate,
    /// Factor of the sum.
    pub scale: f64,
    /// Added last, one a margin; empty means nothing.
    pub bias: Vec<f64>,
}

/// A question of an oblivious tree: whether a feature is above a border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObliviousSplit {
    /// The element that is asked.
    pub feature: u32,
    /// The bit is 1 where the feature is above this.
    pub border: f64,
    /// Whether NaN and missing count as above.
    pub missing_above: bool,
}

/// Trees whose leaves are linear models (LightGBM `linear_tree`): where every element that a leaf's model uses is a
/// number, its constant plus the products in order; elsewhere the leaf's value in the ensemble. In binary64.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearTrees {
    /// The trees, with leaves of one value.
    pub trees: TreeEnsemble,
    /// The linear model of each leaf.
    pub models: Vec<LeafModel>,
}

/// The linear model of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct LeafModel {
    /// The start value.
    pub constant: f64,
    /// Feature and coefficient of each term.
    pub terms: Vec<(u32, f64)>,
}

/// A forecast so many steps after the last observation, in binary64; missing below one step and above
/// [`TimeSeries::MOST_STEPS`].
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// An i64 scalar: the number of steps, from 1.
    pub steps: ValueId,
    /// What is forecast.
    pub form: TimeSeriesForm,
}

impl TimeSeries {
    /// The longest forecast.
    pub const MOST_STEPS: i64 = 1 << 20;
}

/// How a [`TimeSeries`] is forecast.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeSeriesForm {
    /// Exponential smoothing: the last level, with a trend and a season.
    Smoothing {
        /// The last level.
        level: f64,
        /// How the level goes on.
        trend: Trend,
        /// How a season is joined.
        season: SeasonForm,
        /// The factors or terms of the next steps, repeated; empty without season.
        seasonal: Vec<f64>,
    },
    /// ARIMA: φ(B)·Φ(Bˢ)·(1−B)ᵈ·(1−Bˢ)ᴰ·yₜ = c + θ(B)·Θ(Bˢ)·eₜ with future e = 0.
    Arima(Arima),
    /// yₜ₊ₕ = measurement · transitionʰ⁻¹ · state + constant.
    StateSpace(StateSpace),
}

/// A linear state space, without what is unknown of the future. Sums in order, in binary64.
#[derive(Clone, Debug, PartialEq)]
pub struct StateSpace {
    /// The state of the next step: n numbers.
    pub state: Vec<f64>,
    /// n × n.
    pub transition: Matrix,
    /// n numbers.
    pub measurement: Vec<f64>,
    /// Added to each forecast.
    pub constant: f64,
}

impl StateSpace {
    /// The longest state.
    pub const MOST_STATES: usize = 256;
}

/// How the level of exponential smoothing goes on after h steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trend {
    /// level.
    None,
    /// level + h · slope.
    Additive(f64),
    /// level + (φ + φ² + … + φʰ) · slope.
    DampedAdditive {
        /// slope.
        slope: f64,
        /// φ.
        phi: f64,
    },
    /// level · rateʰ.
    Multiplicative(f64),
    /// level · rate^(φ + φ² + … + φʰ).
    DampedMultiplicative {
        /// rate.
        rate: f64,
        /// φ.
        phi: f64,
    },
}

named! {
    /// How a season is joined to the level.
    SeasonForm {
        Additive = "additive",
        Multiplicative = "multiplicative",
    }
}

/// The parameters of an ARIMA model. Coefficients are written as φ(B) = 1 − φ₁B − …, θ(B) = 1 + θ₁B + ….
#[derive(Clone, Debug, PartialEq)]
pub struct Arima {
    /// φ₁, φ₂, ….
    pub ar: Vec<f64>,
    /// d.
    pub difference: u32,
    /// θ₁, θ₂, ….
    pub ma: Vec<f64>,
    /// s; 0 without seasonal part.
    pub period: u32,
    /// Φ₁, Φ₂, ….
    pub seasonal_ar: Vec<f64>,
    /// D.
    pub seasonal_difference: u32,
    /// Θ₁, Θ₂, ….
    pub seasonal_ma: Vec<f64>,
    /// c.
    pub constant: f64,
    /// The observations, the last one last, as many as the recursion looks back.
    pub history: Vec<f64>,
    /// The residuals, the last one last, as many as the recursion looks back.
    pub residuals: Vec<f64>,
}

/// A discrete Bayesian network: the probability of each state of the target, given the observed nodes; unobserved
/// ones are summed out. Gives missing where the observations are impossible.
#[derive(Clone, Debug, PartialEq)]
pub struct BayesianNetwork {
    /// The nodes, parents before children.
    pub nodes: Vec<NetworkNode>,
    /// The node that is asked for.
    pub target: u32,
    /// What else tells of the nodes' states.
    pub evidence: Vec<NetworkEvidence>,
}

/// How likely something that is observed is in each state of some nodes: a factor of the probability of all
/// states together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkEvidence {
    /// The nodes, by position.
    pub nodes: Vec<u32>,
    /// A binary64 vector: one element for each combination of their states, the last node changing fastest. A
    /// missing element makes the answer missing.
    pub likelihood: ValueId,
}

impl BayesianNetwork {
    /// The largest number of states of all nodes together that are summed over.
    pub const MOST_STATES: u64 = 1 << 20;
}

/// One node of a [`BayesianNetwork`].
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkNode {
    /// A scalar with the observed state; none is never observed. Missing and unlisted values are not observed.
    pub arg: Option<ValueId>,
    /// The states.
    pub states: super::Labels,
    /// Earlier nodes that it depends on.
    pub parents: Vec<u32>,
    /// The probabilities: one column a state, one row for each combination of the parents' states, the last parent
    /// changing fastest.
    pub table: Matrix,
}
