//! Ranks in outputs: <https://dmg.org/pmml/v4-4-1/Output.html>, attribute `rank`.
//!
//! Rank 1 is the most probable class or the closest cluster; of equals the one declared first.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Constant, Kind, Labels, Lookup, Op, Part, Reduce, ReduceOp, Transform, ValueId, Width,
};

use super::{Answer, Family, Lower, output::rank, unsupported};
use crate::doc::{Element, ResultFeature};

impl<'d> Lower<'d> {
    /// What an output of a rank beyond the first answers; none where the feature has no such ranks.
    pub(super) fn ranked(
        &mut self,
        field: Element<'d>,
        feature: ResultFeature,
        answer: &Answer,
    ) -> Result<Option<(ValueId, Part)>, Failure> {
        let Some(classes) = answer.classes.clone() else { return Ok(None) };
        let rank = rank(field)? as usize;
        if rank == 0 || rank >= classes.len() || field.attribute("value").is_some() {
            return Ok(None);
        }
        let (part, largest, names) = match answer.family {
            Family::Classification => {
                (Part::Probabilities, true, matches!(feature, ResultFeature::PredictedValue))
            }
            Family::Clustering { largest } => (
                Part::Distances,
                largest,
                matches!(
                    feature,
                    ResultFeature::PredictedValue
                        | ResultFeature::EntityId
                        | ResultFeature::ClusterId
                ),
            ),
            Family::Regression | Family::Ranking => return Ok(None),
        };
        let numbers = match answer.family {
            Family::Classification => matches!(feature, ResultFeature::Probability),
            Family::Clustering { .. } => matches!(
                feature,
                ResultFeature::Affinity
                    | ResultFeature::ClusterAffinity
                    | ResultFeature::EntityAffinity
            ),
            Family::Regression | Family::Ranking => false,
        };
        if !names && !numbers {
            return Ok(None);
        }
        let of = (answer.estimate, part);
        let (place, left) = self.place_of_rank(field, of, (rank, largest), classes.len())?;
        let value = if names {
            let lookup = Lookup {
                args: vec![place],
                keys: vec![places(field, classes.len())?],
                values: classes,
                default: None,
                missing: None,
            };
            self.push(Op::Transform(Transform::Lookup(lookup)))?
        } else {
            let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
            let reduce = Reduce { arg: left, op, skip_missing: false };
            self.push(Op::Transform(Transform::Reduce(reduce)))?
        };
        Ok(Some((value, Part::Whole)))
    }

    /// Where the element of a rank stands, and the vector with all before it pushed to the end.
    fn place_of_rank(
        &mut self,
        field: Element<'d>,
        (estimate, part): (ValueId, Part),
        (rank, largest): (usize, bool),
        count: usize,
    ) -> Result<(ValueId, ValueId), Failure> {
        let known = self.ranks.get(&estimate).cloned().unwrap_or_default();
        if let Some(found) = known.get(rank) {
            return Ok(*found);
        }
        let vector = match known.first() {
            Some((_, vector)) => *vector,
            None => self.part(estimate, part)?,
        };
        let kind = self.kind(vector);
        let width = u32::try_from(count).map_err(|_error| unsupported(field))?;
        let all = Constant {
            kind: Kind::I64,
            width: Width::Vector(width),
            values: places(field, count)?,
        };
        let all = self.push(Op::Constant(all))?;
        // Far beyond any probability or distance.
        let far = if kind == Kind::F32 { 1e30 } else { 1e300 };
        let far = if largest { far } else { -far };
        let (start, step) = (self.float(kind, far)?, self.float(kind, -2.0 * far)?);
        let arg_op = if largest { ReduceOp::ArgMax } else { ReduceOp::ArgMin };
        let bound = if largest { BinaryOp::Min } else { BinaryOp::Max };
        let mut steps = known;
        while steps.len() <= rank {
            let left = match steps.last() {
                None => vector,
                Some(&(place, left)) => {
                    let taken = self.bin(BinaryOp::Eq, all, place)?;
                    let taken = self.push(Op::Cast { arg: taken, to: kind })?;
                    let taken = self.bin(BinaryOp::Mul, taken, step)?;
                    let limit = self.bin(BinaryOp::Add, taken, start)?;
                    self.bin(bound, left, limit)?
                }
            };
            let reduce = Reduce { arg: left, op: arg_op, skip_missing: false };
            steps.push((self.push(Op::Transform(Transform::Reduce(reduce)))?, left));
        }
        let found = steps.get(rank).copied().ok_or_else(|| unsupported(field))?;
        self.ranks.insert(estimate, steps);
        Ok(found)
    }
}

/// The places in a vector, from 0.
fn places(field: Element<'_>, count: usize) -> Result<Labels, Failure> {
    let places = (0..count).map(i64::try_from).collect::<Result<_, _>>();
    Ok(Labels::I64(places.map_err(|_error| unsupported(field))?))
}
