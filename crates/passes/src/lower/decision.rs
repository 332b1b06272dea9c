//! Trees with predicates, rule sets and scorecards: `Where` chooses a position, answers are looked up by it.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    DecisionTree, Kind, Labels, MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses, Op, Part,
    ReasonRanking, RuleSelection, Rules, Scorecard, ValidModel, ValueId as TabularId,
};

use super::{
    Context,
    answer::{Answer, Chosen},
    build::inexpressible,
    spread,
    value::{Gaps, Store, Val},
};

/// The most nodes, rules or attributes, each of which takes an operator or two.
const MOST: usize = 1 << 14;

/// A position that may differ from row to row.
#[derive(Clone, Copy)]
enum Place {
    Fixed(i64),
    /// `[N, 1]`.
    Made(ValueId),
}

/// Where a predicate holds, and where it is unknown: `[N, 1]`.
pub(super) struct Asked {
    pub(super) holds: ValueId,
    pub(super) unknown: Option<ValueId>,
}

/// Whether a part of an estimate is taken, by an output or a node.
fn takes(valid: &ValidModel, id: TabularId, wanted: impl Fn(Part) -> bool) -> bool {
    let model = valid.model();
    let inner = model.nodes.iter().any(|(_, node)| {
        matches!(node.op, Op::Part { estimate, part } if estimate == id && wanted(part))
    });
    inner || model.outputs.iter().any(|output| output.value == id && wanted(output.part))
}

/// Why a tree has no operators; none where it has.
pub(super) fn tree_refused(
    valid: &ValidModel,
    id: TabularId,
    tree: &DecisionTree,
) -> Option<&'static str> {
    if tree.nodes.when.len() > MOST {
        return Some("more than 16,384 nodes, each with operators of its own");
    }
    match tree.missing {
        MissingStrategy::WeightedConfidence | MissingStrategy::AggregateNodes => {
            (tree.nodes.when.len() > spread::MOST)
                .then_some("more than 2,048 nodes in which rows go down several branches at once")
        }
        MissingStrategy::DefaultChild => (tree.penalty.total_cmp(&1.0).is_ne()
            && takes(valid, id, |part| part == Part::Confidence))
        .then_some("a confidence that falls with each default child"),
        MissingStrategy::None
        | MissingStrategy::LastPrediction
        | MissingStrategy::NullPrediction => None,
    }
}

/// Why rules have no operators; none where they have.
pub(super) fn rules_refused(rules: &Rules) -> Option<&'static str> {
    if rules.rules.len() > MOST {
        return Some("more than 16,384 rules, each with operators of its own");
    }
    let sound = rules.rules.iter().all(|rule| rule.weight.is_finite());
    (rules.select != RuleSelection::FirstHit && !sound).then_some("weights that are not finite")
}

/// Why a scorecard has no operators; none where it has.
pub(super) fn card_refused(card: &Scorecard) -> Option<&'static str> {
    let attributes = card.characteristics.iter().map(|c| c.attributes.len()).sum::<usize>();
    (attributes > MOST).then_some("more than 16,384 attributes, each with operators of its own")
}

/// Whether a tree may come to no answer, given whether predicates may be unknown.
pub(super) fn tree_may_miss(tree: &DecisionTree, unknown: bool) -> bool {
    let nodes = &tree.nodes;
    let always = |node: usize| nodes.when.get(node).is_some_and(Option::is_none);
    let inner = (0..nodes.when.len()).any(|node| {
        let children = children(tree, node);
        let ends = children.is_empty();
        let stuck = tree.no_true_child == NoTrueChild::Missing && !children.clone().any(always);
        let lost = match tree.missing {
            MissingStrategy::NullPrediction => unknown,
            MissingStrategy::DefaultChild => unknown && default_child(tree, node).is_none(),
            MissingStrategy::None
            | MissingStrategy::LastPrediction
            | MissingStrategy::WeightedConfidence
            | MissingStrategy::AggregateNodes => false,
        };
        let silent = match &tree.answer {
            NodeAnswer::Values(values) => values.get(node).is_none_or(Option::is_none),
            NodeAnswer::Classes(classes) => label_of(classes, node).is_none(),
        };
        let answers = ends
            || tree.no_true_child == NoTrueChild::Last
            || tree.missing == MissingStrategy::LastPrediction;
        !ends && (stuck || lost) || answers && silent
    });
    !always(0) || inner
}

