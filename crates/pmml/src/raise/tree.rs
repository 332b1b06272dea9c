use std::collections::BTreeMap;

use holdall_tabular::{Kind, MissingRule, Test, Tree, TreeEnsemble, ValidModel, ValueId};

use super::{
    Expr, NameId, Raise, Stop,
    emit::{Leaf, number_array},
    expression::{category_code, nonzero, or_zero},
};
use crate::{doc::Builder, number};

/// Why a feature is not tested as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Adapt {
    /// Rounded to binary32.
    Float,
    /// Widened again, for thresholds that binary32 cannot hold.
    Double,
    /// 0 where missing.
    Zero,
    /// Missing where near 0.
    NonZero,
    /// Without its fraction, as a category.
    Code,
}

/// How many times as many nodes are written as there are, where nodes have several parents.
const MOST_COPIES: usize = 8;

/// Which nodes a tree has, in the order of writing; a node with several parents comes once for each. `None` where
/// that are too many.
pub(crate) fn walk(trees: &TreeEnsemble, tree: &Tree, visit: &mut dyn FnMut(usize)) -> Option<()> {
    let mut stack = vec![tree.root as usize];
    let mut left = trees.nodes.len().saturating_mul(MOST_COPIES);
    while let Some(node) = stack.pop() {
        left = left.checked_sub(1)?;
        visit(node);
        if *trees.nodes.test.get(node)? != Test::Leaf {
            stack.push(*trees.nodes.no.get(node)? as usize);
            stack.push(*trees.nodes.yes.get(node)? as usize);
        }
    }
    Some(())
}

/// Whether a split asks only whether there is a value: every number is at most ∞ and at least −∞.
fn is_presence(test: Test, threshold: f64) -> bool {
    let (all, of) = match test {
        Test::Le => (f64::INFINITY, threshold),
        Test::Ge => (f64::NEG_INFINITY, threshold),
        Test::Leaf | Test::Lt | Test::Gt | Test::Eq | Test::Ne | Test::In(_) => return false,
    };
    of.total_cmp(&all).is_eq()
}

/// Whether rows may be left without an answer; none where other rows are refused, which one tree cannot both say.
pub(crate) fn loses_answers(trees: &TreeEnsemble) -> Option<bool> {
    let nodes = &trees.nodes;
    let loses = nodes.may_lose(true);
    let mut splits = nodes.test.iter().zip(&nodes.missing).filter(|(test, _)| **test != Test::Leaf);
    let refuses = splits.any(|(_, rule)| *rule == MissingRule::Compare);
    (!(loses && refuses)).then_some(loses)
}

/// Whether every tree can be written: not much sharing, thresholds that are numbers, and missing values that either
/// refuse rows or leave them without an answer.
pub(crate) fn is_writable(valid: &ValidModel) -> bool {
    valid.model().nodes.iter().all(|(_, node)| {
        let holdall_tabular::Op::Trees(trees) = &node.op else { return true };
        let nodes = &trees.nodes;
        let finite = nodes.test.iter().zip(&nodes.threshold).zip(&nodes.missing).all(
            |((test, threshold), rule)| {
                let told = matches!(rule, MissingRule::No | MissingRule::Compare);
                threshold.is_finite() || (told && is_presence(*test, *threshold))
            },
        );
        let mut seen = vec![false; trees.nodes.len()];
        // Trees may share nodes with each other as they like; within themselves so many come again.
        let mut copies = trees.nodes.len().saturating_mul(MOST_COPIES);
        let few = trees.trees.iter().all(|tree| {
            let mut own = Vec::new();
            let walked = walk(trees, tree, &mut |node| own.push(node)).is_some();
            let mut again = 0;
            for &node in &own {
                if let Some(seen) = seen.get_mut(node) {
                    again += usize::from(std::mem::replace(seen, true));
                }
            }
            for node in own {
                if let Some(seen) = seen.get_mut(node) {
                    *seen = false;
                }
            }
            copies = copies.saturating_sub(again);
            walked && copies > 0
        });
        finite && few && loses_answers(trees).is_some()
    })
}

