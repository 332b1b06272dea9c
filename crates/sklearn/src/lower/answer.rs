//! What estimators answer, and what other estimators make of it.

use holdall_diag::Failure;
use holdall_tabular::{
    Categories, Classify, Decision, Kind, Labels, Link, OneHot, Op, Part, Regress, Unknown, ValueId,
};

use super::columns::{Column, Lowering};

/// What an estimator yields.
#[derive(Debug)]
pub(crate) enum Lowered {
    /// Columns for the next step.
    Columns(Vec<Column>),
    /// The answer of a classifier.
    Classes(Classifier),
    /// The answers of a classifier with several targets.
    Targets(Vec<Classifier>),
    /// The answer of a regressor: an estimate.
    Values(ValueId),
    /// The answer of a clustering.
    Clusters(Clusters),
    /// The answer of a detector of outliers: an estimate.
    Anomaly(ValueId),
}

impl Lowered {
    /// The columns of a transformer; none of an estimator that answers.
    pub(crate) fn into_columns(self) -> Option<Vec<Column>> {
        match self {
            Self::Columns(columns) => Some(columns),
            Self::Classes(_)
            | Self::Targets(_)
            | Self::Values(_)
            | Self::Clusters(_)
            | Self::Anomaly(_) => None,
        }
    }

    /// The answer of a classifier of one target; none of other estimators.
    pub(crate) fn into_classifier(self) -> Option<Classifier> {
        match self {
            Self::Classes(classifier) => Some(classifier),
            Self::Columns(_)
            | Self::Targets(_)
            | Self::Values(_)
            | Self::Clusters(_)
            | Self::Anomaly(_) => None,
        }
    }

    /// The estimate of a regressor; none of other estimators.
    pub(crate) fn into_values(self) -> Option<ValueId> {
        match self {
            Self::Values(estimate) => Some(estimate),
            Self::Columns(_)
            | Self::Classes(_)
            | Self::Targets(_)
            | Self::Clusters(_)
            | Self::Anomaly(_) => None,
        }
    }
}

/// What a clustering says of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clusters {
    /// The estimate.
    pub(crate) label: ValueId,
    /// Whether its distances are those that the clustering gives as a step.
    pub(crate) distances: bool,
    /// `predict_proba`, a vector.
    pub(crate) shares: Option<ValueId>,
}

/// What a classifier says of a row.
#[derive(Clone, Debug)]
pub(crate) struct Classifier {
    /// `classes_`.
    pub(crate) classes: Labels,
    /// The estimate that has the label.
    pub(crate) label: ValueId,
    /// The estimate that has the probabilities, for classifiers with `predict_proba`.
    pub(crate) probabilities: Option<ValueId>,
    /// `decision_function` as a vector: one element for two classes.
    pub(crate) decision: Option<ValueId>,
}

impl Classifier {
    /// The probabilities as a vector.
    pub(crate) fn shares(&self, lowering: &mut Lowering<'_>) -> Result<Option<ValueId>, Failure> {
        self.probabilities.map(|id| lowering.part(id, Part::Probabilities)).transpose()
    }

    /// Which of these classes the label is, as a vector of indicators.
    pub(crate) fn indicators(
        &self,
        lowering: &mut Lowering<'_>,
        classes: &Labels,
    ) -> Result<ValueId, Failure> {
        let arg = lowering.part(self.label, Part::Label)?;
        let categories = Categories::new(classes.clone());
        let (drop, unknown, kind) = (None, Unknown::None, Kind::F64);
        lowering.op(Op::OneHot(OneHot { arg, categories, drop, unknown, kind }))
    }
}

/// A classifier whose probabilities are these.
pub(crate) fn by_shares(
    lowering: &mut Lowering<'_>,
    classes: Labels,
    shares: ValueId,
) -> Result<Classifier, Failure> {
    let classify = Classify {
        margins: shares,
        classes: classes.clone(),
        link: Link::Identity,
        decision: Decision::LargestProbability,
        has_probabilities: true,
    };
    let id = lowering.op(Op::Classify(classify))?;
    Ok(Classifier { classes, label: id, probabilities: Some(id), decision: None })
}

/// A classifier whose `decision_function` is these margins; `link` leads to its probabilities.
pub(crate) fn by_margins(
    lowering: &mut Lowering<'_>,
    classes: Labels,
    margins: ValueId,
    link: Option<Link>,
    decision: Decision,
) -> Result<Classifier, Failure> {
    let classify = Classify {
        margins,
        classes: classes.clone(),
        link: link.unwrap_or(Link::Identity),
        decision,
        has_probabilities: link.is_some(),
    };
    let id = lowering.op(Op::Classify(classify))?;
    let probabilities = link.map(|_| id);
    Ok(Classifier { classes, label: id, probabilities, decision: Some(margins) })
}

/// A regressor whose values are these, a vector.
pub(crate) fn values(lowering: &mut Lowering<'_>, margins: ValueId) -> Result<Lowered, Failure> {
    let regress = Regress { margins, link: Link::Identity };
    Ok(Lowered::Values(lowering.op(Op::Regress(regress))?))
}
