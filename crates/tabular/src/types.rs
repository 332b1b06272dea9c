use std::fmt;

use holdall_table::Kind;

/// Whether a value is a scalar or a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// One element.
    Scalar,
    /// A fixed number of elements, possibly one.
    Vector(u32),
}

impl Width {
    /// Number of elements.
    pub const fn elements(self) -> u32 {
        match self {
            Self::Scalar => 1,
            Self::Vector(n) => n,
        }
    }
}

/// What a node yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Elements of one kind, each of which may be missing.
    Value(Kind, Width),
    /// A record whose parts depend on the task.
    Estimate(EstimateType),
}

/// Which parts an estimate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EstimateType {
    /// A value for each of `targets` targets, and the margins it came from.
    Regression {
        /// Number of targets.
        targets: u32,
        /// Kind of the values, a float.
        kind: Kind,
    },
    /// A label, a probability for each class, and the margins they came from.
    Classification {
        /// Number of classes, at least two.
        classes: u32,
        /// Number of margins: one for a binary model with a single score, else one a class; none where the
        /// answer is no function of margins.
        margins: u32,
        /// Kind of the labels.
        label: Kind,
        /// Kind of the probabilities and margins, a float.
        kind: Kind,
    },
    /// A cluster, and the distance or affinity of each.
    Clustering {
        /// Number of clusters.
        clusters: u32,
        /// Kind of the labels.
        label: Kind,
        /// Kind of the distances, a float.
        kind: Kind,
    },
    /// A score, and the label of what it means.
    Anomaly {
        /// Kind of the labels.
        label: Kind,
        /// Kind of the score, a float.
        kind: Kind,
    },
    /// The best association rules.
    Ranking {
        /// How many are answered.
        answers: u32,
    },
}

/// The parts that an estimate has beyond those of its [`EstimateType`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Names of what answered, by rank.
    pub entities: u32,
    /// Reason codes, by rank.
    pub reasons: u32,
    /// Whether there is a confidence of the label.
    pub confidence: bool,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(kind, Width::Scalar) => write!(f, "{kind}"),
            Self::Value(kind, Width::Vector(n)) => write!(f, "{kind}[{n}]"),
            Self::Estimate(EstimateType::Regression { targets, kind }) => {
                write!(f, "regression {kind}[{targets}]")
            }
            Self::Estimate(EstimateType::Classification { classes, margins, label, kind }) => {
                write!(f, "classification {label} of {classes}, {kind}[{margins}]")
            }
            Self::Estimate(EstimateType::Clustering { clusters, label, kind }) => {
                write!(f, "clustering {label} of {clusters}, {kind}")
            }
            Self::Estimate(EstimateType::Anomaly { label, kind }) => {
                write!(f, "anomaly {label}, {kind}")
            }
            Self::Estimate(EstimateType::Ranking { answers }) => {
                write!(f, "ranking of {answers}")
            }
        }
    }
}

/// One value of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A float; also stands for binary32 values, which it holds exactly.
    F64(f64),
    /// An integer.
    I64(i64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F64(v) => write!(f, "{v}"),
            Self::I64(v) => write!(f, "{v}"),
            Self::Bool(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
        }
    }
}