impl Raise<'_> {
    /// Derives the fields that the splits of an output's trees test.
    pub(super) fn adapt_features(&mut self, id: ValueId, trees: &TreeEnsemble) -> Result<(), Stop> {
        if self.tested.contains_key(&id) {
            return Ok(());
        }
        let mut names = std::collections::BTreeSet::new();
        for node in 0..trees.nodes.len() {
            if trees.nodes.test.get(node).is_some_and(|test| *test != Test::Leaf) {
                names.insert(self.tested(id, trees, node)?);
            }
        }
        self.tested.insert(id, names);
        Ok(())
    }

    /// The field that a split tests, derived where need be.
    fn tested(&mut self, id: ValueId, trees: &TreeEnsemble, node: usize) -> Result<NameId, Stop> {
        let nodes = &trees.nodes;
        let (Some(&test), Some(&feature), Some(&rule), Some(&threshold)) = (
            nodes.test.get(node),
            nodes.feature.get(node),
            nodes.missing.get(node),
            nodes.threshold.get(node),
        ) else {
            return Err(self.bug(id, "a node has no columns"));
        };
        let mut name = self.field(trees.arg, feature as usize)?;
        if trees.round_features && self.names.kind(name) == Kind::F64 {
            name = match self.names.narrow(name) {
                Some(narrow) => narrow,
                None if self.names.is_indicator(name) => name,
                None => self.adapted(Adapt::Float, name),
            };
        }
        match rule {
            MissingRule::AsZero => name = self.adapted(Adapt::Zero, name),
            MissingRule::YesWithZero | MissingRule::NoWithZero => {
                name = self.adapted(Adapt::NonZero, name);
            }
            MissingRule::Yes | MissingRule::No | MissingRule::Compare | MissingRule::Unanswered => {
            }
        }
        if let Test::In(_) = test {
            return Ok(self.adapted(Adapt::Code, name));
        }
        if self.names.kind(name) == Kind::F32
            && !is_presence(test, threshold)
            && threshold_f32(test, threshold).is_none()
        {
            name = self.adapted(Adapt::Double, name);
        }
        Ok(name)
    }

    fn adapted(&mut self, adapt: Adapt, from: NameId) -> NameId {
        if let Some(&name) = self.adapted.get(&(adapt, from)) {
            return name;
        }
        let kind = self.names.kind(from);
        let text = self.names.text(from).to_owned();
        let (base, to, expr) = match adapt {
            Adapt::Float => (format!("float({text})"), Kind::F32, Expr::Field(from)),
            Adapt::Double => (format!("double({text})"), Kind::F64, Expr::Field(from)),
            Adapt::Zero => (format!("zero({text})"), kind, or_zero(from, kind)),
            Adapt::NonZero => (format!("nonzero({text})"), kind, nonzero(from, kind)),
            Adapt::Code => {
                let expr = category_code(&Expr::Field(from), kind);
                (format!("code({text})"), kind, expr)
            }
        };
        let name = self.derive(&base, to, adapt == Adapt::Code, expr);
        if matches!(adapt, Adapt::Zero) && self.names.is_indicator(from) {
            self.names.set_indicator(name);
        }
        self.adapted.insert((adapt, from), name);
        name
    }

    /// Writes the nodes of a tree. `leaf` says what the leaf with this number answers.
    pub(super) fn tree_nodes(
        &mut self,
        out: &mut Builder,
        (id, trees, tree): (ValueId, &TreeEnsemble, &Tree),
        leaf: &dyn Fn(u32) -> Leaf,
    ) -> Result<(), Stop> {
        enum Step {
            Enter { node: usize, id: String, predicate: Predicate },
            Leave,
        }
        let nodes = &trees.nodes;
        let loses = loses_answers(trees) == Some(true);
        let root = tree.root as usize;
        let mut copies: BTreeMap<usize, usize> = BTreeMap::new();
        // What a node is called that comes again.
        let mut called = |node: usize| {
            let copy = copies.entry(node).or_default();
            *copy += 1;
            if *copy == 1 { node.to_string() } else { format!("{node}.{copy}") }
        };
        let mut steps =
            vec![Step::Enter { node: root, id: called(root), predicate: Predicate::True }];
        while let Some(step) = steps.pop() {
            let Step::Enter { node, id: name, predicate } = step else {
                out.close();
                continue;
            };
            let (Some(&test), Some(&yes), Some(&no)) =
                (nodes.test.get(node), nodes.yes.get(node), nodes.no.get(node))
            else {
                return Err(self.bug(id, "a node does not exist"));
            };
            out.open("Node").attribute("id", name);
            let samples = nodes.samples.get(node).copied();
            steps.push(Step::Leave);
            if nodes.is_unanswered(node) {
                // Below it is no child that takes the row.
                predicate.write(out);
                out.open("Node").open("False").close().close();
                continue;
            }
            if test == Test::Leaf {
                let leaf = leaf(yes);
                out.attribute("score", &leaf.score);
                out.optional("recordCount", samples.map(number::text));
                predicate.write(out);
                leaf.write_distribution(out, samples);
                continue;
            }
            out.optional("recordCount", samples.map(number::text));
            let mut children = Vec::with_capacity(2);
            if loses {
                for (child, predicate) in self.children_by_order(id, trees, node)? {
                    let child = child as usize;
                    children.push((child, called(child), predicate));
                }
            } else {
                let way = self.default_side(id, trees, node)?;
                for (child, side) in [(yes as usize, true), (no as usize, false)] {
                    let name = called(child);
                    if way == Some(side) {
                        out.attribute("defaultChild", &name);
                    }
                    children.push((child, name, self.predicate(id, trees, (node, side))?));
                }
            }
            predicate.write(out);
            for (node, id, predicate) in children.into_iter().rev() {
                steps.push(Step::Enter { node, id, predicate });
            }
        }
        Ok(())
    }

    /// The children of a split where an unknown predicate passes to the next child, and a row that no child takes
    /// has no answer.
    fn children_by_order(
        &mut self,
        id: ValueId,
        trees: &TreeEnsemble,
        node: usize,
    ) -> Result<Vec<(u32, Predicate)>, Stop> {
        let nodes = &trees.nodes;
        let (Some(&yes), Some(&no), Some(&rule)) =
            (nodes.yes.get(node), nodes.no.get(node), nodes.missing.get(node))
        else {
            return Err(self.bug(id, "a node does not exist"));
        };
        let tested = self.tested(id, trees, node)?;
        let on = self.predicate(id, trees, (node, true))?;
        let off = self.predicate(id, trees, (node, false))?;
        let mut children = match rule {
            MissingRule::No
            | MissingRule::NoWithZero
            | MissingRule::AsZero
            | MissingRule::Compare => {
                vec![(yes, on), (no, Predicate::True)]
            }
            MissingRule::Yes | MissingRule::YesWithZero => {
                vec![(no, off), (yes, Predicate::True)]
            }
            // NaN is a value that meets neither comparison.
            MissingRule::Unanswered if self.names.may_be_nan(tested) => {
                let field = self.names.text(tested).to_owned();
                vec![(yes, on), (no, Predicate::Presence { field, operator: "isNotMissing" })]
            }
            MissingRule::Unanswered => {
                let mut children = vec![(yes, on), (no, off)];
                children.retain(|(child, _)| !nodes.is_unanswered(*child as usize));
                return Ok(children);
            }
        };
        // The last needs no node to have no answer.
        if children.last().is_some_and(|(child, _)| nodes.is_unanswered(*child as usize)) {
            children.pop();
        }
        Ok(children)
    }

    /// The inputs and stage outputs that a tree needs.
    pub(super) fn tree_roots(
        &mut self,
        id: ValueId,
        trees: &TreeEnsemble,
        tree: &Tree,
    ) -> Result<Vec<NameId>, Stop> {
        let mut splits = Vec::new();
        let walked = walk(trees, tree, &mut |node| splits.push(node));
        if walked.is_none() {
            return Err(self.bug(id, "too many nodes have several parents"));
        }
        let mut tested = std::collections::BTreeSet::new();
        for node in splits {
            if trees.nodes.test.get(node).is_some_and(|test| *test != Test::Leaf) {
                tested.insert(self.tested(id, trees, node)?);
            }
        }
        Ok(tested.into_iter().collect())
    }

    /// The side that a missing value takes, or none where there cannot be one or the row fails.
    fn default_side(
        &mut self,
        id: ValueId,
        trees: &TreeEnsemble,
        node: usize,
    ) -> Result<Option<bool>, Stop> {
        let name = self.tested(id, trees, node)?;
        let test = trees.nodes.test.get(node).copied().unwrap_or(Test::Leaf);
        Ok(match trees.nodes.missing.get(node) {
            Some(MissingRule::Yes | MissingRule::YesWithZero) => Some(true),
            Some(MissingRule::No | MissingRule::NoWithZero) => Some(false),
            // NaN compares unequal to everything.
            Some(MissingRule::Compare) if self.names.may_be_nan(name) => Some(test == Test::Ne),
            Some(MissingRule::Compare | MissingRule::Unanswered | MissingRule::AsZero) | None => {
                None
            }
        })
    }

    fn predicate(
        &mut self,
        id: ValueId,
        trees: &TreeEnsemble,
        (node, side): (usize, bool),
    ) -> Result<Predicate, Stop> {
        let name = self.tested(id, trees, node)?;
        let field = self.names.text(name).to_owned();
        let nodes = &trees.nodes;
        let test = nodes.test.get(node).copied().unwrap_or(Test::Leaf);
        let threshold = nodes.threshold.get(node).copied().unwrap_or(0.0);
        if let Test::In(set) = test {
            let members = trees.sets.get(set as usize).map(|s| s.members().collect());
            let operator = if side { "isIn" } else { "isNotIn" };
            return Ok(Predicate::Set { field, operator, members: members.unwrap_or_default() });
        }
        if is_presence(test, threshold) {
            let operator = if side { "isNotMissing" } else { "isMissing" };
            return Ok(Predicate::Presence { field, operator });
        }
        let (yes, no) = match test {
            Test::Lt => ("lessThan", "greaterOrEqual"),
            Test::Le => ("lessOrEqual", "greaterThan"),
            Test::Gt => ("greaterThan", "lessOrEqual"),
            Test::Ge => ("greaterOrEqual", "lessThan"),
            Test::Eq => ("equal", "notEqual"),
            Test::Ne => ("notEqual", "equal"),
            Test::Leaf | Test::In(_) => return Err(self.bug(id, "no comparison")),
        };
        let value = if self.names.kind(name) == Kind::F32 {
            threshold_f32(test, threshold).unwrap_or(threshold)
        } else {
            threshold
        };
        let operator = if side { yes } else { no };
        let value = if self.names.kind(name) == Kind::I64 {
            integer_threshold(test, value)
        } else {
            number::text(value)
        };
        Ok(Predicate::Simple { field, operator, value })
    }
}

