use holdall_table::Kind;

use crate::{Scalar, ValueId};

/// A list of values of one kind: class labels, categories, constants.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Texts.
    Text(Vec<String>),
    /// Integers.
    I64(Vec<i64>),
    /// Floats; also stands for binary32.
    F64(Vec<f64>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Labels {
    /// Number of values.
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    /// Whether there is no value.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Kind of the values; floats are said to be binary64.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::I64(_) => Kind::I64,
            Self::F64(_) => Kind::F64,
            Self::Bool(_) => Kind::Bool,
        }
    }

    /// The value at `index`.
    pub fn get(&self, index: usize) -> Option<Scalar> {
        match self {
            Self::Text(v) => v.get(index).cloned().map(Scalar::Text),
            Self::I64(v) => v.get(index).copied().map(Scalar::I64),
            Self::F64(v) => v.get(index).copied().map(Scalar::F64),
            Self::Bool(v) => v.get(index).copied().map(Scalar::Bool),
        }
    }

    /// All values as text, as they are written in column names.
    pub fn texts(&self) -> Vec<String> {
        (0..self.len()).filter_map(|i| self.get(i)).map(|v| v.to_string()).collect()
    }
}

/// From a margin to a value or probability. Computed at the precision of the margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// The margin itself.
    Identity,
    /// 1 / (1 + e⁻ᵐ), each margin by itself.
    Logistic,
    /// eᵐ.
    Exp,
    /// eᵐ ÷ Σ eᵐ, the largest margin subtracted first.
    Softmax,
    /// Each margin through [`Link::Logistic`], then divided by their sum (one-vs-rest). A sum of 0
    /// leaves equal shares.
    LogisticNormalized,
    /// 1 / (1 + e⁻²ᵐ) for both of two classes as scikit-learn's softmax of (−m, m).
    SoftmaxSymmetric,
}

impl Link {
    /// Every link.
    pub const ALL: [Self; 6] = [
        Self::Identity,
        Self::Logistic,
        Self::Exp,
        Self::Softmax,
        Self::LogisticNormalized,
        Self::SoftmaxSymmetric,
    ];

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Logistic => "logistic",
            Self::Exp => "exp",
            Self::Softmax => "softmax",
            Self::LogisticNormalized => "logistic-normalized",
            Self::SoftmaxSymmetric => "softmax-symmetric",
        }
    }
}

/// How a classifier picks the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// The class with the largest probability, the first of equals. NaN is never the largest.
    LargestProbability,
    /// The class with the largest margin, the first of equals; one margin a class.
    LargestMargin,
    /// Binary, one margin: the second class when the margin is above this number.
    MarginAbove(f64),
    /// Binary, one margin: the second class when the margin is this number or above.
    MarginAtLeast(f64),
    /// Binary: the second class when its probability is above this number.
    ProbabilityAbove(f64),
}

/// Scores made into an estimate of a class.
///
/// With one margin for two classes the link gives the probability p of the second class, and the first
/// has 1 − p (for [`Link::SoftmaxSymmetric`] the softmax of (−m, m)). Otherwise there is a margin a
/// class.
#[derive(Clone, Debug, PartialEq)]
pub struct Classify {
    /// A float vector: one margin a class, or one in all for two classes.
    pub margins: ValueId,
    /// The classes, in order.
    pub classes: Labels,
    /// From margins to probabilities; not [`Link::Exp`].
    pub link: Link,
    /// From margins or probabilities to the label.
    pub decision: Decision,
    /// Whether the probabilities mean something. If not (a plain support vector classifier), outputs
    /// and writers use label and margins only.
    pub has_probabilities: bool,
}

/// Scores made into an estimate of values, one a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Regress {
    /// A float vector, one margin a target.
    pub margins: ValueId,
    /// From margins to values: [`Link::Identity`], [`Link::Logistic`] or [`Link::Exp`].
    pub link: Link,
}
