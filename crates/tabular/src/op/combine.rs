use super::{Labels, function::named};
use crate::ValueId;

/// Several estimates made one (PMML 4.4, `MiningModel`; voting and stacking ensembles).
///
/// All members are regressions of one target, or classifications with the same classes. A member takes part when
/// its predicate is true; unknown does not take part.
#[derive(Clone, Debug, PartialEq)]
pub struct Combine {
    /// The members, at least one.
    pub members: Vec<Member>,
    /// How.
    pub method: CombineMethod,
    /// What a member with a missing answer does.
    pub missing: MissingMember,
    /// For [`MissingMember::Skip`]: above this weighted share of missing members the answer is missing.
    pub threshold: f64,
}

/// One member of a [`Combine`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// A boolean scalar; none is always true.
    pub when: Option<ValueId>,
    /// The estimate.
    pub estimate: ValueId,
    /// A binary64 scalar; none is 1.
    pub weight: Option<ValueId>,
    /// What the file calls it; the entity of the combined estimate where one member is selected.
    pub id: String,
}

named! {
    /// How members are combined. Averages of classifications are those of each class's probability; sums and
    /// medians of classifications are not defined. Votes count labels; ties go to the earlier class. A weighted median
    /// is the first value at which half of the total weight is reached. `max` takes the member with the largest
    /// probability. `select-first` takes the first member that takes part.
    CombineMethod {
        Average = "average",
        WeightedAverage = "weighted-average",
        Sum = "sum",
        WeightedSum = "weighted-sum",
        Median = "median",
        WeightedMedian = "weighted-median",
        Max = "max",
        MajorityVote = "majority-vote",
        WeightedMajorityVote = "weighted-majority-vote",
        SelectFirst = "select-first",
    }
}

named! {
    /// What a member with a missing answer does (PMML 4.4, `missingPredictionTreatment`).
    MissingMember {
        Continue = "continue",
        Skip = "skip",
        Missing = "missing",
    }
}

/// The closest of several clusters: the smallest distance or the largest affinity, the first of equals.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// A float vector: one distance or affinity a cluster.
    pub distances: ValueId,
    /// Whether larger means closer.
    pub largest: bool,
    /// The labels of the clusters.
    pub labels: Labels,
}

/// A score, and whether it is an anomaly.
#[derive(Clone, Debug, PartialEq)]
pub struct Detect {
    /// A float scalar.
    pub score: ValueId,
    /// What the score is compared with.
    pub threshold: f64,
    /// Which side is an anomaly.
    pub anomaly: AnomalySide,
    /// Label of what is not an anomaly, then of what is.
    pub labels: Labels,
}

named! {
    /// Which scores are anomalies.
    AnomalySide {
        Below = "below",
        Above = "above",
        AtMost = "at-most",
        AtLeast = "at-least",
    }
}
