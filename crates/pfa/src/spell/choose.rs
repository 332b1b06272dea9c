//! Trees of predicates, and rules.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, BinaryOp, CategorySet, DecisionTree, Kind, Labels, Matrix, MissingRule,
    MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses, Op, Part, ReduceOp, RuleSelection,
    Rules, Summation, Test, Tree, TreeEnsemble, TreeNodes, UnaryOp, ValidModel, ValueId,
};

use super::{Answer, Spell, Step, float, number};

/// Why a tree of predicates cannot be said; none where it can.
pub(crate) fn tree_refused(
    valid: &ValidModel,
    id: ValueId,
    tree: &DecisionTree,
) -> Option<&'static str> {
    match tree.missing {
        MissingStrategy::WeightedConfidence | MissingStrategy::AggregateNodes => {
            Some("a row with a missing value goes down several branches at once")
        }
        MissingStrategy::DefaultChild if tree.penalty.total_cmp(&1.0).is_ne() => {
            let model = valid.model();
            let is = |part: Part| part == Part::Confidence;
            let taken = model.outputs.iter().any(|output| output.value == id && is(output.part))
                || model.nodes.iter().any(|(_, node)| {
                    matches!(node.op, Op::Part { estimate, part } if estimate == id && is(part))
                });
            taken.then_some("a confidence that falls with each default child")
        }
        MissingStrategy::None
        | MissingStrategy::LastPrediction
        | MissingStrategy::NullPrediction
        | MissingStrategy::DefaultChild => None,
    }
}

/// A tree in the making: the numbers of predicates are its features.
struct Growing<'t> {
    table: &'t dyn Fn(usize) -> Option<Vec<f64>>,
    nodes: TreeNodes,
    leaves: Vec<f64>,
    count: u32,
    nowhere: Option<u32>,
}

impl Growing<'_> {
    fn nowhere(&mut self) -> Result<u32, Failure> {
        if let Some(node) = self.nowhere {
            return Ok(node);
        }
        let node = number(self.nodes.push_unanswered())?;
        self.nowhere = Some(node);
        Ok(node)
    }

    /// The leaf with what stands at a node.
    fn leaf(&mut self, node: usize) -> Result<u32, Failure> {
        let Some(values) = (self.table)(node) else { return self.nowhere() };
        self.leaves.extend(values);
        let leaf = self.count;
        self.count += 1;
        number(self.nodes.push_leaf(leaf))
    }

    fn ask(&mut self, feature: u32, yes: u32, no: u32, rule: MissingRule) -> Result<u32, Failure> {
        number(self.nodes.push_split(Test::Eq, feature, 1.0, yes, no, rule))
    }

    /// Where the feature is missing, another node.
    fn unknown(&mut self, feature: u32, elsewhere: u32, node: u32) -> Result<u32, Failure> {
        // No number is in the empty set, so that gaps alone are a yes.
        let (test, rule) = (Test::In(0), MissingRule::Yes);
        number(self.nodes.push_split(test, feature, 0.0, elsewhere, node, rule))
    }
}

fn probabilities(classes: &NodeClasses, node: usize) -> Option<Vec<f64>> {
    let width = classes.classes.len();
    let row = |list: &[f64]| list.get(node * width..(node + 1) * width).map(<[f64]>::to_vec);
    if let Some(given) = row(&classes.probability) {
        return Some(given);
    }
    let counts = row(&classes.counts)?;
    let total = counts.iter().fold(0.0, |sum, count| sum + count);
    (total > 0.0).then(|| counts.iter().map(|count| count / total).collect())
}

/// The class that a node answers.
fn label_of(classes: &NodeClasses, node: usize) -> Option<usize> {
    let own = classes.label.get(node).copied().flatten().map(|label| label as usize);
    own.or_else(|| {
        let mut best: Option<(usize, f64)> = None;
        for (i, value) in probabilities(classes, node)?.into_iter().enumerate() {
            if !value.is_nan() && best.is_none_or(|(_, most)| value > most) {
                best = Some((i, value));
            }
        }
        best.map(|(i, _)| i)
    })
}

