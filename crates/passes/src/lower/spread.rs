//! Trees in which a row with something unknown goes down several branches: a weight for every node, and answers
//! added over the nodes where rows end.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    DecisionTree, Kind, Labels, MissingStrategy, NoTrueChild, NodeAnswer, NodeClasses,
};

use super::{
    Context,
    answer::{Answer, Chosen},
    build::inexpressible,
    decision::{children, confidence, probabilities, signed},
    value::{Gaps, Store, Val},
};

/// The most nodes, each with a dozen operators.
pub(super) const MOST: usize = 1 << 11;

/// A node where rows end: which do, and with what weight, `[N, 1]` each.
struct End {
    node: usize,
    here: ValueId,
    weight: ValueId,
}

/// Where the rows of a tree end.
struct Ends {
    /// In the order in which they are found, children of a node one after the other.
    nodes: Vec<End>,
    /// Where something on the way was unknown.
    unknown: ValueId,
    /// Where rows end nowhere.
    lost: ValueId,
}

impl Context<'_> {
    pub(super) fn spread_tree(&mut self, tree: &DecisionTree) -> Result<Answer, Failure> {
        let Ends { nodes: mut ends, unknown, lost } = self.spread_ends(tree)?;
        if tree.missing == MissingStrategy::AggregateNodes {
            self.weigh_by_records(tree, &mut ends, unknown)?;
        }
        // Where nothing is unknown, rows end at one node.
        let nodes = tree.nodes.when.len();
        let mut place = self.builder.whole(signed(nodes))?;
        for end in &ends {
            let own = self.builder.whole(signed(end.node))?;
            place = self.builder.choose(end.here, own, place)?;
        }
        let nowhere = self.builder.whole(signed(nodes))?;
        let several = self.builder.two("Or", unknown, lost)?;
        let named = self.builder.choose(several, nowhere, place)?;
        let ids = tree.nodes.id.iter().cloned().chain([String::new()]).collect();
        let entities = vec![self.texts_at(ids, named, true)?];
        match &tree.answer {
            NodeAnswer::Values(values) => {
                let rows: Vec<Vec<f64>> =
                    values.iter().map(|value| vec![value.unwrap_or(f64::NAN)]).collect();
                let sum = self.over_ends(&ends, &rows, 1)?;
                let value = self.with_mask(Kind::F64, 1, sum, Some(lost))?;
                let margins = Some(value.clone());
                Ok(Answer { answers: Some(value), margins, entities, ..Answer::default() })
            }
            NodeAnswer::Classes(classes) => {
                let own = self.classes_at(classes, nodes, place, true)?;
                let spread = self.shared_classes(classes, nodes, &ends)?;
                let answer = self.either_answer(classes, unknown, lost, own, spread)?;
                Ok(Answer { entities, ..answer })
            }
        }
    }

    /// What several nodes say together, where something was unknown, else what the one says.
    fn either_answer(
        &mut self,
        classes: &NodeClasses,
        unknown: ValueId,
        lost: ValueId,
        own: Answer,
        shares: ValueId,
    ) -> Result<Answer, Failure> {
        let absent = || inexpressible("a tree without classes");
        let width = u32::try_from(classes.classes.len()).unwrap_or(u32::MAX);
        let plain = Val::rows(Kind::F64, width, shares);
        let together = self.largest_share(&classes.classes, &plain)?;
        let largest = self.builder.picked(shares, together.position)?;
        let label = own.label.ok_or_else(absent)?;
        let position = self.builder.choose(unknown, together.position, label.position)?;
        let known = self.builder.one("Not", unknown)?;
        let mut missing = lost;
        if let Some(gap) = label.missing {
            let gap = self.builder.two("And", known, gap)?;
            missing = self.builder.two("Or", lost, gap)?;
        }
        let (alone, sure) = (own.answers.ok_or_else(absent)?, own.confidence.ok_or_else(absent)?);
        let (alone, sure) = (self.tensor(&alone)?, self.tensor(&sure)?);
        let answers = self.builder.choose(unknown, shares, alone)?;
        let confidence = self.builder.choose(unknown, largest, sure)?;
        let answers = self.with_mask(Kind::F64, width, answers, Some(lost))?;
        let confidence = self.with_mask(Kind::F64, 1, confidence, Some(lost))?;
        Ok(Answer {
            label: Some(Chosen {
                labels: classes.classes.clone(),
                position,
                missing: Some(missing),
            }),
            answers: Some(answers),
            confidence: Some(confidence),
            ..Answer::default()
        })
    }

    /// `[N, classes]`: the confidences of the nodes where a row ends, by weight.
    fn shared_classes(
        &mut self,
        classes: &NodeClasses,
        nodes: usize,
        ends: &[End],
    ) -> Result<ValueId, Failure> {
        let width = classes.classes.len();
        let of = |node: usize| {
            confidence(classes, node)
                .or_else(|| probabilities(classes, node))
                .unwrap_or_else(|| vec![0.0; width])
        };
        let rows: Vec<Vec<f64>> = (0..nodes).map(of).collect();
        self.over_ends(ends, &rows, width)
    }

    /// Rows of a table added by weight over the nodes where rows end, in order.
    fn over_ends(
        &mut self,
        ends: &[End],
        rows: &[Vec<f64>],
        width: usize,
    ) -> Result<ValueId, Failure> {
        let zero = self.builder.row(&vec![0.0; width])?;
        let mut sum = zero;
        for end in ends {
            let Some(row) = rows.get(end.node) else { continue };
            let row = self.builder.row(row)?;
            let term = self.builder.two("Mul", row, end.weight)?;
            let term = self.builder.choose(end.here, term, zero)?;
            sum = self.builder.two("Add", sum, term)?;
        }
        Ok(sum)
    }

    /// Weights are the records of a node among those of all where the row ends.
    fn weigh_by_records(
        &mut self,
        tree: &DecisionTree,
        ends: &mut [End],
        unknown: ValueId,
    ) -> Result<(), Failure> {
        let one = self.builder.number(1.0)?;
        let zero = self.builder.number(0.0)?;
        let mut records = zero;
        for end in ends.iter() {
            let own = self.records(tree, end.node)?;
            let own = self.builder.choose(end.here, own, zero)?;
            records = self.builder.two("Add", records, own)?;
        }
        for end in ends {
            let own = self.records(tree, end.node)?;
            let share = self.builder.two("Div", own, records)?;
            end.weight = self.builder.choose(unknown, share, one)?;
        }
        Ok(())
    }

    fn records(&mut self, tree: &DecisionTree, node: usize) -> Result<ValueId, Failure> {
        self.builder.number(tree.nodes.records.get(node).copied().unwrap_or(f64::NAN))
    }

    fn spread_ends(&mut self, tree: &DecisionTree) -> Result<Ends, Failure> {
        let nothing = {
            let store = Store::Constant(Labels::Bool(vec![false]));
            self.full(&Val { kind: Kind::Bool, width: 1, store, gaps: Gaps::None })?
        };
        let everything = self.builder.one("Not", nothing)?;
        let root = match tree.nodes.when.first().copied().flatten() {
            Some(when) => self.asked(when)?.holds,
            None => everything,
        };
        let mut found =
            Ends { nodes: Vec::new(), unknown: nothing, lost: self.builder.one("Not", root)? };
        let mut stack = vec![(0, root, self.builder.number(1.0)?)];
        while let Some((at, here, weight)) = stack.pop() {
            if children(tree, at).is_empty() {
                found.nodes.push(End { node: at, here, weight });
                continue;
            }
            let follow = self.followed(tree, at, nothing)?;
            let unknown = self.builder.two("And", here, follow.unknown)?;
            found.unknown = self.builder.two("Or", found.unknown, unknown)?;
            let stuck = self.builder.one("Not", follow.any)?;
            let stuck = self.builder.two("And", here, stuck)?;
            match tree.no_true_child {
                NoTrueChild::Last => found.nodes.push(End { node: at, here: stuck, weight }),
                NoTrueChild::Missing => {
                    found.lost = self.builder.two("Or", found.lost, stuck)?;
                }
            }
            for (child, (taken, share)) in
                children(tree, at).zip(follow.children).collect::<Vec<_>>().into_iter().rev()
            {
                let here = self.builder.two("And", here, taken)?;
                let weight = self.builder.two("Mul", weight, share)?;
                stack.push((child, here, weight));
            }
        }
        Ok(found)
    }

    /// Which children are followed, and with what share of the weight.
    fn followed(
        &mut self,
        tree: &DecisionTree,
        at: usize,
        nothing: ValueId,
    ) -> Result<Followed, Failure> {
        let b_not = |context: &mut Self, id| context.builder.one("Not", id);
        let everything = b_not(self, nothing)?;
        let (mut open, mut unknown, mut any) = (everything, nothing, nothing);
        let mut taken = Vec::new();
        let (zero, one) = (self.builder.number(0.0)?, self.builder.number(1.0)?);
        let (mut records, mut count) = (zero, zero);
        for child in children(tree, at) {
            let (holds, gap) = match tree.nodes.when.get(child).copied().flatten() {
                Some(when) => {
                    let asked = self.asked(when)?;
                    (asked.holds, asked.unknown.unwrap_or(nothing))
                }
                None => (everything, nothing),
            };
            let gap = self.builder.two("And", open, gap)?;
            let holds = self.builder.two("And", open, holds)?;
            unknown = self.builder.two("Or", unknown, gap)?;
            let own = self.builder.two("Or", gap, holds)?;
            any = self.builder.two("Or", any, own)?;
            // The first true child is the last that is asked, but for the siblings of an unknown one.
            let mut ends = holds;
            if tree.missing == MissingStrategy::WeightedConfidence {
                let sure = b_not(self, unknown)?;
                ends = self.builder.two("And", holds, sure)?;
            }
            let goes_on = b_not(self, ends)?;
            open = self.builder.two("And", open, goes_on)?;
            let of = self.records(tree, child)?;
            let of_taken = self.builder.choose(own, of, zero)?;
            records = self.builder.two("Add", records, of_taken)?;
            let flag = self.builder.choose(own, one, zero)?;
            count = self.builder.two("Add", count, flag)?;
            taken.push((own, of));
        }
        let single = self.builder.two("Equal", count, one)?;
        let mut shares = Vec::with_capacity(taken.len());
        for (own, of) in taken {
            let share = self.builder.two("Div", of, records)?;
            shares.push((own, self.builder.choose(single, one, share)?));
        }
        Ok(Followed { children: shares, unknown, any })
    }
}

/// What happens below a node, `[N, 1]` each.
struct Followed {
    /// Whether each child is followed, and its share of the weight.
    children: Vec<(ValueId, ValueId)>,
    /// Where a child that is asked is unknown.
    unknown: ValueId,
    /// Where any is followed.
    any: ValueId,
}
