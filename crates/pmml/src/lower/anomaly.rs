//! Anomaly detection: <https://dmg.org/pmml/v4-4-1/AnomalyDetectionModel.html>.

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Kind, Link, Op, Part, Regress, UnaryOp, ValueId};

use super::{
    Answer, Family, Lower, MODELS, number, required, unsupported, unsupported_value, vectors,
};
use crate::doc::Element;

/// Euler's constant, with as many digits as the producer of the reference scores takes.
const EULER: f64 = 0.577_215_66;

impl<'d> Lower<'d> {
    /// The score of the model inside, as the kind of detector makes it.
    pub(super) fn anomaly(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let inside = element.children().find(|child| MODELS.contains(&child.name()));
        let inside = inside.ok_or_else(|| unsupported(element))?;
        let kind = required(element, "algorithmType")?;
        let answer = self.model_of(inside, false)?;
        let score = match (kind, answer.family) {
            ("iforest", Family::Regression) => {
                let length = self.plain_value(&answer)?;
                let size = number(element, "sampleDataSize", None)?;
                // The mean path length of an unsuccessful search among so many.
                let mean = 2.0 * ((size - 1.0).ln() + EULER) - 2.0 * (size - 1.0) / size;
                let mean = self.float(Kind::F64, mean)?;
                let share = self.bin(BinaryOp::Div, length, mean)?;
                let share = self.un(UnaryOp::Neg, share)?;
                self.un(UnaryOp::Exp2, share)?
            }
            ("ocsvm" | "other", Family::Regression) => self.plain_value(&answer)?,
            ("clusterMeanDist", Family::Clustering { largest: false }) => {
                self.mean_distance(element, &answer)?
            }
            _ => return Err(unsupported_value(element, "algorithmType")),
        };
        let margins = self.push(Op::Concat(vec![score]))?;
        let regress = Op::Regress(Regress { margins, link: Link::Identity });
        let estimate = self.model.push_at(regress, element.location())?;
        Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) })
    }

    fn plain_value(&mut self, answer: &Answer) -> Result<ValueId, Failure> {
        let value = self.part(answer.estimate, Part::Values)?;
        self.scalar(value)
    }

    /// The distance to the closest cluster, divided by the mean distance of its training rows.
    fn mean_distance(&mut self, element: Element<'d>, answer: &Answer) -> Result<ValueId, Failure> {
        let clusters = answer.classes.as_ref().map(holdall_tabular::Labels::texts);
        let clusters = clusters.ok_or_else(|| unsupported(element))?;
        let means = element.child("MeanClusterDistances").ok_or_else(|| unsupported(element))?;
        let means = vectors::numbers(means, clusters.len())?;
        let distances = self.part(answer.estimate, Part::Distances)?;
        let label = self.part(answer.estimate, Part::Label)?;
        let mut score: Option<ValueId> = None;
        for ((place, mean), name) in (0_u32..).zip(means).zip(&clusters) {
            let distance = self.element(distances, place)?;
            let mean = self.float(Kind::F64, mean)?;
            let one = self.bin(BinaryOp::Div, distance, mean)?;
            score = Some(match score {
                None => one,
                Some(others) => {
                    let closest = self.equals(element, label, name)?;
                    self.choose(closest, one, others)?
                }
            });
        }
        score.ok_or_else(|| unsupported(element))
    }
}