/// A predicate ready to be written.
#[derive(Clone, Debug)]
pub(super) enum Predicate {
    True,
    Presence { field: String, operator: &'static str },
    Simple { field: String, operator: &'static str, value: String },
    Set { field: String, operator: &'static str, members: Vec<u32> },
}

impl Predicate {
    fn write(&self, out: &mut Builder) {
        match self {
            Self::True => {
                out.open("True");
            }
            Self::Simple { field, operator, value } => {
                out.open("SimplePredicate")
                    .attribute("field", field)
                    .attribute("operator", operator)
                    .attribute("value", value);
            }
            Self::Presence { field, operator } => {
                out.open("SimplePredicate")
                    .attribute("field", field)
                    .attribute("operator", operator);
            }
            Self::Set { field, operator, members } => {
                out.open("SimpleSetPredicate")
                    .attribute("field", field)
                    .attribute("booleanOperator", operator);
                number_array(out, members);
            }
        }
        out.close();
    }
}

/// The binary32 that decides for binary32 features as the threshold does; `None` where there is none.
fn threshold_f32(test: Test, threshold: f64) -> Option<f64> {
    let value = match test {
        Test::Le | Test::Gt => number::floor_f32(threshold),
        Test::Lt | Test::Ge => number::ceil_f32(threshold),
        Test::Eq | Test::Ne | Test::Leaf | Test::In(_) => {
            Some(number::round_f32(threshold)).filter(|v| v.total_cmp(&threshold).is_eq())?
        }
    };
    value.is_finite().then_some(value)
}

/// Features are floats, so this is only reached for fields that a cast left out.
fn integer_threshold(test: Test, value: f64) -> String {
    number::text(match test {
        Test::Le | Test::Gt => value.floor(),
        Test::Lt | Test::Ge => value.ceil(),
        Test::Eq | Test::Ne | Test::Leaf | Test::In(_) => value,
    })
}
