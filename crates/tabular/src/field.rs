use holdall_arena::Id;
use holdall_table::Kind;

use crate::{Categories, Scalar};

/// Names a [`Field`].
pub type FieldId = Id<Field>;

/// One input of a model: a named scalar, with what happens to values that are missing or unfit.
///
/// Treatment order is that of PMML 4.4, "Mining Schema": outlier, invalid, missing. Before these, NaN
/// may count as missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name of the column. Unique in the model.
    pub name: String,
    /// Kind at which number text is parsed and the value enters the model.
    pub kind: Kind,
    /// What the values mean.
    pub measure: Measure,
    /// Which values are valid.
    pub domain: Domain,
    /// Whether NaN is no value (float kinds only), as formats without a NaN of their own read it.
    pub nan_is_missing: bool,
    /// What happens to values far out.
    pub outlier: OutlierPolicy,
    /// What happens to values outside the domain.
    pub invalid: InvalidPolicy,
    /// What happens when there is no value.
    pub missing: MissingPolicy,
    /// Name for people.
    pub label: Option<String>,
    /// Unit of measurement.
    pub unit: Option<String>,
}

impl Field {
    /// A continuous field of a number kind that keeps missing values and accepts all others.
    pub fn number(name: impl Into<String>, kind: Kind) -> Self {
        Self::new(name, kind, Measure::Continuous)
    }

    /// A categorical field that keeps missing values and accepts all others.
    pub fn category(name: impl Into<String>, kind: Kind) -> Self {
        Self::new(name, kind, Measure::Categorical)
    }

    fn new(name: impl Into<String>, kind: Kind, measure: Measure) -> Self {
        Self {
            name: name.into(),
            kind,
            measure,
            domain: Domain::default(),
            nan_is_missing: false,
            outlier: OutlierPolicy::Keep,
            invalid: InvalidPolicy::Keep,
            missing: MissingPolicy::Keep,
            label: None,
            unit: None,
        }
    }

    /// The same field with another treatment of missing values.
    #[must_use]
    pub fn with_missing(mut self, missing: MissingPolicy) -> Self {
        self.missing = missing;
        self
    }
}

/// Level of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Values can be compared and computed with.
    Continuous,
    /// Values can only be told apart.
    Categorical,
    /// Values are ordered, as their domain lists them.
    Ordinal,
}

/// Which values are valid; all, when nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Domain {
    /// The valid values, in order.
    pub values: Option<Categories>,
    /// Intervals of valid numbers; empty when there is no limit.
    pub intervals: Vec<Interval>,
}

impl Domain {
    /// Whether all values are valid.
    pub fn is_open(&self) -> bool {
        self.values.is_none() && self.intervals.is_empty()
    }
}

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound, −∞ when there is none.
    pub low: f64,
    /// Upper bound, +∞ when there is none.
    pub high: f64,
    /// Whether `low` itself is in.
    pub low_closed: bool,
    /// Whether `high` itself is in.
    pub high_closed: bool,
}

/// What happens to continuous values far out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutlierPolicy {
    /// Nothing.
    Keep,
    /// Below `low` or above `high` counts as missing.
    AsMissing {
        /// Lowest value kept.
        low: f64,
        /// Highest value kept.
        high: f64,
    },
    /// Below `low` becomes `low`, above `high` becomes `high`.
    Clamp {
        /// Lowest value kept.
        low: f64,
        /// Highest value kept.
        high: f64,
    },
}

/// What happens to values outside the domain.
#[derive(Clone, Debug, PartialEq)]
pub enum InvalidPolicy {
    /// They enter the model as they are.
    Keep,
    /// The row is refused.
    Reject,
    /// They count as missing.
    AsMissing,
    /// They are replaced.
    Replace(Scalar),
}

/// What happens when there is no value.
#[derive(Clone, Debug, PartialEq)]
pub enum MissingPolicy {
    /// It enters the model as missing.
    Keep,
    /// It becomes NaN (float kinds only), as libraries without a missing state read it.
    AsNan,
    /// The row is refused.
    Reject,
    /// It is replaced.
    Replace(Scalar),
}