/// Whether a scorecard may come to no score, given whether what it asks may be unknown.
pub(super) fn card_may_miss(card: &Scorecard, unknown: bool) -> bool {
    let sure = card.characteristics.iter().all(|c| c.attributes.iter().any(|a| a.when.is_none()));
    unknown || !sure
}

pub(super) fn children(tree: &DecisionTree, node: usize) -> std::ops::Range<usize> {
    let of = |list: &[u32]| list.get(node).map_or(0, |&number| number as usize);
    let first = of(&tree.nodes.first_child);
    first..first + of(&tree.nodes.children)
}

fn default_child(tree: &DecisionTree, node: usize) -> Option<usize> {
    tree.nodes.default_child.get(node).copied().flatten().map(|child| child as usize)
}

/// A node's row of a table of classes.
fn row<'c>(classes: &NodeClasses, table: &'c [f64], node: usize) -> Option<&'c [f64]> {
    let width = classes.classes.len();
    table.get(node * width..(node + 1) * width)
}

pub(super) fn probabilities(classes: &NodeClasses, node: usize) -> Option<Vec<f64>> {
    if let Some(given) = row(classes, &classes.probability, node) {
        return Some(given.to_vec());
    }
    let counts = row(classes, &classes.counts, node)?;
    let total = counts.iter().fold(0.0, |sum, count| sum + count);
    (total > 0.0).then(|| counts.iter().map(|count| count / total).collect())
}

/// The confidences of a node, where the file gives some.
pub(super) fn confidence(classes: &NodeClasses, node: usize) -> Option<Vec<f64>> {
    row(classes, &classes.confidence, node).map(<[f64]>::to_vec)
}

/// The class that a node answers.
fn label_of(classes: &NodeClasses, node: usize) -> Option<usize> {
    let own = classes.label.get(node).copied().flatten().map(|label| label as usize);
    own.or_else(|| first_largest(&probabilities(classes, node)?))
}

/// The first of the largest; NaN is never it.
fn first_largest(values: &[f64]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, &value) in values.iter().enumerate() {
        if !value.is_nan() && best.is_none_or(|(_, most)| value > most) {
            best = Some((i, value));
        }
    }
    best.map(|(i, _)| i)
}