fn confidence_of(classes: &NodeClasses, node: usize) -> Option<f64> {
    let label = label_of(classes, node)?;
    let width = classes.classes.len();
    let own = classes.confidence.get(node * width..(node + 1) * width).map(<[f64]>::to_vec);
    own.or_else(|| probabilities(classes, node))?.get(label).copied()
}

impl Spell<'_> {
    pub(super) fn decision_tree(&mut self, tree: &DecisionTree) -> Result<Answer, Failure> {
        let features = self.features(tree.nodes.when.iter().copied().flatten())?;
        let place = self.tree(tree, &features, 1, &|node| Some(vec![float(node)]))?;
        let place = self.element(place, 0)?;
        let entities = vec![self.entry(place, Labels::Text(tree.nodes.id.clone()))?];
        match &tree.answer {
            NodeAnswer::Values(values) => {
                let value = |node: usize| Some(vec![values.get(node).copied().flatten()?]);
                let numbers = Some(self.tree(tree, &features, 1, &value)?);
                Ok(Answer { numbers, margins: numbers, entities, ..Answer::default() })
            }
            NodeAnswer::Classes(classes) => {
                let label = |node| Some(vec![float(label_of(classes, node)?)]);
                let label = self.tree(tree, &features, 1, &label)?;
                let label = self.element(label, 0)?;
                let label = Some(self.entry(label, classes.classes.clone())?);
                let width = classes.classes.len();
                let all = |node| probabilities(classes, node);
                let numbers = Some(self.tree(tree, &features, width, &all)?);
                let sure = |node| Some(vec![confidence_of(classes, node)?]);
                let sure = self.tree(tree, &features, 1, &sure)?;
                let confidence = Some(self.element(sure, 0)?);
                Ok(Answer { label, numbers, entities, confidence, ..Answer::default() })
            }
        }
    }

    /// Predicates as one vector of 0, 1 and missing, and where each stands in it.
    fn features(
        &mut self,
        predicates: impl Iterator<Item = ValueId>,
    ) -> Result<(ValueId, BTreeMap<ValueId, u32>), Failure> {
        let (mut places, mut args) = (BTreeMap::new(), Vec::new());
        for when in predicates {
            if places.contains_key(&when) {
                continue;
            }
            places.insert(when, number(args.len())?);
            args.push(self.value(when)?);
        }
        if args.is_empty() {
            return Ok((self.floats(vec![0.0])?, places));
        }
        let all = self.concat(args)?;
        Ok((self.cast(all, Kind::F64)?, places))
    }

    /// What a table has for the node where the tree ends, as a vector; missing where it has nothing.
    fn tree(
        &mut self,
        tree: &DecisionTree,
        (features, places): &(ValueId, BTreeMap<ValueId, u32>),
        width: usize,
        table: &dyn Fn(usize) -> Option<Vec<f64>>,
    ) -> Step {
        let (nodes, leaves) = (TreeNodes::default(), Vec::new());
        let mut grown = Growing { table, nodes, leaves, count: 0, nowhere: None };
        let of = |list: &[u32], node: usize| list.get(node).map_or(0, |&entry| entry as usize);
        let asked = |node: usize| {
            let when = tree.nodes.when.get(node).copied().flatten()?;
            places.get(&when).copied()
        };
        // Children stand behind their parents.
        let mut made = vec![0_u32; tree.nodes.when.len()];
        for node in (0..made.len()).rev() {
            let (first, count) =
                (of(&tree.nodes.first_child, node), of(&tree.nodes.children, node));
            let at = |child: usize| made.get(child).copied().unwrap_or_default();
            let here = match (count, tree.missing, tree.no_true_child) {
                (0, _, _) | (_, MissingStrategy::LastPrediction, _) | (_, _, NoTrueChild::Last) => {
                    Some(grown.leaf(node)?)
                }
                (_, _, NoTrueChild::Missing) => None,
            };
            let mut end = match (count, tree.no_true_child, here) {
                (0, _, Some(here)) | (_, NoTrueChild::Last, Some(here)) => here,
                _ => grown.nowhere()?,
            };
            let default = tree.nodes.default_child.get(node).copied().flatten();
            for child in (first..first + count).rev() {
                let Some(feature) = asked(child) else {
                    end = at(child);
                    continue;
                };
                end = match (tree.missing, here) {
                    (MissingStrategy::NullPrediction, _) => {
                        grown.ask(feature, at(child), end, MissingRule::Unanswered)?
                    }
                    (MissingStrategy::LastPrediction, Some(here)) => {
                        let next = grown.ask(feature, at(child), end, MissingRule::No)?;
                        grown.unknown(feature, here, next)?
                    }
                    (MissingStrategy::DefaultChild, _) => {
                        let next = grown.ask(feature, at(child), end, MissingRule::No)?;
                        let elsewhere = match default {
                            Some(child) => at(child as usize),
                            None => grown.nowhere()?,
                        };
                        grown.unknown(feature, elsewhere, next)?
                    }
                    (
                        MissingStrategy::None
                        | MissingStrategy::LastPrediction
                        | MissingStrategy::WeightedConfidence
                        | MissingStrategy::AggregateNodes,
                        _,
                    ) => grown.ask(feature, at(child), end, MissingRule::No)?,
                };
            }
            if let Some(slot) = made.get_mut(node) {
                *slot = end;
            }
        }
        let mut root = made.first().copied().unwrap_or_default();
        if let Some(feature) = asked(0) {
            let nowhere = grown.nowhere()?;
            root = grown.ask(feature, root, nowhere, MissingRule::No)?;
        }
        let width = number(width)?;
        if grown.count == 0 {
            // A leaf that no row comes to: the ensemble has to have one.
            grown.leaves = vec![0.0; width as usize];
        }
        self.push(Op::Trees(Box::new(TreeEnsemble {
            arg: *features,
            round_features: false,
            nodes: grown.nodes,
            trees: vec![Tree { root, weight: 1.0, output: 0 }],
            outputs: width,
            leaf_width: width,
            leaves: grown.leaves,
            sets: vec![CategorySet::default()],
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        })))
    }

    /// The place of the first of these that is true, as a number; the last place where none is.
    fn first(&mut self, tests: &[(ValueId, usize)], last: usize) -> Step {
        let mut place = self.float(float(last))?;
        for &(holds, at) in tests.iter().rev() {
            let here = self.float(float(at))?;
            place = self.either(holds, here, place)?;
        }
        Ok(place)
    }

    pub(super) fn rules(&mut self, rules: &Rules) -> Result<Answer, Failure> {
        let count = rules.rules.len();
        let mut fires = Vec::with_capacity(count);
        for rule in &rules.rules {
            fires.push(self.holds(rule.when)?);
        }
        let weight = |rule: usize| rules.rules.get(rule).map_or(f64::NAN, |rule| rule.weight);
        // The heaviest that fires is the first in this order, and of equals the earlier.
        let mut heavy: Vec<usize> = (0..count).collect();
        heavy.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)));
        let ids = |place: ValueId, spell: &mut Self| {
            let ids = rules.rules.iter().map(|rule| rule.id.clone()).collect();
            spell.entry(place, Labels::Text(ids))
        };
        if rules.select == RuleSelection::WeightedSum && count > 0 {
            return self.heaviest_class(rules, &fires, &heavy, ids);
        }
        if rules.select != RuleSelection::WeightedMax {
            heavy = (0..count).collect();
        }
        let tests: Vec<(ValueId, usize)> =
            heavy.iter().filter_map(|&rule| Some((*fires.get(rule)?, rule))).collect();
        let place = self.first(&tests, count)?;
        let mut of: Vec<f64> = rules.rules.iter().map(|rule| f64::from(rule.class)).collect();
        let mut sure: Vec<f64> = rules.rules.iter().map(|rule| rule.confidence).collect();
        if let Some(class) = rules.default {
            of.push(f64::from(class));
            sure.push(rules.default_confidence);
        }
        let class = self.entry(place, Labels::F64(of))?;
        Ok(Answer {
            label: Some(self.entry(class, rules.classes.clone())?),
            numbers: Some(self.no_numbers(rules.classes.len())?),
            entities: vec![ids(place, self)?],
            confidence: Some(self.entry(place, Labels::F64(sure))?),
            ..Answer::default()
        })
    }

    fn no_numbers(&mut self, count: usize) -> Step {
        let nothing = self.nothing(Kind::F64)?;
        self.concat(vec![nothing; count])
    }

    /// The class with the largest sum of weights.
    fn heaviest_class(
        &mut self,
        rules: &Rules,
        fires: &[ValueId],
        heavy: &[usize],
        ids: impl Fn(ValueId, &mut Self) -> Step,
    ) -> Result<Answer, Failure> {
        let fired = self.concat(fires.to_vec())?;
        let any = self.reduce(ReduceOp::Any, fired, false)?;
        let fired = self.cast(fired, Kind::F64)?;
        let (rows, columns) = (number(rules.classes.len())?, number(rules.rules.len())?);
        let own = |class: u32| {
            let weight = move |rule: &holdall_tabular::Rule| {
                if rule.class == class { rule.weight } else { 0.0 }
            };
            rules.rules.iter().map(weight)
        };
        let data = (0..rows).flat_map(own).collect();
        let sums = self.linear(fired, Matrix { rows, columns, data }, vec![0.0; rows as usize])?;
        let places = Labels::F64(super::positions(rules.classes.len()));
        let class = self.label_of_largest(sums, &places)?;
        let class = self.only_where(any, class)?;
        let count = self.reduce(ReduceOp::Sum, fired, false)?;
        // NaN is never the largest, but may be a sum.
        let mut sum = self.nothing(Kind::F64)?;
        for at in 0..rows {
            let here = self.float(f64::from(at))?;
            let is = self.binary(BinaryOp::Eq, class, here)?;
            let no = self.truth(false)?;
            let is = self.coalesce(vec![is, no])?;
            let own = self.element(sums, at)?;
            sum = self.either(is, own, sum)?;
        }
        let sure = self.binary(BinaryOp::Div, sum, count)?;
        // The heaviest of the class's rules that fire.
        let mut tests = Vec::with_capacity(heavy.len());
        for &rule in heavy {
            let (Some(&holds), Some(of)) = (fires.get(rule), rules.rules.get(rule)) else {
                continue;
            };
            let of = self.float(f64::from(of.class))?;
            let same = self.binary(BinaryOp::Eq, class, of)?;
            let no = self.truth(false)?;
            let same = self.coalesce(vec![same, no])?;
            tests.push((self.binary(BinaryOp::And, holds, same)?, rule));
        }
        let place = self.first(&tests, rules.rules.len())?;
        let none = self.unary(UnaryOp::Not, any)?;
        let default = match rules.default {
            Some(class) => self.float(f64::from(class))?,
            None => self.nothing(Kind::F64)?,
        };
        let class = self.either(none, default, class)?;
        let otherwise = match rules.default {
            Some(_) => self.float(rules.default_confidence)?,
            None => self.nothing(Kind::F64)?,
        };
        Ok(Answer {
            label: Some(self.entry(class, rules.classes.clone())?),
            numbers: Some(self.no_numbers(rules.classes.len())?),
            entities: vec![ids(place, self)?],
            confidence: Some(self.either(none, otherwise, sure)?),
            ..Answer::default()
        })
    }
}
