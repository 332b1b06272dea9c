//! Ranks in outputs: <https://dmg.org/pmml/v4-4-1/Output.html>, attribute `rank`.
//!
//! Rank 1 is the most probable class or the closest cluster; of equals the one declared first.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Constant, Kind, Labels, Lookup, Op, Part, Reduce, ReduceOp, Transform, ValueId, Width,
};

use super::{Answer, Family, Lower, output::rank, unsupported};
use crate::doc::{Element, ResultFeature};

/// The elements of a vector by rank. Each rank is made once, however many outputs ask for it.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The places in the vector, from 0.
    places: ValueId,
    /// For each rank its place, the vector without those before it, and its name or number once asked for.
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    place: ValueId,
    left: ValueId,
    name: Option<ValueId>,
    number: Option<ValueId>,
}

/// The last rank that is carried: a step takes a vector each.
const MOST_RANKS: usize = 256;

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
        if rank == 0 || rank >= classes.len().min(MOST_RANKS) || field.attribute("value").is_some()
        {
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
        let estimate = answer.estimate;
        let step = self.step(field, (estimate, part), (rank, largest), classes.len())?;
        if let Some(known) = if names { step.name } else { step.number } {
            return Ok(Some((known, Part::Whole)));
        }
        let value = if names {
            let lookup = Lookup {
                args: vec![step.place],
                keys: vec![places(field, classes.len())?],
                values: classes,
                default: None,
                missing: None,
            };
            self.push(Op::Transform(Transform::Lookup(lookup)))?
        } else {
            let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
            let reduce = Reduce { arg: step.left, op, skip_missing: false };
            self.push(Op::Transform(Transform::Reduce(reduce)))?
        };
        let made = self.ranks.get_mut(&estimate).and_then(|ranks| ranks.steps.get_mut(rank));
        if let Some(step) = made {
            *(if names { &mut step.name } else { &mut step.number }) = Some(value);
        }
        Ok(Some((value, Part::Whole)))
    }

    /// Where the element of a rank stands, and the vector with all before it pushed to the end.
    fn step(
        &mut self,
        field: Element<'d>,
        (estimate, part): (ValueId, Part),
        (rank, largest): (usize, bool),
        count: usize,
    ) -> Result<Step, Failure> {
        let arg_op = if largest { ReduceOp::ArgMax } else { ReduceOp::ArgMin };
        let mut ranks = if let Some(ranks) = self.ranks.remove(&estimate) {
            ranks
        } else {
            let vector = self.part(estimate, part)?;
            let width = u32::try_from(count).map_err(|_error| unsupported(field))?;
            let (width, values) = (Width::Vector(width), places(field, count)?);
            let all = Constant { kind: Kind::I64, width, values };
            let places = self.push(Op::Constant(all))?;
            let reduce = Reduce { arg: vector, op: arg_op, skip_missing: false };
            let place = self.push(Op::Transform(Transform::Reduce(reduce)))?;
            let first = Step { place, left: vector, name: None, number: None };
            Ranks { places, steps: vec![first] }
        };
        let (all, first) = (ranks.places, ranks.steps.first().map(|step| step.left));
        let kind = first.map_or(Kind::F64, |vector| self.kind(vector));
        // Far beyond any probability or distance.
        let far = if kind == Kind::F32 { 1e30 } else { 1e300 };
        let far = if largest { far } else { -far };
        let bound = if largest { BinaryOp::Min } else { BinaryOp::Max };
        while ranks.steps.len() <= rank {
            let Some(&Step { place, left, .. }) = ranks.steps.last() else { break };
            let (start, by) = (self.float(kind, far)?, self.float(kind, -2.0 * far)?);
            let taken = self.bin(BinaryOp::Eq, all, place)?;
            let taken = self.push(Op::Cast { arg: taken, to: kind })?;
            let taken = self.bin(BinaryOp::Mul, taken, by)?;
            let limit = self.bin(BinaryOp::Add, taken, start)?;
            let left = self.bin(bound, left, limit)?;
            let reduce = Reduce { arg: left, op: arg_op, skip_missing: false };
            let place = self.push(Op::Transform(Transform::Reduce(reduce)))?;
            ranks.steps.push(Step { place, left, name: None, number: None });
        }
        let found = ranks.steps.get(rank).copied();
        self.ranks.insert(estimate, ranks);
        found.ok_or_else(|| unsupported(field))
    }
}

/// The places in a vector, from 0.
fn places(field: Element<'_>, count: usize) -> Result<Labels, Failure> {
    let places = (0..count).map(i64::try_from).collect::<Result<_, _>>();
    Ok(Labels::I64(places.map_err(|_error| unsupported(field))?))
}
