//! Several estimates made one: averages, sums, medians, votes, the first that takes part.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Combine, CombineMethod, Kind, Labels, MissingMember, ValueId as TabularId};

use super::{
    Context,
    answer::{Answer, Chosen},
    build::inexpressible,
    value::Val,
};

/// What a member says.
#[derive(Clone, Copy)]
struct Voice {
    /// `[N, width]` binary64: probabilities or the value; none where votes alone count.
    answers: Option<ValueId>,
    /// `[N, 1]`: the position of its label.
    label: Option<ValueId>,
    /// `[N, 1]`; none is 1.
    weight: Option<ValueId>,
    /// `[N, 1]`: where it takes part with an answer; none is everywhere.
    speaks: Option<ValueId>,
    /// `[N, 1]`: where it takes part and has no answer; none is nowhere.
    silent: Option<ValueId>,
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

const fn votes(method: CombineMethod) -> bool {
    matches!(method, CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote)
}

/// Why a combination has no operators; none where it has.
pub(super) fn refused(op: &Combine, may_miss: bool) -> Option<&'static str> {
    let partial = may_miss || op.members.iter().any(|member| member.when.is_some());
    let sorted = matches!(op.method, CombineMethod::Median | CombineMethod::WeightedMedian);
    if partial && sorted {
        return Some("the median of a number of members that differs from row to row");
    }
    (may_miss && op.missing == MissingMember::Skip)
        .then_some("a share of missing members above which there is no answer")
}

