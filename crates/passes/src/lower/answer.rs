//! Estimates that are no function of margins: their parts stand as they are made.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{AnomalySide, Cluster, Detect, Kind, Labels, Part, ValueId as TabularId};

use super::{
    Context, Slot,
    association::Fired,
    build::inexpressible,
    estimate::written_labels,
    value::{Gaps, Val},
};

/// The parts of an estimate.
#[derive(Clone, Default)]
pub(super) struct Answer {
    pub(super) label: Option<Chosen>,
    /// Probabilities, values, or a score.
    pub(super) answers: Option<Val>,
    /// Margins or distances.
    pub(super) margins: Option<Val>,
    /// Names of what answered, by rank.
    pub(super) entities: Vec<Val>,
    pub(super) confidence: Option<Val>,
    /// Reasons of a score, by rank.
    pub(super) reasons: Vec<Val>,
    /// The association rules that fired.
    pub(super) rules: Option<Fired>,
}

/// A label by its position.
#[derive(Clone)]
pub(super) struct Chosen {
    pub(super) labels: Labels,
    /// `[N, 1]`.
    pub(super) position: ValueId,
    /// `[N, 1]`: where there is none.
    pub(super) missing: Option<ValueId>,
}

impl Context<'_> {
    /// A part of an answer as a value.
    pub(super) fn answer_part(&mut self, answer: &Answer, part: Part) -> Result<Val, Failure> {
        let found = match part {
            Part::Label => {
                let chosen = answer.label.as_ref().ok_or_else(|| absent("label"))?;
                return self.label_value(chosen, &chosen.labels);
            }
            Part::Probabilities | Part::Values | Part::Score => answer.answers.clone(),
            Part::Margins | Part::Distances => answer.margins.clone(),
            Part::Probability(class) => {
                let all = answer.answers.clone().ok_or_else(|| absent("probability"))?;
                let id = self.full(&all)?;
                let id = self.builder.columns(id, &[class])?;
                Some(Val::rows(all.kind, 1, id).with_gaps(all.gaps))
            }
            Part::Entity(rank) => answer.entities.get(rank as usize).cloned(),
            Part::Confidence => answer.confidence.clone(),
            Part::Reason(rank) => answer.reasons.get(rank as usize).cloned(),
            Part::Rule(rank, feature) => {
                let fired = answer.rules.as_ref().ok_or_else(|| absent("rule"))?;
                return self.rule_feature(fired, rank, feature);
            }
            Part::Whole => None,
        };
        found.ok_or_else(|| absent("part"))
    }

    /// The label as it is answered: one dimension.
    pub(super) fn answer_label(&mut self, chosen: &Chosen) -> Result<(Kind, ValueId), Failure> {
        let labels = written_labels(&chosen.labels, self.options);
        let value = self.label_value(chosen, &labels)?;
        let id = self.full(&value)?;
        let flat = self.builder.ints(&[-1])?;
        Ok((value.kind, self.builder.two("Reshape", id, flat)?))
    }

    fn label_value(&mut self, chosen: &Chosen, labels: &Labels) -> Result<Val, Failure> {
        let kind = labels.kind();
        let table = self.builder.constant(kind, &[labels.len() as u64], labels)?;
        let id = self.builder.looked_up(table, chosen.position)?;
        self.with_mask(kind, 1, id, chosen.missing)
    }

    /// What other estimates take of an estimate: the label's position, where it is missing, and the answers.
    pub(super) fn parts_for(
        &mut self,
        id: TabularId,
        with_answers: bool,
    ) -> Result<(Option<Chosen>, Option<Val>), Failure> {
        match self.slots.get(id.index()) {
            Some(Slot::Answer(answer)) => Ok((answer.label.clone(), answer.answers.clone())),
            Some(Slot::Estimate(estimate)) if estimate.has_labels() => {
                let chosen = self.chosen_of(id)?;
                let answers =
                    if with_answers { Some(self.part(id, Part::Probabilities)?) } else { None };
                Ok((Some(chosen), answers))
            }
            Some(Slot::Estimate(_)) => Ok((None, Some(self.part(id, Part::Values)?))),
            Some(Slot::Value(_)) | None => Err(inexpressible(format!("{id} is no estimate"))),
        }
    }

    /// The cluster with the smallest distance or the largest affinity, the first of equals.
    pub(super) fn cluster(&mut self, cluster: &Cluster) -> Result<Answer, Failure> {
        let distances = self.value(cluster.distances)?;
        let id = self.full(&distances)?;
        let id = if cluster.largest { id } else { self.builder.one("Neg", id)? };
        let nan = self.builder.is_nan(id)?;
        let lowest = self.builder.float(distances.kind, f64::NEG_INFINITY)?;
        let sound = self.builder.choose(nan, lowest, id)?;
        let position = self.builder.arg_max(sound)?;
        let missing = self.any_gap(&distances)?;
        Ok(Answer {
            label: Some(Chosen { labels: cluster.labels.clone(), position, missing }),
            margins: Some(distances),
            ..Answer::default()
        })
    }

    /// On which side of the threshold a score is.
    pub(super) fn detect(&mut self, detect: &Detect) -> Result<Answer, Failure> {
        let score = self.value(detect.score)?;
        let id = self.as_f64(&score)?;
        let threshold = self.builder.number(detect.threshold)?;
        let test = match detect.anomaly {
            AnomalySide::Below => "Less",
            AnomalySide::Above => "Greater",
            AnomalySide::AtMost => "LessOrEqual",
            AnomalySide::AtLeast => "GreaterOrEqual",
        };
        let anomaly = self.builder.two(test, id, threshold)?;
        let position = self.builder.cast(anomaly, Kind::Bool, Kind::I64)?;
        let missing = self.mask(&score)?;
        Ok(Answer {
            label: Some(Chosen { labels: detect.labels.clone(), position, missing }),
            answers: Some(score),
            ..Answer::default()
        })
    }

    /// The class with the largest share, NaN never being it; missing where the shares are.
    pub(super) fn largest_share(
        &mut self,
        labels: &Labels,
        shares: &Val,
    ) -> Result<Chosen, Failure> {
        let id = self.full(shares)?;
        let nan = self.builder.is_nan(id)?;
        let lowest = self.builder.float(shares.kind, f64::NEG_INFINITY)?;
        let sound = self.builder.choose(nan, lowest, id)?;
        let position = self.builder.arg_max(sound)?;
        let missing = if shares.gaps == Gaps::None { None } else { self.any_gap(shares)? };
        Ok(Chosen { labels: labels.clone(), position, missing })
    }
}

fn absent(what: &str) -> Failure {
    inexpressible(format!("an estimate without this {what}"))
}