pub(super) fn signed(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

impl Context<'_> {
    pub(super) fn asked(&mut self, when: TabularId) -> Result<Asked, Failure> {
        let value = self.value(when)?;
        let id = self.full(&value)?;
        let unknown = self.mask(&value)?;
        Ok(Asked { holds: self.without(id, unknown)?, unknown })
    }

    fn placed(&mut self, place: Place) -> Result<ValueId, Failure> {
        match place {
            Place::Fixed(number) => self.builder.whole(number),
            Place::Made(id) => Ok(id),
        }
    }

    fn either_place(
        &mut self,
        condition: ValueId,
        yes: Place,
        no: Place,
    ) -> Result<Place, Failure> {
        if let (Place::Fixed(yes), Place::Fixed(no)) = (yes, no)
            && yes == no
        {
            return Ok(Place::Fixed(yes));
        }
        let (yes, no) = (self.placed(yes)?, self.placed(no)?);
        self.builder.choose(condition, yes, no).map(Place::Made)
    }

    /// A position with a row for each row of the input.
    fn rows_of_place(&mut self, place: Place) -> Result<ValueId, Failure> {
        match place {
            Place::Made(id) => Ok(id),
            Place::Fixed(number) => {
                let store = Store::Constant(Labels::I64(vec![number]));
                self.full(&Val { kind: Kind::I64, width: 1, store, gaps: Gaps::None })
            }
        }
    }

    /// The first of these that holds, else the last place.
    fn first_place(&mut self, tests: &[(ValueId, i64)], last: i64) -> Result<Place, Failure> {
        let mut place = Place::Fixed(last);
        for &(holds, number) in tests.iter().rev() {
            place = self.either_place(holds, Place::Fixed(number), place)?;
        }
        Ok(place)
    }

    /// Entries of a table of numbers, NaN where there are none.
    fn numbers_at(
        &mut self,
        width: usize,
        table: &[f64],
        at: ValueId,
        gaps: bool,
    ) -> Result<Val, Failure> {
        let (rows, width) = (table.len() / width.max(1), width as u64);
        let table = self.builder.floats(Kind::F64, &[rows as u64, width], table)?;
        let flat = self.builder.flattened(at, 1)?;
        let id = self.builder.looked_up(table, flat)?;
        let width = u32::try_from(width).unwrap_or(u32::MAX);
        Ok(Val::rows(Kind::F64, width, id).with_gaps(gaps_in_band(gaps)))
    }

    /// Entries of a list of texts, the empty one where there is none.
    pub(super) fn texts_at(
        &mut self,
        texts: Vec<String>,
        at: ValueId,
        gaps: bool,
    ) -> Result<Val, Failure> {
        let length = texts.len() as u64;
        let table = self.builder.constant(Kind::Text, &[length], &Labels::Text(texts))?;
        let id = self.builder.looked_up(table, at)?;
        Ok(Val::rows(Kind::Text, 1, id).with_gaps(gaps_in_band(gaps)))
    }

    /// The label at a position, by its place among the classes; none where the list has none.
    fn label_at(
        &mut self,
        classes: &Labels,
        labels: &[Option<usize>],
        at: ValueId,
        may_miss: bool,
    ) -> Result<Chosen, Failure> {
        let length = labels.len() as u64;
        let places = labels.iter().map(|label| signed(label.unwrap_or(0))).collect();
        let places = self.builder.constant(Kind::I64, &[length], &Labels::I64(places))?;
        let position = self.builder.looked_up(places, at)?;
        let missing = if may_miss {
            let flags = Labels::Bool(labels.iter().map(Option::is_none).collect());
            let flags = self.builder.constant(Kind::Bool, &[length], &flags)?;
            Some(self.builder.looked_up(flags, at)?)
        } else {
            None
        };
        Ok(Chosen { labels: classes.clone(), position, missing })
    }

    pub(super) fn decision_tree(&mut self, tree: &DecisionTree) -> Result<Answer, Failure> {
        let several = matches!(
            tree.missing,
            MissingStrategy::WeightedConfidence | MissingStrategy::AggregateNodes
        );
        if several {
            return self.spread_tree(tree);
        }
        let nodes = tree.nodes.when.len();
        let nowhere = Place::Fixed(signed(nodes));
        // Children stand behind their parents.
        let mut ends = vec![nowhere; nodes];
        let mut unknown = false;
        for node in (0..nodes).rev() {
            let (end, any_unknown) = self.end(tree, node, &ends, nowhere)?;
            unknown |= any_unknown;
            if let Some(slot) = ends.get_mut(node) {
                *slot = end;
            }
        }
        let root = ends.first().copied().unwrap_or(nowhere);
        let end = match tree.nodes.when.first().copied().flatten() {
            Some(when) => {
                let asked = self.asked(when)?;
                self.either_place(asked.holds, root, nowhere)?
            }
            None => root,
        };
        let at = self.rows_of_place(end)?;
        let may_miss = tree_may_miss(tree, unknown);
        let ids = tree.nodes.id.iter().cloned().chain([String::new()]).collect();
        let entities = vec![self.texts_at(ids, at, may_miss)?];
        match &tree.answer {
            NodeAnswer::Values(values) => {
                let table: Vec<f64> =
                    values.iter().map(|v| v.unwrap_or(f64::NAN)).chain([f64::NAN]).collect();
                let value = self.numbers_at(1, &table, at, may_miss)?;
                let margins = Some(value.clone());
                Ok(Answer { answers: Some(value), margins, entities, ..Answer::default() })
            }
            NodeAnswer::Classes(classes) => {
                let answer = self.classes_at(classes, nodes, at, may_miss)?;
                Ok(Answer { entities, ..answer })
            }
        }
    }

    /// Where rows end that are at a node, and whether a predicate below may be unknown.
    fn end(
        &mut self,
        tree: &DecisionTree,
        node: usize,
        ends: &[Place],
        nowhere: Place,
    ) -> Result<(Place, bool), Failure> {
        let here = Place::Fixed(signed(node));
        let children = children(tree, node);
        if children.is_empty() {
            return Ok((here, false));
        }
        let end_of = |child: usize| ends.get(child).copied().unwrap_or(nowhere);
        let mut end = match tree.no_true_child {
            NoTrueChild::Last => here,
            NoTrueChild::Missing => nowhere,
        };
        let mut any_unknown = false;
        for child in children.rev() {
            let Some(when) = tree.nodes.when.get(child).copied().flatten() else {
                end = end_of(child);
                continue;
            };
            let asked = self.asked(when)?;
            end = self.either_place(asked.holds, end_of(child), end)?;
            any_unknown |= asked.unknown.is_some();
            let elsewhere = match tree.missing {
                MissingStrategy::None => None,
                MissingStrategy::LastPrediction => Some(here),
                MissingStrategy::NullPrediction => Some(nowhere),
                MissingStrategy::DefaultChild => {
                    Some(default_child(tree, node).map_or(nowhere, end_of))
                }
                MissingStrategy::WeightedConfidence | MissingStrategy::AggregateNodes => {
                    return Err(inexpressible(tree.missing.name()));
                }
            };
            if let (Some(unknown), Some(elsewhere)) = (asked.unknown, elsewhere) {
                end = self.either_place(unknown, elsewhere, end)?;
            }
        }
        Ok((end, any_unknown))
    }

    /// Label, probabilities and confidence of the node at a position; behind the last there is nothing.
    pub(super) fn classes_at(
        &mut self,
        classes: &NodeClasses,
        nodes: usize,
        at: ValueId,
        may_miss: bool,
    ) -> Result<Answer, Failure> {
        let width = classes.classes.len();
        let mut labels = Vec::with_capacity(nodes + 1);
        let (mut shares, mut sure) = (Vec::new(), Vec::new());
        let mut all_shared = true;
        for node in 0..nodes {
            let label = label_of(classes, node);
            let found = probabilities(classes, node);
            all_shared &= found.is_some();
            let confidence = row(classes, &classes.confidence, node).or(found.as_deref());
            let of_label = label.and_then(|label| confidence?.get(label).copied());
            sure.push(of_label.unwrap_or(f64::NAN));
            shares.extend(found.unwrap_or_else(|| vec![f64::NAN; width]));
            labels.push(label);
        }
        labels.push(None);
        shares.resize(shares.len() + width, f64::NAN);
        sure.push(f64::NAN);
        let gaps = may_miss || !all_shared;
        Ok(Answer {
            label: Some(self.label_at(&classes.classes, &labels, at, may_miss)?),
            answers: Some(self.numbers_at(width, &shares, at, gaps)?),
            confidence: Some(self.numbers_at(1, &sure, at, gaps)?),
            ..Answer::default()
        })
    }

    pub(super) fn rules(&mut self, rules: &Rules) -> Result<Answer, Failure> {
        let count = rules.rules.len();
        let mut fires = Vec::with_capacity(count);
        for rule in &rules.rules {
            fires.push(self.asked(rule.when)?.holds);
        }
        if rules.select == RuleSelection::WeightedSum && count > 0 {
            return self.heaviest_class(rules, &fires);
        }
        let mut order: Vec<usize> = (0..count).collect();
        if rules.select == RuleSelection::WeightedMax {
            // The heaviest that fires is the first in this order, and of equals the earlier.
            let weight = |rule: &usize| rules.rules.get(*rule).map_or(0.0, |rule| rule.weight);
            order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        }
        let tests: Vec<(ValueId, i64)> =
            (order.iter()).filter_map(|&rule| Some((*fires.get(rule)?, signed(rule)))).collect();
        let place = self.first_place(&tests, signed(count))?;
        let at = self.rows_of_place(place)?;
        let may_miss = rules.default.is_none();
        let labels: Vec<Option<usize>> = (rules.rules.iter())
            .map(|rule| Some(rule.class as usize))
            .chain([rules.default.map(|class| class as usize)])
            .collect();
        let otherwise = if may_miss { f64::NAN } else { rules.default_confidence };
        let sure: Vec<f64> =
            rules.rules.iter().map(|rule| rule.confidence).chain([otherwise]).collect();
        let ids = rules.rules.iter().map(|rule| rule.id.clone()).chain([String::new()]).collect();
        Ok(Answer {
            label: Some(self.label_at(&rules.classes, &labels, at, may_miss)?),
            entities: vec![self.texts_at(ids, at, true)?],
            confidence: Some(self.numbers_at(1, &sure, at, may_miss)?),
            ..Answer::default()
        })
    }

    /// The class with the largest sum of weights.
    fn heaviest_class(&mut self, rules: &Rules, fires: &[ValueId]) -> Result<Answer, Failure> {
        let fired = self.builder.joined(fires, 1)?;
        let any = self.builder.any(fired)?;
        let zero = self.builder.number(0.0)?;
        let weights: Vec<f64> = rules.rules.iter().map(|rule| rule.weight).collect();
        let weights = self.builder.row(&weights)?;
        let counted = self.builder.choose(fired, weights, zero)?;
        let mut sums = Vec::with_capacity(rules.classes.len());
        for class in 0..rules.classes.len() {
            let own: Vec<u32> = (0_u32..)
                .zip(&rules.rules)
                .filter(|(_, rule)| rule.class as usize == class)
                .map(|(place, _)| place)
                .collect();
            sums.push(if own.is_empty() {
                self.builder.choose(any, zero, zero)?
            } else {
                let width = u32::try_from(own.len()).unwrap_or(u32::MAX);
                let own = self.builder.columns(counted, &own)?;
                self.row_sum(own, width)?
            });
        }
        let sums = self.builder.joined(&sums, 1)?;
        let class = self.builder.arg_max(sums)?;
        let count = self.builder.true_count(fired)?;
        let count = self.builder.cast(count, Kind::F32, Kind::F64)?;
        let sum = self.builder.picked(sums, class)?;
        let sure = self.builder.two("Div", sum, count)?;

        let of_rules = Labels::I64(rules.rules.iter().map(|rule| i64::from(rule.class)).collect());
        let of_rules =
            self.builder.constant(Kind::I64, &[1, rules.rules.len() as u64], &of_rules)?;
        let own = self.builder.two("Equal", of_rules, class)?;
        let own = self.builder.two("And", own, fired)?;
        let lowest = self.builder.number(f64::NEG_INFINITY)?;
        let own = self.builder.choose(own, weights, lowest)?;
        let heaviest = self.builder.arg_max(own)?;
        let nothing = self.builder.whole(signed(rules.rules.len()))?;
        let rule = self.builder.choose(any, heaviest, nothing)?;
        let ids = rules.rules.iter().map(|rule| rule.id.clone()).chain([String::new()]).collect();

        let otherwise = self.builder.whole(rules.default.map_or(0, i64::from))?;
        let position = self.builder.choose(any, class, otherwise)?;
        let missing = match rules.default {
            Some(_) => None,
            None => Some(self.builder.one("Not", any)?),
        };
        let otherwise = self.builder.number(rules.default_confidence)?;
        let sure = self.builder.choose(any, sure, otherwise)?;
        Ok(Answer {
            label: Some(Chosen { labels: rules.classes.clone(), position, missing }),
            entities: vec![self.texts_at(ids, rule, true)?],
            confidence: Some(self.with_mask(Kind::F64, 1, sure, missing)?),
            ..Answer::default()
        })
    }

    pub(super) fn scorecard(&mut self, id: TabularId, card: &Scorecard) -> Result<Answer, Failure> {
        let mut reasons: Vec<&str> = Vec::new();
        let mut sum = match card.initial {
            Some(initial) => {
                let initial = self.value(initial)?;
                self.as_f64(&initial)?
            }
            None => self.builder.number(0.0)?,
        };
        // For each characteristic the reason by its number, and the distance from the baseline.
        let (mut given, mut distances) = (Vec::new(), Vec::new());
        let ranking =
            card.reasons.filter(|_| takes(self.valid, id, |p| matches!(p, Part::Reason(_))));
        for characteristic in &card.characteristics {
            let mut score = self.builder.number(f64::NAN)?;
            let mut reason = Place::Fixed(0);
            for attribute in characteristic.attributes.iter().rev() {
                let own = self.value(attribute.score)?;
                let own = self.as_f64(&own)?;
                let number = reasons.iter().position(|known| *known == attribute.reason);
                let number = number.unwrap_or_else(|| {
                    reasons.push(&attribute.reason);
                    reasons.len() - 1
                });
                let number = Place::Fixed(signed(number));
                match attribute.when {
                    None => (score, reason) = (own, number),
                    Some(when) => {
                        let asked = self.asked(when)?;
                        score = self.builder.choose(asked.holds, own, score)?;
                        if ranking.is_some() {
                            reason = self.either_place(asked.holds, number, reason)?;
                        }
                    }
                }
            }
            sum = self.builder.two("Add", sum, score)?;
            if let Some(ranking) = ranking {
                let baseline = self.builder.number(characteristic.baseline)?;
                distances.push(match ranking {
                    ReasonRanking::PointsAbove => self.builder.two("Sub", score, baseline)?,
                    ReasonRanking::PointsBelow => self.builder.two("Sub", baseline, score)?,
                });
                given.push(self.rows_of_place(reason)?);
            }
        }
        let score = Val::rows(Kind::F64, 1, sum).with_gaps(Gaps::InBand);
        let reasons = if given.is_empty() {
            Vec::new()
        } else {
            self.ranked_reasons(&reasons, &given, &distances, sum)?
        };
        let margins = Some(score.clone());
        Ok(Answer { answers: Some(score), margins, reasons, ..Answer::default() })
    }

    /// The reasons of a score, the farthest from its baseline first.
    fn ranked_reasons(
        &mut self,
        reasons: &[&str],
        given: &[ValueId],
        distances: &[ValueId],
        score: ValueId,
    ) -> Result<Vec<Val>, Failure> {
        let count = u32::try_from(given.len()).unwrap_or(u32::MAX);
        let length = u64::from(count);
        let numbers = self.builder.joined(given, 1)?;
        let distances = self.builder.joined(distances, 1)?;
        // Whether characteristic j gives the reason that characteristic i does: `[N, i, j]`.
        let (left, right) = (self.builder.raised(numbers, 2)?, self.builder.raised(numbers, 1)?);
        let same = self.builder.two("Equal", left, right)?;
        let zero = self.builder.floats(Kind::F64, &[1, 1, 1], &[0.0])?;
        let along = self.builder.raised(distances, 1)?;
        let along = self.builder.choose(same, along, zero)?;
        let totals = self.added(along, count, 2)?;
        // A reason stands where it is given first.
        let before = (0..length).flat_map(|i| (0..length).map(move |j| j < i)).collect();
        let before =
            self.builder.constant(Kind::Bool, &[1, length, length], &Labels::Bool(before))?;
        let again = self.builder.two("And", same, before)?;
        let again = self.builder.cast(again, Kind::Bool, Kind::F32)?;
        let axis = self.builder.ints(&[2])?;
        let again = self.builder.two("ReduceSum", again, axis)?;
        let again = self.builder.flattened(again, 2)?;
        let none = self.builder.float(Kind::F32, 0.0)?;
        let new = self.builder.two("LessOrEqual", again, none)?;
        let zero = self.builder.number(0.0)?;
        let counts = self.builder.two("GreaterOrEqual", totals, zero)?;
        let counts = self.builder.two("And", counts, new)?;
        let lowest = self.builder.number(f64::NEG_INFINITY)?;
        let keys = self.builder.choose(counts, totals, lowest)?;
        let (sorted, places) = self.builder.top(keys, count, true)?;
        let ranked = self.builder.picked(numbers, places)?;
        let nothing = self.builder.whole(signed(reasons.len()))?;
        let counts = self.builder.two("Greater", sorted, lowest)?;
        let ranked = self.builder.choose(counts, ranked, nothing)?;
        let lost = self.builder.is_nan(score)?;
        let ranked = self.builder.choose(lost, nothing, ranked)?;
        let texts: Vec<String> =
            reasons.iter().copied().chain([""]).map(ToOwned::to_owned).collect();
        let mut made = Vec::with_capacity(given.len());
        for rank in 0..count {
            let at = self.builder.columns(ranked, &[rank])?;
            made.push(self.texts_at(texts.clone(), at, true)?);
        }
        Ok(made)
    }
}

const fn gaps_in_band(gaps: bool) -> Gaps {
    if gaps { Gaps::InBand } else { Gaps::None }
}
