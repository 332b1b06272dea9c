//! Several estimates made one. A member that has nothing to say is missing, and what adds up passes over it.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Combine, CombineMethod, Kind, Labels, Member, MissingMember, OneHot, Op, Part,
    ReduceOp, UnaryOp, Unknown, ValueId,
};

use super::{Answer, Spell, Step, impossible};

/// What a member says of a row.
struct Voice {
    label: Option<ValueId>,
    /// Probabilities, or the one value.
    numbers: ValueId,
    weight: Option<ValueId>,
    /// Whether it takes part.
    takes: ValueId,
    /// Whether it has an answer.
    said: ValueId,
}

const fn is_weighted(method: CombineMethod) -> bool {
    matches!(
        method,
        CombineMethod::WeightedAverage
            | CombineMethod::WeightedSum
            | CombineMethod::WeightedMedian
            | CombineMethod::WeightedMajorityVote
    )
}

impl Spell<'_> {
    pub(super) fn combine(
        &mut self,
        op: &Combine,
        classes: Option<&Labels>,
    ) -> Result<Answer, Failure> {
        let mut voices = Vec::with_capacity(op.members.len());
        for member in &op.members {
            voices.push(self.voice(member, classes)?);
        }
        if op.method == CombineMethod::SelectFirst {
            return self.first_voice(op, &voices, classes);
        }
        let mut speaks = Vec::with_capacity(voices.len());
        for voice in &voices {
            speaks.push(self.binary(BinaryOp::And, voice.takes, voice.said)?);
        }
        let answers = self.answers(op, &voices, &speaks)?;
        let gate = self.gate(answers)?;
        if let Some(classes) = classes {
            let shares = self.shares(op, &voices, &speaks, classes)?;
            let shares = self.binary(BinaryOp::Mul, shares, gate)?;
            let label = self.label_of_largest(shares, classes)?;
            return Ok(Answer { label: Some(label), numbers: Some(shares), ..Answer::default() });
        }
        let value = self.middle(op, &voices, &speaks)?;
        let value = self.binary(BinaryOp::Mul, value, gate)?;
        let numbers = Some(self.concat(vec![value])?);
        Ok(Answer { numbers, margins: numbers, ..Answer::default() })
    }

    fn voice(&mut self, member: &Member, classes: Option<&Labels>) -> Result<Voice, Failure> {
        let takes = match member.when {
            Some(when) => self.holds(when)?,
            None => self.truth(true)?,
        };
        let (label, part) = match classes {
            Some(_) => (Some(self.part_of(member.estimate, Part::Label)?), Part::Probabilities),
            None => (None, Part::Values),
        };
        let numbers = self.part_of(member.estimate, part)?;
        let numbers = self.cast(numbers, Kind::F64)?;
        let decisive = if let Some(label) = label { label } else { self.element(numbers, 0)? };
        let mut said = self.is_there(decisive)?;
        let weight = member.weight.map(|weight| self.value(weight)).transpose()?;
        if let Some(weight) = weight {
            let there = self.is_there(weight)?;
            said = self.binary(BinaryOp::And, said, there)?;
        }
        Ok(Voice { label, numbers, weight, takes, said })
    }

    /// The weight of a member; 1 where it has none.
    fn weight(&mut self, voice: &Voice) -> Step {
        match voice.weight {
            Some(weight) => {
                let one = self.float(1.0)?;
                self.coalesce(vec![weight, one])
            }
            None => self.float(1.0),
        }
    }

    /// A scalar where a condition is true, else 0.
    fn counted(&mut self, condition: ValueId, value: ValueId) -> Step {
        let zero = self.float(0.0)?;
        self.either(condition, value, zero)
    }

    fn sum(&mut self, terms: Vec<ValueId>) -> Step {
        let all = self.concat(terms)?;
        self.reduce(ReduceOp::Sum, all, false)
    }

    /// Whether a row has an answer.
    fn answers(&mut self, op: &Combine, voices: &[Voice], speaks: &[ValueId]) -> Step {
        let all = self.concat(speaks.to_vec())?;
        let any = self.reduce(ReduceOp::Any, all, false)?;
        let mut silent = Vec::with_capacity(voices.len());
        for voice in voices {
            let nothing = self.unary(UnaryOp::Not, voice.said)?;
            silent.push(self.binary(BinaryOp::And, voice.takes, nothing)?);
        }
        let lost = match op.missing {
            MissingMember::Continue => return Ok(any),
            MissingMember::Missing => {
                let all = self.concat(silent)?;
                self.reduce(ReduceOp::Any, all, false)?
            }
            MissingMember::Skip => {
                let (mut total, mut lost) = (Vec::new(), Vec::new());
                for (voice, silent) in voices.iter().zip(silent) {
                    let weight = self.weight(voice)?;
                    total.push(self.counted(voice.takes, weight)?);
                    lost.push(self.counted(silent, weight)?);
                }
                let (total, lost) = (self.sum(total)?, self.sum(lost)?);
                let zero = self.float(0.0)?;
                let some = self.binary(BinaryOp::Gt, lost, zero)?;
                let share = self.binary(BinaryOp::Div, lost, total)?;
                let threshold = self.float(op.threshold)?;
                let many = self.binary(BinaryOp::Gt, share, threshold)?;
                self.binary(BinaryOp::And, some, many)?
            }
        };
        let kept = self.unary(UnaryOp::Not, lost)?;
        self.binary(BinaryOp::And, any, kept)
    }

    /// The share of each class.
    fn shares(
        &mut self,
        op: &Combine,
        voices: &[Voice],
        speaks: &[ValueId],
        classes: &Labels,
    ) -> Step {
        let weighted = is_weighted(op.method);
        let votes =
            matches!(op.method, CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote);
        let counts = if op.method == CombineMethod::Max {
            self.most_sure(voices, speaks, classes)?
        } else {
            speaks.to_vec()
        };
        let (mut total, mut sum) = (Vec::new(), None);
        for (voice, &counts) in voices.iter().zip(&counts) {
            let own = if weighted { self.weight(voice)? } else { self.float(1.0)? };
            total.push(self.counted(counts, own)?);
            let mut says = match (votes, voice.label) {
                (true, Some(arg)) => {
                    let categories = holdall_tabular::Categories::new(classes.clone());
                    let (unknown, kind) = (Unknown::None, Kind::F64);
                    let hot = OneHot { arg, categories, drop: None, unknown, kind };
                    self.push(Op::OneHot(hot))?
                }
                (_, _) => voice.numbers,
            };
            if weighted && voice.weight.is_some() {
                says = self.binary(BinaryOp::Mul, says, own)?;
            }
            let gate = self.gate(counts)?;
            says = self.binary(BinaryOp::Mul, says, gate)?;
            let zeros = Labels::F64(vec![0.0; classes.len()]);
            says = self.filled(says, false, zeros)?;
            sum = Some(match sum {
                Some(sum) => self.binary(BinaryOp::Add, sum, says)?,
                None => says,
            });
        }
        let total = self.sum(total)?;
        let sum = sum.ok_or_else(|| impossible("member"))?;
        self.binary(BinaryOp::Div, sum, total)
    }

    /// Which members have the largest probability of all.
    fn most_sure(
        &mut self,
        voices: &[Voice],
        speaks: &[ValueId],
        classes: &Labels,
    ) -> Result<Vec<ValueId>, Failure> {
        let mut most = Vec::with_capacity(voices.len());
        for voice in voices {
            let lowest = Labels::F64(vec![f64::NEG_INFINITY; classes.len()]);
            let there = self.filled(voice.numbers, true, lowest)?;
            most.push(self.reduce(ReduceOp::Max, there, false)?);
        }
        let lowest = self.float(f64::NEG_INFINITY)?;
        let mut all = Vec::with_capacity(voices.len());
        for (&own, &speaks) in most.iter().zip(speaks) {
            all.push(self.either(speaks, own, lowest)?);
        }
        let all = self.concat(all)?;
        let best = self.reduce(ReduceOp::Max, all, false)?;
        let mut counts = Vec::with_capacity(voices.len());
        for (&own, &speaks) in most.iter().zip(speaks) {
            let is = self.binary(BinaryOp::Ge, own, best)?;
            counts.push(self.binary(BinaryOp::And, is, speaks)?);
        }
        Ok(counts)
    }

    /// What values come to.
    fn middle(&mut self, op: &Combine, voices: &[Voice], speaks: &[ValueId]) -> Step {
        let (mut values, mut weights) = (Vec::new(), Vec::new());
        for (voice, &speaks) in voices.iter().zip(speaks) {
            let value = self.element(voice.numbers, 0)?;
            values.push(self.only_where(speaks, value)?);
            let weight = self.weight(voice)?;
            weights.push(self.only_where(speaks, weight)?);
        }
        let (values, weights) = (self.concat(values)?, self.concat(weights)?);
        let reduced = match op.method {
            CombineMethod::Average => ReduceOp::Mean,
            CombineMethod::Sum => ReduceOp::Sum,
            CombineMethod::Median => ReduceOp::Median,
            CombineMethod::WeightedAverage | CombineMethod::WeightedSum => {
                let weighted = self.binary(BinaryOp::Mul, values, weights)?;
                let sum = self.reduce(ReduceOp::Sum, weighted, true)?;
                if op.method == CombineMethod::WeightedSum {
                    return Ok(sum);
                }
                let total = self.reduce(ReduceOp::Sum, weights, true)?;
                return self.binary(BinaryOp::Div, sum, total);
            }
            CombineMethod::WeightedMedian => return self.weighted_median(voices, values, weights),
            // Votes and the most probable are of classes.
            CombineMethod::SelectFirst
            | CombineMethod::Max
            | CombineMethod::MajorityVote
            | CombineMethod::WeightedMajorityVote => return Err(impossible("value of a vote")),
        };
        self.reduce(reduced, values, true)
    }

    /// The first value, the smallest first, at which half of the weight is reached.
    fn weighted_median(&mut self, voices: &[Voice], values: ValueId, weights: ValueId) -> Step {
        let total = self.reduce(ReduceOp::Sum, weights, true)?;
        let half = self.scaled_scalar(total, 0.5)?;
        let mut reached = self.float(0.0)?;
        let zeros = vec![0.0; voices.len()];
        let weights = self.filled(weights, false, Labels::F64(zeros))?;
        let (mut rest, mut steps) = (values, Vec::new());
        for rank in 0..voices.len() {
            let place = self.reduce(ReduceOp::ArgMin, rest, true)?;
            let place = self.cast(place, Kind::F64)?;
            let value = self.reduce(ReduceOp::Min, rest, true)?;
            let (hit, next) = self.without(rest, place, voices.len())?;
            let own = self.binary(BinaryOp::Mul, weights, hit)?;
            let own = self.reduce(ReduceOp::Sum, own, false)?;
            reached = self.binary(BinaryOp::Add, reached, own)?;
            let enough = self.binary(BinaryOp::Ge, reached, half)?;
            let no = self.truth(false)?;
            steps.push((self.coalesce(vec![enough, no])?, value));
            if rank + 1 < voices.len() {
                rest = next;
            }
        }
        let mut answer = self.float(f64::NAN)?;
        for (enough, value) in steps.into_iter().rev() {
            answer = self.either(enough, value, answer)?;
        }
        Ok(answer)
    }

    /// The first member that takes part.
    fn first_voice(
        &mut self,
        op: &Combine,
        voices: &[Voice],
        classes: Option<&Labels>,
    ) -> Result<Answer, Failure> {
        let mut label = match classes {
            Some(classes) => Some(self.nothing(classes.kind())?),
            None => None,
        };
        let width = classes.map_or(1, Labels::len);
        let mut numbers = vec![self.nothing(Kind::F64)?; width];
        let mut entity = self.nothing(Kind::Text)?;
        for (voice, member) in voices.iter().zip(&op.members).rev() {
            let id = Labels::Text(vec![member.id.clone()]);
            let id = self.looked_up(voice.said, Labels::Bool(vec![true]), id)?;
            entity = self.either(voice.takes, id, entity)?;
            if let (Some(own), Some(later)) = (voice.label, label) {
                let own = self.only_where(voice.said, own)?;
                label = Some(self.either(voice.takes, own, later)?);
            }
            for (class, later) in (0_u32..).zip(&mut numbers) {
                let own = self.element(voice.numbers, class)?;
                let own = self.only_where(voice.said, own)?;
                *later = self.either(voice.takes, own, *later)?;
            }
        }
        let numbers = Some(self.concat(numbers)?);
        let margins = if classes.is_some() { None } else { numbers };
        Ok(Answer { label, numbers, margins, entities: vec![entity], ..Answer::default() })
    }
}
