use super::function::named;
use crate::{Matrix, ValueId};

/// Weighted sums of kernels between the operand and vectors of the model, in binary64.
///
/// `margin[m] = Σ coefficient · K(x, vector) + intercept[m]` over the terms of machine m in order. K itself is
/// computed in order from products added one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelMachine {
    /// A binary64 vector.
    pub arg: ValueId,
    /// The support vectors, one a row.
    pub vectors: Matrix,
    /// How vectors are compared.
    pub kernel: Kernel,
    /// The sums.
    pub machines: Vec<Machine>,
}

/// One weighted sum of kernels.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Vector and coefficient of each term, in order of addition.
    pub terms: Vec<(u32, f64)>,
    /// Added last.
    pub intercept: f64,
}

/// A similarity of two vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// x·y.
    Linear,
    /// (γ x·y + c)^d.
    Polynomial {
        /// γ.
        gamma: f64,
        /// c.
        coef0: f64,
        /// d.
        degree: f64,
    },
    /// exp(−γ |x − y|²).
    Rbf {
        /// γ.
        gamma: f64,
    },
    /// tanh(γ x·y + c).
    Sigmoid {
        /// γ.
        gamma: f64,
        /// c.
        coef0: f64,
    },
    /// exp(−γ Σ |x − y|).
    Laplacian {
        /// γ.
        gamma: f64,
    },
    /// x·y ÷ (|x|·|y|); a zero vector is taken to have length 1.
    Cosine,
    /// exp(−γ Σ (x − y)² ÷ (x + y)), terms with x + y = 0 left out.
    ChiSquared {
        /// γ.
        gamma: f64,
    },
    /// −Σ (x − y)² ÷ (x + y), terms with x + y = 0 left out.
    AdditiveChiSquared,
}

/// From decisions between pairs of classes to a number for each class.
///
/// The operand holds, for classes i < j in the order (0,1), (0,2), … (1,2), …, a decision that is above 0
/// where the pair is decided for i.
#[derive(Clone, Debug, PartialEq)]
pub struct Votes {
    /// A float vector of k·(k−1)/2 decisions.
    pub arg: ValueId,
    /// k, at least two.
    pub classes: u32,
    /// How decisions are counted.
    pub form: VoteForm,
}

/// How [`Votes`] counts.
#[derive(Clone, Debug, PartialEq)]
pub enum VoteForm {
    /// The number of pairs won. A decision of exactly 0 is won by j.
    Count,
    /// Pairs won, plus s ÷ (3·(|s| + 1)) with s the sum of the decisions towards the class
    /// (scikit-learn's `_ovr_decision_function`, which gives a decision of 0 to i).
    Confidence,
    /// The product of the probabilities of the pairs (libsvm): 1 ÷ (1 + exp(a·d + b)) held within 1e-7 of
    /// 0 and 1, coupled by the second method of Wu, Lin and Weng (2004), at most max(100, k) rounds.
    Coupled {
        /// a of each pair.
        a: Vec<f64>,
        /// b of each pair.
        b: Vec<f64>,
    },
}

/// A Gaussian process of one output: the mean k(x)·α, and the deviation √(k(x, x) − |L⁻¹ k(x)|²), the
/// difference held at 0 or above. Gives the two as a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianProcess {
    /// A binary64 vector.
    pub arg: ValueId,
    /// The training rows.
    pub vectors: Matrix,
    /// The covariance function.
    pub kernel: Covariance,
    /// One a training row.
    pub alpha: Vec<f64>,
    /// The lower Cholesky factor of the training covariance, for the deviation; without it the deviation is
    /// that of the prior.
    pub factor: Option<Matrix>,
    /// Scale and offset of the target: mean · scale + offset, deviation · scale.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
}

/// A covariance function in postfix order: each entry takes what it needs from a stack, which holds one value at
/// the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    /// The entries.
    pub terms: Vec<CovarianceTerm>,
}

/// An entry of a [`Covariance`], with d = √Σ ((x − y) ÷ length)² (one length for all elements, or one each).
#[derive(Clone, Debug, PartialEq)]
pub enum CovarianceTerm {
    /// A constant.
    Constant(f64),
    /// Noise: on the diagonal only, so 0 between different rows.
    White(f64),
    /// exp(−d² ÷ 2).
    Rbf {
        /// Length scales.
        length: Vec<f64>,
    },
    /// Matérn of smoothness ½, 3⁄2 or 5⁄2.
    Matern {
        /// Length scales.
        length: Vec<f64>,
        /// Twice the smoothness: 1, 3 or 5.
        twice_nu: u32,
    },
    /// (1 + d² ÷ 2α)^−α.
    RationalQuadratic {
        /// Length scale.
        length: f64,
        /// α.
        alpha: f64,
    },
    /// exp(−2 (sin(π |x − y| ÷ period) ÷ length)²) of the Euclidean distance.
    ExpSineSquared {
        /// Length scale.
        length: f64,
        /// Period.
        period: f64,
    },
    /// σ₀² + x·y.
    DotProduct {
        /// σ₀.
        sigma: f64,
    },
    /// exp(−Σ (|x − y| ÷ length)^degree): PMML `GeneralizedExponentialKernel`.
    AbsoluteExponential {
        /// Length scales.
        length: Vec<f64>,
        /// Degree.
        degree: f64,
    },
    /// Sum of the last two.
    Sum,
    /// Product of the last two.
    Product,
    /// The last one to a power.
    Power(f64),
}

named! {
    /// What a [`Survival`] answers.
    SurvivalForm {
        CumulativeHazard = "cumulative-hazard",
        Survival = "survival",
    }
}

/// A proportional hazards model: H(t) = H₀(t) · eᵐ, and S(t) = e^−H(t) (PMML 4.4, `GeneralRegressionModel` with
/// `CoxRegression`).
///
/// H₀(t) is the value of the last step at or before t, 0 before the first, and missing after the largest time.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// A binary64 scalar: the linear predictor relative to the reference.
    pub margin: ValueId,
    /// A binary64 scalar: t.
    pub time: ValueId,
    /// The stratum, a category, where there are several baselines.
    pub stratum: Option<ValueId>,
    /// Strata, one a baseline; empty without strata. An unlisted stratum gives missing.
    pub strata: crate::Labels,
    /// The baselines.
    pub baselines: Vec<Baseline>,
    /// What is answered.
    pub form: SurvivalForm,
}

/// A cumulative baseline hazard as steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Times, rising.
    pub time: Vec<f64>,
    /// Cumulative hazard from that time on.
    pub hazard: Vec<f64>,
    /// The largest time for which an answer is given; infinite when there is none.
    pub max_time: f64,
}