impl Context<'_> {
    pub(super) fn combined(&mut self, id: TabularId, op: &Combine) -> Result<Answer, Failure> {
        let classes = self.valid.classes_of(id).cloned();
        let mut voices = Vec::with_capacity(op.members.len());
        for member in &op.members {
            voices.push(self.voice(op, member, classes.is_some())?);
        }
        match (&classes, op.method) {
            (_, CombineMethod::SelectFirst) => self.first_of(op, classes.as_ref(), &voices),
            (Some(classes), _) => self.combined_classes(op, classes, &voices),
            (None, CombineMethod::Median | CombineMethod::WeightedMedian) => {
                let id = self.median_of(op, &voices)?;
                Ok(regression(Val::rows(Kind::F64, 1, id)))
            }
            (None, _) => {
                let (sum, total, gap) = self.totals(op, &voices)?;
                let averaged =
                    matches!(op.method, CombineMethod::Average | CombineMethod::WeightedAverage);
                let id = if averaged { self.builder.two("Div", sum, total)? } else { sum };
                Ok(regression(self.with_mask(Kind::F64, 1, id, gap)?))
            }
        }
    }

    fn voice(
        &mut self,
        op: &Combine,
        member: &holdall_tabular::Member,
        classes: bool,
    ) -> Result<Voice, Failure> {
        let wanted = !(classes && votes(op.method));
        let (chosen, answers) = self.parts_for(member.estimate, wanted)?;
        let mut missing = match (&chosen, &answers) {
            (Some(chosen), _) => chosen.missing,
            (None, Some(answers)) => self.any_gap(answers)?,
            (None, None) => None,
        };
        let mut weight = None;
        if is_weighted(op.method)
            && let Some(id) = member.weight
        {
            let value = self.value(id)?;
            weight = Some(self.as_f64(&value)?);
            let gap = self.mask(&value)?;
            missing = self.either(missing, gap)?;
        }
        let takes_part = match member.when {
            Some(when) => {
                let value = self.value(when)?;
                let id = self.full(&value)?;
                let unknown = self.mask(&value)?;
                Some(self.without(id, unknown)?)
            }
            None => None,
        };
        let (speaks, silent) = match (takes_part, missing) {
            (None, None) => (None, None),
            (Some(part), None) => (Some(part), None),
            (None, Some(gap)) => (Some(self.builder.one("Not", gap)?), Some(gap)),
            (Some(part), Some(gap)) => {
                let there = self.builder.one("Not", gap)?;
                let speaks = self.builder.two("And", part, there)?;
                (Some(speaks), Some(self.builder.two("And", part, gap)?))
            }
        };
        let answers = match answers.filter(|_| wanted) {
            Some(value) => Some(self.as_f64(&value)?),
            None => None,
        };
        Ok(Voice { answers, label: chosen.map(|c| c.position), weight, speaks, silent })
    }

    /// True where `id` is and the mask is not.
    pub(super) fn without(
        &mut self,
        id: ValueId,
        mask: Option<ValueId>,
    ) -> Result<ValueId, Failure> {
        let Some(mask) = mask else { return Ok(id) };
        let known = self.builder.one("Not", mask)?;
        self.builder.two("And", id, known)
    }

    /// Where no member speaks, or a silent one takes the answer away.
    fn nothing_said(&mut self, op: &Combine, voices: &[Voice]) -> Result<Option<ValueId>, Failure> {
        let mut gap = None;
        if op.missing == MissingMember::Missing {
            for voice in voices {
                gap = self.either(gap, voice.silent)?;
            }
        }
        if voices.iter().any(|voice| voice.speaks.is_none()) {
            return Ok(gap);
        }
        let mut some = None;
        for voice in voices {
            some = self.either(some, voice.speaks)?;
        }
        let none = match some {
            Some(some) => Some(self.builder.one("Not", some)?),
            None => None,
        };
        self.either(gap, none)
    }

    /// The sum of the answers, the sum of the weights, and where there is no answer.
    fn totals(
        &mut self,
        op: &Combine,
        voices: &[Voice],
    ) -> Result<(ValueId, ValueId, Option<ValueId>), Failure> {
        let zero = self.builder.number(0.0)?;
        let one = self.builder.number(1.0)?;
        let (mut sum, mut total) = (None, None);
        for voice in voices {
            let answers = voice.answers.ok_or_else(|| inexpressible("a member without answers"))?;
            let mut term = match voice.weight {
                Some(weight) => self.builder.two("Mul", answers, weight)?,
                None => answers,
            };
            let mut weight = voice.weight.unwrap_or(one);
            if let Some(speaks) = voice.speaks {
                term = self.builder.choose(speaks, term, zero)?;
                weight = self.builder.choose(speaks, weight, zero)?;
            }
            sum = Some(self.plus(sum, term)?);
            total = Some(self.plus(total, weight)?);
        }
        let gap = self.nothing_said(op, voices)?;
        match (sum, total) {
            (Some(sum), Some(total)) => Ok((sum, total, gap)),
            _ => Err(inexpressible("a combination of nothing")),
        }
    }

    fn plus(&mut self, sum: Option<ValueId>, term: ValueId) -> Result<ValueId, Failure> {
        match sum {
            Some(sum) => self.builder.two("Add", sum, term),
            None => Ok(term),
        }
    }

    fn combined_classes(
        &mut self,
        op: &Combine,
        classes: &Labels,
        voices: &[Voice],
    ) -> Result<Answer, Failure> {
        let width = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        let voices = match op.method {
            CombineMethod::Max => self.surest(voices)?,
            CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote => {
                self.votes_as_answers(voices, width)?
            }
            CombineMethod::Average
            | CombineMethod::WeightedAverage
            | CombineMethod::Sum
            | CombineMethod::WeightedSum
            | CombineMethod::Median
            | CombineMethod::WeightedMedian
            | CombineMethod::SelectFirst => voices.to_vec(),
        };
        let (sum, total, gap) = self.totals(op, &voices)?;
        let id = self.builder.two("Div", sum, total)?;
        let shares = self.with_mask(Kind::F64, width, id, gap)?;
        let label = self.largest_share(classes, &shares)?;
        Ok(Answer { label: Some(label), answers: Some(shares), ..Answer::default() })
    }

    /// The votes of members as shares of 0 and 1.
    fn votes_as_answers(&mut self, voices: &[Voice], width: u32) -> Result<Vec<Voice>, Failure> {
        let numbers = Labels::I64((0..i64::from(width)).collect());
        let numbers = self.builder.constant(Kind::I64, &[1, u64::from(width)], &numbers)?;
        let mut made = Vec::with_capacity(voices.len());
        for voice in voices {
            let label = voice.label.ok_or_else(|| inexpressible("a vote without a label"))?;
            let vote = self.builder.two("Equal", label, numbers)?;
            let vote = self.builder.cast(vote, Kind::Bool, Kind::F64)?;
            made.push(Voice { answers: Some(vote), ..*voice });
        }
        Ok(made)
    }

    /// Only the members speak whose largest probability no other surpasses.
    fn surest(&mut self, voices: &[Voice]) -> Result<Vec<Voice>, Failure> {
        let lowest = self.builder.number(f64::NEG_INFINITY)?;
        let mut peaks = Vec::with_capacity(voices.len());
        for voice in voices {
            let answers = voice.answers.ok_or_else(|| inexpressible("a member without answers"))?;
            let nan = self.builder.is_nan(answers)?;
            let sound = self.builder.choose(nan, lowest, answers)?;
            let peak = self.builder.extreme_along("ReduceMax", sound, 1)?;
            peaks.push(match voice.speaks {
                Some(speaks) => self.builder.choose(speaks, peak, lowest)?,
                None => peak,
            });
        }
        let all = self.builder.joined(&peaks, 1)?;
        let best = self.builder.extreme_along("ReduceMax", all, 1)?;
        let mut made = Vec::with_capacity(voices.len());
        for (voice, peak) in voices.iter().zip(peaks) {
            let mut speaks = self.builder.two("GreaterOrEqual", peak, best)?;
            if let Some(takes_part) = voice.speaks {
                speaks = self.builder.two("And", speaks, takes_part)?;
            }
            made.push(Voice { speaks: Some(speaks), ..*voice });
        }
        Ok(made)
    }

    /// The median of members that all speak: sorted, of equals the earlier first.
    fn median_of(&mut self, op: &Combine, voices: &[Voice]) -> Result<ValueId, Failure> {
        let answers = voices.iter().map(|voice| voice.answers).collect::<Option<Vec<_>>>();
        let answers = answers.ok_or_else(|| inexpressible("a member without answers"))?;
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        let all = self.builder.joined(&answers, 1)?;
        let (sorted, places) = self.builder.top(all, count, false)?;
        if op.method == CombineMethod::Median {
            let upper = self.builder.columns(sorted, &[count / 2])?;
            if count % 2 == 1 {
                return Ok(upper);
            }
            let lower = self.builder.columns(sorted, &[count / 2 - 1])?;
            let sum = self.builder.two("Add", lower, upper)?;
            let two = self.builder.number(2.0)?;
            return self.builder.two("Div", sum, two);
        }
        // Weights with a row for each row of the input.
        let zero = self.builder.number(0.0)?;
        let blank = self.builder.is_nan(all)?;
        let blank = self.builder.choose(blank, zero, zero)?;
        let one = self.builder.number(1.0)?;
        let mut weights = Vec::with_capacity(voices.len());
        for (place, voice) in (0_u32..).zip(voices) {
            let column = self.builder.columns(blank, &[place])?;
            weights.push(self.builder.two("Add", column, voice.weight.unwrap_or(one))?);
        }
        let weights = self.builder.joined(&weights, 1)?;
        let total = self.builder.sum_in_order(weights, count, 1)?;
        let total = self.builder.raised(total, 1)?;
        let two = self.builder.number(2.0)?;
        let half = self.builder.two("Div", total, two)?;
        let ordered = self.builder.picked(weights, places)?;
        let axis = self.builder.constant(Kind::I64, &[], &Labels::I64(vec![1]))?;
        let reached = self.builder.two("CumSum", ordered, axis)?;
        let reached = self.builder.two("GreaterOrEqual", reached, half)?;
        let reached = self.builder.cast(reached, Kind::Bool, Kind::F32)?;
        let place = self.builder.arg_max(reached)?;
        self.builder.picked(sorted, place)
    }

    /// The first member that takes part; without an answer of its own there is none.
    fn first_of(
        &mut self,
        op: &Combine,
        classes: Option<&Labels>,
        voices: &[Voice],
    ) -> Result<Answer, Failure> {
        let never = self.builder.constant(Kind::Bool, &[1, 1], &Labels::Bool(vec![false]))?;
        let always = self.builder.constant(Kind::Bool, &[1, 1], &Labels::Bool(vec![true]))?;
        // From the last to the first: each takes the answer over where it takes part.
        let nothing = self.builder.number(f64::NAN)?;
        let empty =
            self.builder.constant(Kind::Text, &[1, 1], &Labels::Text(vec![String::new()]))?;
        let (mut answers, mut label) = (nothing, self.builder.whole(0)?);
        let (mut gap, mut entity) = (always, empty);
        for (voice, member) in voices.iter().zip(&op.members).rev() {
            let part = match (voice.speaks, voice.silent) {
                (Some(speaks), Some(silent)) => self.builder.two("Or", speaks, silent)?,
                (Some(speaks), None) => speaks,
                (None, _) => always,
            };
            if let Some(own) = voice.answers {
                answers = self.builder.choose(part, own, answers)?;
            }
            if let Some(own) = voice.label {
                label = self.builder.choose(part, own, label)?;
            }
            let silent = voice.silent.unwrap_or(never);
            let others = self.builder.one("Not", part)?;
            let others = self.builder.two("And", others, gap)?;
            gap = self.builder.two("Or", silent, others)?;
            let id = Labels::Text(vec![member.id.clone()]);
            let id = self.builder.constant(Kind::Text, &[1, 1], &id)?;
            entity = self.builder.choose(part, id, entity)?;
        }
        let width = classes.map_or(1, |c| u32::try_from(c.len()).unwrap_or(u32::MAX));
        let gap = voices.iter().all(|v| v.speaks.is_some()).then_some(gap);
        let answers = self.with_mask(Kind::F64, width, answers, gap)?;
        let entity = self.with_mask(Kind::Text, 1, entity, gap)?;
        let entities = vec![entity];
        Ok(match classes {
            Some(classes) => {
                let label = Chosen { labels: classes.clone(), position: label, missing: gap };
                let label = Some(label);
                Answer { label, answers: Some(answers), entities, ..Answer::default() }
            }
            None => Answer { entities, ..regression(answers) },
        })
    }
}

fn regression(value: Val) -> Answer {
    let margins = Some(value.clone());
    Answer { answers: Some(value), margins, ..Answer::default() }
}
