//! The nearest training rows, and the rules that fire first: places by rank.

use holdall_diag::Failure;
use holdall_tabular::{
    Association, AssociationRule, BinaryOp, Curve, CurveForm, Distances, Kind, Labels, Matrix,
    Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, Op, Outside, ReduceOp,
    RuleFires, RuleRank, ScaleForm, TieRule, Transform, UnaryOp, ValueId,
};

use super::{Answer, Spell, Step, float, impossible, number, positions};

/// The most near rows, each of which takes steps of its own.
const MOST: u32 = 64;

/// Why neighbours cannot be said; none where they can.
pub(crate) fn refused(op: &Neighbors) -> Option<&'static str> {
    match op.near {
        Near::Radius(_) => {
            return Some("rows within a radius: their number differs from row to row");
        }
        Near::Count(count) if count > MOST => return Some("more than 64 neighbours"),
        Near::Count(_) => {}
    }
    if op.rows.data.iter().any(|x| x.is_nan()) {
        return Some("training rows with NaN");
    }
    if let NeighborWeights::Barycentric(_) = op.weights {
        return Some("weights that solve a system of equations");
    }
    None
}

impl Spell<'_> {
    pub(super) fn scaled_scalar(&mut self, arg: ValueId, by: f64) -> Step {
        self.scaled(arg, &[by])
    }

    /// 1 at a place and 0 elsewhere, and a vector whose element there is missing.
    pub(super) fn without(
        &mut self,
        all: ValueId,
        place: ValueId,
        count: usize,
    ) -> Result<(ValueId, ValueId), Failure> {
        let places = self.floats(positions(count))?;
        let hit = self.binary(BinaryOp::Eq, places, place)?;
        let hit = self.cast(hit, Kind::F64)?;
        let zeros = Labels::F64(vec![0.0; count]);
        let hit = self.filled(hit, false, zeros)?;
        let line = self.line(hit, 0.0)?;
        Ok((hit, self.binary(BinaryOp::Mul, all, line)?))
    }

    pub(super) fn neighbors(&mut self, op: &Neighbors) -> Result<Answer, Failure> {
        let Near::Count(count) = op.near else { return Err(impossible("number of neighbours")) };
        let rows = op.rows.rows as usize;
        let arg = self.value(op.arg)?;
        let (points, comparison) = (op.rows.clone(), op.comparison.clone());
        let mut rest = self.push(Op::Transform(Transform::Distances(Box::new(Distances {
            arg,
            points,
            comparison,
        }))))?;
        let similar = op.comparison.metric.is_similarity();
        let ids = if op.ids.is_empty() {
            (1..=rows).map(|row| row.to_string()).collect()
        } else {
            op.ids.clone()
        };
        let (best, place) = if similar {
            (ReduceOp::Max, ReduceOp::ArgMax)
        } else {
            (ReduceOp::Min, ReduceOp::ArgMin)
        };
        // All distances are missing or none is.
        let any = self.element(rest, 0)?;
        let any = self.is_there(any)?;
        let (mut places, mut distances, mut entities) = (Vec::new(), Vec::new(), Vec::new());
        for rank in 0..count {
            let here = self.reduce(place, rest, true)?;
            let here = self.cast(here, Kind::F64)?;
            distances.push(self.reduce(best, rest, true)?);
            entities.push(self.entry(here, Labels::Text(ids.clone()))?);
            places.push(here);
            if rank + 1 < count {
                rest = self.without(rest, here, rows)?.1;
            }
        }
        let distances = self.concat(distances)?;
        let weights = self.near_weights(op.weights, distances, count as usize)?;
        match &op.answer {
            NeighborAnswer::Values { targets, combine } => {
                let mut values = Vec::with_capacity(targets.columns as usize);
                for column in 0..targets.columns as usize {
                    let of = |row: usize| targets.row(row).get(column).copied().unwrap_or(f64::NAN);
                    let of: Vec<f64> = (0..rows).map(of).collect();
                    let mut own = Vec::with_capacity(places.len());
                    for &place in &places {
                        own.push(self.entry(place, Labels::F64(of.clone()))?);
                    }
                    let own = self.concat(own)?;
                    let (op, own) = match combine {
                        NeighborCombine::Mean | NeighborCombine::Reach => {
                            let own = if *combine == NeighborCombine::Reach {
                                self.binary(BinaryOp::Max, own, distances)?
                            } else {
                                own
                            };
                            let weighted = self.binary(BinaryOp::Mul, own, weights)?;
                            let sum = self.reduce(ReduceOp::Sum, weighted, false)?;
                            let total = self.reduce(ReduceOp::Sum, weights, false)?;
                            values.push(self.binary(BinaryOp::Div, sum, total)?);
                            continue;
                        }
                        NeighborCombine::Median => (ReduceOp::Median, own),
                        NeighborCombine::ShortestPath => {
                            (ReduceOp::Min, self.binary(BinaryOp::Add, own, distances)?)
                        }
                    };
                    values.push(self.reduce(op, own, false)?);
                }
                let numbers = Some(self.concat(values)?);
                Ok(Answer { numbers, margins: numbers, entities, ..Answer::default() })
            }
            NeighborAnswer::Classes { classes, of_row, outlier: _, ties } => {
                let of: Vec<f64> = of_row.iter().map(|class| f64::from(*class)).collect();
                let mut own = Vec::with_capacity(places.len());
                for &place in &places {
                    own.push(self.entry(place, Labels::F64(of.clone()))?);
                }
                let own = self.concat(own)?;
                let mut shares = Vec::with_capacity(classes.len());
                for class in 0..classes.len() {
                    let class = self.float(float(class))?;
                    let is = self.binary(BinaryOp::Eq, own, class)?;
                    let is = self.cast(is, Kind::F64)?;
                    shares.push(self.weight_of(is, weights)?);
                }
                let shares = self.concat(shares)?;
                let label = match ties {
                    TieRule::FirstClass => self.label_of_largest(shares, classes)?,
                    TieRule::MostFrequent => self.most_frequent(shares, classes, of_row)?,
                };
                let label = self.only_where(any, label)?;
                let total = self.reduce(ReduceOp::Sum, shares, false)?;
                let gate = self.gate(any)?;
                let shares = self.binary(BinaryOp::Mul, shares, gate)?;
                let numbers = Some(self.binary(BinaryOp::Div, shares, total)?);
                Ok(Answer { label: Some(label), numbers, entities, ..Answer::default() })
            }
        }
    }

    /// The sum of the weights where indicators are 1.
    fn weight_of(&mut self, is: ValueId, weights: ValueId) -> Step {
        let line = self.line(is, 1.0)?;
        let counted = self.binary(BinaryOp::Mul, weights, line)?;
        let sum = self.reduce(ReduceOp::Sum, counted, true)?;
        let zero = self.float(0.0)?;
        self.coalesce(vec![sum, zero])
    }

    /// 1 at a number, missing elsewhere: its product with a number is missing with it.
    fn line(&mut self, arg: ValueId, at: f64) -> Step {
        self.push(Op::Transform(Transform::Curve(Curve {
            arg,
            x: vec![at],
            y: vec![1.0],
            outside: Outside::Missing,
            form: CurveForm::Slope,
        })))
    }

    /// The class with the largest share, of equal ones the one that most rows have.
    fn most_frequent(&mut self, shares: ValueId, classes: &Labels, of_row: &[u32]) -> Step {
        let mut counts = vec![0_usize; classes.len()];
        for class in of_row {
            if let Some(count) = counts.get_mut(*class as usize) {
                *count += 1;
            }
        }
        let counts: Vec<f64> = counts.into_iter().map(|count| float(count + 1)).collect();
        let best = self.reduce(ReduceOp::Max, shares, false)?;
        let tied = self.binary(BinaryOp::Ge, shares, best)?;
        let tied = self.cast(tied, Kind::F64)?;
        let ranked = self.scaled(tied, &counts)?;
        self.label_of_largest(ranked, classes)
    }

    fn near_weights(&mut self, form: NeighborWeights, distances: ValueId, count: usize) -> Step {
        let inverse = |spell: &mut Self, of: ValueId| {
            let one = spell.float(1.0)?;
            spell.binary(BinaryOp::Div, one, of)
        };
        match form {
            NeighborWeights::Uniform | NeighborWeights::Barycentric(_) => {
                self.floats(vec![1.0; count])
            }
            NeighborWeights::InverseShifted(by) => {
                let form = ScaleForm::MultiplyAdd;
                let moved = self.moved(distances, form, &vec![by; count], None)?;
                inverse(self, moved)
            }
            NeighborWeights::Inverse => {
                let zero = self.float(0.0)?;
                let none = self.binary(BinaryOp::Eq, distances, zero)?;
                let any = self.reduce(ReduceOp::Any, none, false)?;
                let none = self.cast(none, Kind::F64)?;
                let inverse = inverse(self, distances)?;
                let mut weights = Vec::with_capacity(count);
                for rank in 0..number(count)? {
                    let (exact, other) = (self.element(none, rank)?, self.element(inverse, rank)?);
                    weights.push(self.either(any, exact, other)?);
                }
                self.concat(weights)
            }
        }
    }

    pub(super) fn association(&mut self, op: &Association) -> Result<Answer, Failure> {
        let items = self.value(op.arg)?;
        let items = self.filled(items, false, Labels::Bool(vec![false; op.items.len()]))?;
        let items = (self.cast(items, Kind::F64)?, op.items.len());
        let value = |rule: &AssociationRule| match op.rank {
            RuleRank::Confidence => rule.confidence,
            RuleRank::Support => rule.support,
            RuleRank::Lift => rule.lift,
            RuleRank::Leverage => {
                rule.support - rule.support / rule.confidence * (rule.confidence / rule.lift)
            }
        };
        let mut rules: Vec<&AssociationRule> = op.rules.iter().collect();
        rules.sort_by(|a, b| value(b).total_cmp(&value(a)));
        let antecedent = |rule: &AssociationRule| rule.antecedent.clone();
        let consequent = |rule: &AssociationRule| rule.consequent.clone();
        let mut fires = self.all_there(items, &rules, antecedent)?;
        if op.fires != RuleFires::Recommendation {
            let mut whole = self.all_there(items, &rules, consequent)?;
            if op.fires == RuleFires::ExclusiveRecommendation {
                whole = self.unary(UnaryOp::Not, whole)?;
            }
            fires = self.binary(BinaryOp::And, fires, whole)?;
        }
        let count = rules.len();
        let fires = self.cast(fires, Kind::F64)?;
        let mut rest = fires;
        let mut answered = Vec::with_capacity(op.answers as usize);
        for rank in 0..op.answers as usize {
            if rank >= count {
                let (text, number) = (self.nothing(Kind::Text)?, self.nothing(Kind::F64)?);
                answered.push([text, text, text, text, number, number, number]);
                continue;
            }
            let place = self.reduce(ReduceOp::ArgMax, rest, true)?;
            let place = self.cast(place, Kind::F64)?;
            let most = self.reduce(ReduceOp::Max, rest, true)?;
            let zero = self.float(0.0)?;
            let any = self.binary(BinaryOp::Gt, most, zero)?;
            rest = self.without(rest, place, count)?.1;
            let place = self.only_where(any, place)?;
            let join = |list: &[u32]| {
                let name = |item: &u32| op.items.get(*item as usize).map_or("", String::as_str);
                list.iter().map(name).collect::<Vec<_>>().join(",")
            };
            let texts: [&dyn Fn(&AssociationRule) -> String; 4] = [
                &|rule| rule.id.clone(),
                &|rule| join(&rule.antecedent),
                &|rule| join(&rule.consequent),
                &|rule| format!("{}->{}", join(&rule.antecedent), join(&rule.consequent)),
            ];
            let numbers: [&dyn Fn(&AssociationRule) -> f64; 3] =
                [&|rule| rule.support, &|rule| rule.confidence, &|rule| rule.lift];
            let mut features = [place; 7];
            for (slot, text) in features.iter_mut().zip(texts) {
                let list = rules.iter().map(|rule| text(rule)).collect();
                *slot = self.entry(place, Labels::Text(list))?;
            }
            for (slot, number) in features.iter_mut().skip(4).zip(numbers) {
                let list = rules.iter().map(|rule| number(rule)).collect();
                *slot = self.entry(place, Labels::F64(list))?;
            }
            answered.push(features);
        }
        Ok(Answer { rules: answered, ..Answer::default() })
    }

    /// For each rule whether all of these items are there.
    fn all_there(
        &mut self,
        (items, count): (ValueId, usize),
        rules: &[&AssociationRule],
        of: impl Fn(&AssociationRule) -> Vec<u32>,
    ) -> Step {
        let columns = number(count)?;
        let mut data = vec![0.0; rules.len() * columns as usize];
        let mut needed = Vec::with_capacity(rules.len());
        for (row, rule) in rules.iter().enumerate() {
            let list = of(rule);
            for item in &list {
                if let Some(cell) = data.get_mut(row * columns as usize + *item as usize) {
                    *cell = 1.0;
                }
            }
            needed.push(float(list.len()));
        }
        let intercepts = vec![0.0; rules.len()];
        let rows = number(rules.len())?;
        let there = self.linear(items, Matrix { rows, columns, data }, intercepts)?;
        let needed = self.floats(needed)?;
        self.binary(BinaryOp::Eq, there, needed)
    }
}
