//! Scorecards, and the reasons for their scores.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Kind, Labels, ReasonRanking, ReduceOp, Scorecard, UnaryOp, ValueId,
};

use super::{Answer, Spell, float, positions};

impl Spell<'_> {
    pub(super) fn scorecard(&mut self, op: &Scorecard) -> Result<Answer, Failure> {
        let mut codes: Vec<String> = Vec::new();
        let mut terms = vec![match op.initial {
            Some(initial) => self.value(initial)?,
            None => self.float(0.0)?,
        }];
        // For each characteristic the number of its reason, and the distance from its baseline.
        let (mut given, mut distances) = (Vec::new(), Vec::new());
        for characteristic in &op.characteristics {
            let mut score = self.nothing(Kind::F64)?;
            let mut reason = self.float(-1.0)?;
            for attribute in characteristic.attributes.iter().rev() {
                let number = codes.iter().position(|code| *code == attribute.reason);
                let number = number.unwrap_or_else(|| {
                    codes.push(attribute.reason.clone());
                    codes.len() - 1
                });
                let (own, number) = (self.value(attribute.score)?, self.float(float(number))?);
                (score, reason) = match attribute.when {
                    Some(when) => {
                        let holds = self.holds(when)?;
                        (self.either(holds, own, score)?, self.either(holds, number, reason)?)
                    }
                    None => (own, number),
                };
            }
            terms.push(score);
            given.push(reason);
            let baseline = self.float(characteristic.baseline)?;
            distances.push(match op.reasons {
                Some(ReasonRanking::PointsAbove) => self.binary(BinaryOp::Sub, score, baseline)?,
                Some(ReasonRanking::PointsBelow) | None => {
                    self.binary(BinaryOp::Sub, baseline, score)?
                }
            });
        }
        let all = self.concat(terms)?;
        let score = self.reduce(ReduceOp::Sum, all, false)?;
        let numbers = Some(self.concat(vec![score])?);
        let reasons = if op.reasons.is_some() && !given.is_empty() {
            self.reasons(&codes, &given, &distances, score)?
        } else {
            Vec::new()
        };
        Ok(Answer { numbers, margins: numbers, reasons, ..Answer::default() })
    }

    /// The reasons by rank: distances of one reason added, those below 0 left out.
    fn reasons(
        &mut self,
        codes: &[String],
        given: &[ValueId],
        distances: &[ValueId],
        score: ValueId,
    ) -> Result<Vec<ValueId>, Failure> {
        let count = given.len();
        let numbers = self.concat(given.to_vec())?;
        let distances = self.concat(distances.to_vec())?;
        let zero = self.float(0.0)?;
        let none = self.float(-1.0)?;
        let mut keys = Vec::with_capacity(count);
        for (place, &own) in given.iter().enumerate() {
            let same = self.binary(BinaryOp::Eq, numbers, own)?;
            let ones = self.cast(same, Kind::F64)?;
            let total = self.binary(BinaryOp::Mul, distances, ones)?;
            let total = self.reduce(ReduceOp::Sum, total, false)?;
            // A reason stands where it is given first.
            let first = self.reduce(ReduceOp::ArgMax, ones, false)?;
            let first = self.cast(first, Kind::F64)?;
            let here = self.float(float(place))?;
            let is_first = self.binary(BinaryOp::Eq, first, here)?;
            let counts = self.binary(BinaryOp::Ge, total, zero)?;
            let counts = self.binary(BinaryOp::And, counts, is_first)?;
            keys.push(self.either(counts, total, none)?);
        }
        let mut keys = self.concat(keys)?;
        let places = self.floats(positions(count))?;
        let there = self.is_there(score)?;
        let mut reasons = Vec::with_capacity(count);
        for _ in 0..count {
            let place = self.reduce(ReduceOp::ArgMax, keys, false)?;
            let place = self.cast(place, Kind::F64)?;
            let most = self.reduce(ReduceOp::Max, keys, false)?;
            let is_one = self.binary(BinaryOp::Ge, most, zero)?;
            let is_one = self.binary(BinaryOp::And, is_one, there)?;
            let hit = self.binary(BinaryOp::Eq, places, place)?;
            let hit = self.cast(hit, Kind::F64)?;
            let number = self.binary(BinaryOp::Mul, numbers, hit)?;
            let number = self.reduce(ReduceOp::Sum, number, false)?;
            let number = self.only_where(is_one, number)?;
            reasons.push(self.entry(number, Labels::Text(codes.to_vec()))?);
            // What was answered is none from here on.
            let hit = self.binary(BinaryOp::Eq, places, place)?;
            let other = self.unary(UnaryOp::Not, hit)?;
            let (hit, other) = (self.cast(hit, Kind::F64)?, self.cast(other, Kind::F64)?);
            let kept = self.binary(BinaryOp::Mul, keys, other)?;
            keys = self.binary(BinaryOp::Sub, kept, hit)?;
        }
        Ok(reasons)
    }
}
