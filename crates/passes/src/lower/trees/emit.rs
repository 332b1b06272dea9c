//! Nodes of an ensemble as the parallel lists of the operator.
//!
//! Runtimes lay nodes out depth first, the false side at once behind its parent: a node may be shared
//! through true sides only. The order here is the same, so it is known when a false side would meet a
//! node that stands elsewhere; it is then reached through a split that is always true.

use std::collections::{BTreeMap, BTreeSet};

use holdall_tabular::{CategorySet, Kind, MissingRule, Test, Tree, TreeEnsemble};

use super::{
    rounding::{down_to_f32, up_to_f32},
    to_f32,
};

/// LightGBM's `kZeroThreshold`, a binary32 constant.
pub(super) const NEAR_ZERO: f64 = 1e-35_f32 as f64;

/// What a leaf answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Its values: to the targets themselves, or to a target for each round.
    Values {
        /// Whether each round has targets of its own.
        rounds: Option<()>,
    },
    /// Its number in a table, to a target for each round.
    Numbers,
}

/// The lists.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) tree: Vec<i64>,
    pub(super) node: Vec<i64>,
    pub(super) feature: Vec<i64>,
    pub(super) mode: Vec<&'static str>,
    pub(super) threshold: Vec<f64>,
    pub(super) yes: Vec<i64>,
    pub(super) no: Vec<i64>,
    pub(super) missing_yes: Vec<i64>,
    pub(super) target_tree: Vec<i64>,
    pub(super) target_node: Vec<i64>,
    pub(super) target: Vec<i64>,
    pub(super) weight: Vec<f64>,
    /// Rounds of addition: the most trees that any margin has.
    pub(super) rounds: u32,
    /// Values by leaf number; number 0 is nothing.
    pub(super) table: Vec<f64>,
}

/// What an edge leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    /// A node of the model.
    Node(u32),
    /// A node of the model, for values that are known not to be near zero.
    Far(u32),
    /// The second question about being near zero.
    Near(u32),
    /// The question behind this boundary of a set.
    Boundary(u32, u32),
    /// A node of the model whose value is known to be there.
    There(u32),
    /// There is no answer.
    Unanswered,
    /// Never reached.
    Nowhere,
}

/// A split of the operator.
struct Split {
    feature: u32,
    mode: &'static str,
    threshold: f64,
    missing_yes: bool,
    yes: Goal,
    no: Goal,
}

/// The lists for an ensemble whose features are of this kind; NaN is missing where there are gaps.
pub(super) fn emit(ensemble: &TreeEnsemble, leaves: Leaves, features: Kind, gaps: bool) -> Columns {
    let mut emitter = Emitter {
        ensemble,
        leaves,
        features,
        asks: if gaps { asks(ensemble) } else { Vec::new() },
        lost: None,
        places: vec![(-1, 0); ensemble.nodes.len()],
        columns: Columns::default(),
        rounds: vec![0; ensemble.outputs as usize],
        boundaries: ensemble.sets.iter().map(boundaries).collect(),
    };
    if leaves == Leaves::Numbers {
        let width = if ensemble.leaf_width > 1 { ensemble.outputs } else { 1 };
        emitter.columns.table = vec![0.0; width as usize];
    }
    if super::has_base(ensemble) && !ensemble.base_last {
        emitter.base();
    }
    for tree in &ensemble.trees {
        emitter.tree(tree);
    }
    if emitter.columns.tree.is_empty() {
        emitter.push(0, 0, &leaf_split());
        emitter.target(0, 0, 0, 0.0);
    }
    emitter.columns.rounds = emitter.rounds.iter().copied().max().unwrap_or(0).max(1);
    emitter.columns
}

/// Where membership changes: in the set from even entries on, out of it from odd ones on.
fn boundaries(set: &CategorySet) -> Vec<f64> {
    let mut found = Vec::new();
    let mut next = None;
    for member in set.members() {
        if next != Some(member) {
            found.extend(next.map(f64::from));
            found.push(f64::from(member));
        }
        next = Some(member + 1);
    }
    found.extend(next.map(f64::from));
    found
}

struct Emitter<'e> {
    ensemble: &'e TreeEnsemble,
    leaves: Leaves,
    features: Kind,
    columns: Columns,
    rounds: Vec<u32>,
    boundaries: Vec<Vec<f64>>,
    /// For each node whether it must ask first if there is a value.
    asks: Vec<bool>,
    /// The leaf number of no answer.
    lost: Option<usize>,
    /// For each node of the model in which tree of the operator it was last placed, and where.
    places: Vec<(i64, i64)>,
}

/// The splits that lose an answer and are not only reached through splits on the same feature that
/// would have lost it.
fn asks(ensemble: &TreeEnsemble) -> Vec<bool> {
    enum Step {
        Enter(u32),
        /// Below here the feature may be missing again.
        Leave(u32),
    }
    let nodes = &ensemble.nodes;
    let loses = |node: u32| {
        let i = node as usize;
        let loses = nodes.missing.get(i) == Some(&MissingRule::Unanswered);
        loses && nodes.test.get(i).is_some_and(|test| *test != Test::Leaf)
    };
    let mut asks = vec![false; nodes.len()];
    if !(0_u32..).zip(&nodes.test).any(|(node, _)| loses(node)) {
        return asks;
    }
    let mut parents = vec![0_u32; nodes.len()];
    let inner = || (0..nodes.len()).filter(|&i| nodes.test.get(i) != Some(&Test::Leaf));
    for i in inner() {
        for child in [nodes.yes.get(i), nodes.no.get(i)].into_iter().flatten() {
            if let Some(count) = parents.get_mut(*child as usize) {
                *count += 1;
            }
        }
    }
    // A node with several parents is a start of its own: nothing is known there.
    let shared = (0_u32..).zip(&parents).filter(|(_, count)| **count > 1).map(|(node, _)| node);
    let starts: Vec<u32> = ensemble.trees.iter().map(|tree| tree.root).chain(shared).collect();
    let mut known: BTreeSet<u32> = BTreeSet::new();
    let mut steps = Vec::new();
    for start in starts {
        known.clear();
        steps.push(Step::Enter(start));
        while let Some(step) = steps.pop() {
            let node = match step {
                Step::Enter(node) => node,
                Step::Leave(feature) => {
                    known.remove(&feature);
                    continue;
                }
            };
            let i = node as usize;
            if nodes.test.get(i).is_none_or(|test| *test == Test::Leaf)
                || (node != start && parents.get(i).is_some_and(|count| *count > 1))
            {
                continue;
            }
            if loses(node)
                && let Some(&feature) = nodes.feature.get(i)
                && known.insert(feature)
            {
                if let Some(asks) = asks.get_mut(i) {
                    *asks = true;
                }
                steps.push(Step::Leave(feature));
            }
            steps.extend(
                [nodes.yes.get(i), nodes.no.get(i)].into_iter().flatten().map(|n| Step::Enter(*n)),
            );
        }
    }
    asks
}

impl Emitter<'_> {
    /// The base values as a first tree of one leaf, so that they are the first term.
    fn base(&mut self) {
        let base = self.ensemble.base.clone();
        let tree = self.next_tree();
        self.push(tree, 0, &leaf_split());
        if self.leaves == Leaves::Numbers && self.ensemble.leaf_width > 1 {
            self.columns.table.extend(base);
            self.target(tree, 0, 0, 1.0);
            self.advance(0, self.ensemble.outputs);
            return;
        }
        for (output, value) in (0_u32..).zip(base) {
            self.answer(tree, 0, output, value);
        }
        self.advance(0, self.ensemble.outputs);
    }

    fn tree(&mut self, tree: &Tree) {
        let number = self.next_tree();
        let mut places: BTreeMap<Goal, i64> = BTreeMap::new();
        let mut next = 0_i64;
        // Edges still to be drawn: from this row, on this side, to this goal.
        let mut open: Vec<(Option<(usize, bool)>, Goal)> = vec![(None, Goal::Node(tree.root))];
        while let Some((from, goal)) = open.pop() {
            let known = match goal {
                Goal::Nowhere | Goal::Unanswered => None,
                Goal::Node(node) => {
                    let (tree, place) = self.places.get(node as usize).copied().unwrap_or((-1, 0));
                    (tree == number).then_some(place)
                }
                Goal::Far(_) | Goal::Near(_) | Goal::Boundary(..) | Goal::There(_) => {
                    places.get(&goal).copied()
                }
            };
            if let Some(place) = known {
                let place = if let Some((_, false)) = from {
                    let row = self.columns.node.len();
                    self.push(number, next, &passage());
                    set(&mut self.columns.yes, row, place);
                    open.push((Some((row, false)), Goal::Nowhere));
                    next += 1;
                    next - 1
                } else {
                    place
                };
                self.connect(from, place);
                continue;
            }
            let place = next;
            next += 1;
            if let Goal::Node(node) = goal {
                if let Some(slot) = self.places.get_mut(node as usize) {
                    *slot = (number, place);
                }
            } else {
                places.insert(goal, place);
            }
            self.connect(from, place);
            let row = self.columns.node.len();
            if let Some(split) = self.split(goal) {
                self.push(number, place, &split);
                open.push((Some((row, true)), split.yes));
                open.push((Some((row, false)), split.no));
            } else {
                self.push(number, place, &leaf_split());
                self.leaf(number, place, goal, tree);
            }
        }
        self.advance(tree.output, self.ensemble.leaf_width);
    }

    fn next_tree(&self) -> i64 {
        self.columns.tree.last().map_or(0, |tree| tree + 1)
    }

    fn connect(&mut self, from: Option<(usize, bool)>, place: i64) {
        match from {
            Some((row, true)) => set(&mut self.columns.yes, row, place),
            Some((row, false)) => set(&mut self.columns.no, row, place),
            None => {}
        }
    }

    fn push(&mut self, tree: i64, place: i64, split: &Split) {
        let columns = &mut self.columns;
        columns.tree.push(tree);
        columns.node.push(place);
        columns.feature.push(i64::from(split.feature));
        columns.mode.push(split.mode);
        columns.threshold.push(split.threshold);
        columns.yes.push(0);
        columns.no.push(0);
        columns.missing_yes.push(i64::from(split.missing_yes));
    }

    /// The answer of a leaf, in each of its targets.
    fn leaf(&mut self, number: i64, place: i64, goal: Goal, tree: &Tree) {
        let unanswered = |node: u32| self.ensemble.nodes.is_unanswered(node as usize);
        if goal == Goal::Unanswered || matches!(goal, Goal::Node(node) if unanswered(node)) {
            return self.no_answer(number, place);
        }
        let Goal::Node(node) = goal else {
            return self.target(number, place, 0, 0.0);
        };
        let leaf = self.ensemble.nodes.yes.get(node as usize).copied().unwrap_or_default();
        let width = self.ensemble.leaf_width;
        let first = leaf as usize * width as usize;
        let values: Vec<f64> = self
            .ensemble
            .leaves
            .iter()
            .skip(first)
            .take(width as usize)
            .map(|&value| self.weighted(value, tree.weight))
            .collect();
        if self.leaves == Leaves::Numbers && width > 1 {
            let outputs = self.ensemble.outputs as usize;
            let row = self.columns.table.len() / outputs;
            let mut entry = vec![0.0; outputs];
            for (slot, value) in entry.iter_mut().skip(tree.output as usize).zip(values) {
                *slot = value;
            }
            self.columns.table.extend(entry);
            let round = self.rounds.get(tree.output as usize).copied().unwrap_or_default();
            #[expect(
                clippy::cast_precision_loss,
                reason = "the plan bounds the number of leaves"
            )]
            return self.target(number, place, i64::from(round), row as f64);
        }
        for (output, value) in (tree.output..).zip(values) {
            self.answer(number, place, output, value);
        }
    }

    /// NaN for every margin.
    fn no_answer(&mut self, number: i64, place: i64) {
        let outputs = self.ensemble.outputs;
        if self.leaves != Leaves::Numbers {
            for output in 0..outputs {
                self.answer(number, place, output, f64::NAN);
            }
            return;
        }
        let length = self.columns.table.len();
        let first = *self.lost.get_or_insert(length);
        if first == length {
            self.columns.table.extend((0..outputs).map(|_| f64::NAN));
        }
        // Where margins are wide, a leaf is a row of the table.
        let entry = if outputs > 1 { first / outputs as usize } else { first };
        let round = self.rounds.first().copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "the plan bounds the leaves")]
        self.target(number, place, i64::from(round), entry as f64);
    }

    /// One value for one margin.
    fn answer(&mut self, tree: i64, place: i64, output: u32, value: f64) {
        let round = self.rounds.get(output as usize).copied().unwrap_or_default();
        let own = i64::from(round) * i64::from(self.ensemble.outputs) + i64::from(output);
        match self.leaves {
            Leaves::Values { rounds: None } => {
                self.target(tree, place, i64::from(output), value);
            }
            Leaves::Values { rounds: Some(()) } => self.target(tree, place, own, value),
            Leaves::Numbers => {
                #[expect(clippy::cast_precision_loss, reason = "the plan bounds the leaves")]
                let number = self.columns.table.len() as f64;
                self.columns.table.push(value);
                self.target(tree, place, own, number);
            }
        }
    }

    fn target(&mut self, tree: i64, place: i64, target: i64, weight: f64) {
        self.columns.target_tree.push(tree);
        self.columns.target_node.push(place);
        self.columns.target.push(target);
        self.columns.weight.push(weight);
    }

    /// A leaf times the weight of its tree, at the precision of the sum.
    fn weighted(&self, value: f64, weight: f64) -> f64 {
        let plain = weight.total_cmp(&1.0).is_eq();
        match (self.ensemble.summation.is_f32(), plain) {
            (true, true) => f64::from(to_f32(value)),
            (true, false) => f64::from(to_f32(value) * to_f32(weight)),
            (false, true) => value,
            (false, false) => value * weight,
        }
    }

    fn advance(&mut self, output: u32, width: u32) {
        // With numbered leaf vectors a tree is a round by itself, whatever its margins are.
        let (output, width) = if self.leaves == Leaves::Numbers && self.ensemble.leaf_width > 1 {
            (0, self.ensemble.outputs)
        } else {
            (output, width)
        };
        for round in self.rounds.iter_mut().skip(output as usize).take(width as usize) {
            *round += 1;
        }
    }

    /// The split that stands for a goal; none for a leaf.
    fn split(&self, goal: Goal) -> Option<Split> {
        let (node, far) = match goal {
            Goal::Node(node) if self.asks.get(node as usize) == Some(&true) => {
                return Some(Split {
                    feature: self.feature(node),
                    mode: "BRANCH_LEQ",
                    threshold: f64::INFINITY,
                    missing_yes: false,
                    yes: Goal::There(node),
                    no: Goal::Unanswered,
                });
            }
            Goal::Node(node) | Goal::There(node) => (node, false),
            Goal::Far(node) => (node, true),
            Goal::Near(node) => return self.near(node),
            Goal::Boundary(node, at) => return self.boundary(node, at),
            Goal::Unanswered | Goal::Nowhere => return None,
        };
        let (test, rule) = self.question(node)?;
        if !far && self.zone_matters(node, test, rule) {
            let split = Split {
                feature: self.feature(node),
                mode: "BRANCH_LT",
                threshold: -NEAR_ZERO,
                missing_yes: false,
                yes: Goal::Far(node),
                no: Goal::Near(node),
            };
            return Some(self.round(split, Test::Lt));
        }
        if let Test::In(_) = test {
            return self.boundary(node, 0);
        }
        self.comparison(node, test, rule)
    }

    fn question(&self, node: u32) -> Option<(Test, MissingRule)> {
        let nodes = &self.ensemble.nodes;
        let test = *nodes.test.get(node as usize)?;
        let rule = *nodes.missing.get(node as usize)?;
        (test != Test::Leaf).then_some((test, rule))
    }

    fn feature(&self, node: u32) -> u32 {
        self.ensemble.nodes.feature.get(node as usize).copied().unwrap_or_default()
    }

    fn children(&self, node: u32) -> Option<(Goal, Goal)> {
        let nodes = &self.ensemble.nodes;
        let yes = *nodes.yes.get(node as usize)?;
        let no = *nodes.no.get(node as usize)?;
        Some((Goal::Node(yes), Goal::Node(no)))
    }

    fn threshold(&self, node: u32) -> f64 {
        self.ensemble.nodes.threshold.get(node as usize).copied().unwrap_or_default()
    }

    fn holds(&self, node: u32, test: Test, x: f64) -> bool {
        let threshold = self.threshold(node);
        match test {
            Test::Leaf => false,
            Test::Lt => x < threshold,
            Test::Le => x <= threshold,
            Test::Gt => x > threshold,
            Test::Ge => x >= threshold,
            Test::Eq => (x - threshold).abs() <= 0.0,
            Test::Ne => (x - threshold).abs() > 0.0,
            Test::In(set) => {
                self.ensemble.sets.get(set as usize).is_some_and(|set| set.contains(0))
            }
        }
    }

    /// Where NaN goes.
    fn nan_goes_yes(&self, node: u32, test: Test, rule: MissingRule) -> bool {
        match rule {
            MissingRule::Yes | MissingRule::YesWithZero => true,
            MissingRule::No | MissingRule::NoWithZero => false,
            MissingRule::Compare | MissingRule::Unanswered => test == Test::Ne,
            MissingRule::AsZero => self.holds(node, test, 0.0),
        }
    }

    /// Whether values near zero would go elsewhere if they were just compared.
    fn zone_matters(&self, node: u32, test: Test, rule: MissingRule) -> bool {
        let side = match rule {
            MissingRule::YesWithZero => true,
            MissingRule::NoWithZero => false,
            MissingRule::Yes
            | MissingRule::No
            | MissingRule::Compare
            | MissingRule::Unanswered
            | MissingRule::AsZero => return false,
        };
        let in_zone = !matches!(test, Test::In(_)) && self.threshold(node).abs() <= NEAR_ZERO;
        in_zone || self.holds(node, test, 0.0) != side
    }

    /// Not below the zone: up to its end, and NaN, to the given side; all others are compared.
    fn near(&self, node: u32) -> Option<Split> {
        let (test, rule) = self.question(node)?;
        let (yes, no) = self.children(node)?;
        let to = if self.nan_goes_yes(node, test, rule) { yes } else { no };
        let split = Split {
            feature: self.feature(node),
            mode: "BRANCH_LEQ",
            threshold: NEAR_ZERO,
            missing_yes: true,
            yes: to,
            no: Goal::Far(node),
        };
        Some(self.round(split, Test::Le))
    }

    fn comparison(&self, node: u32, test: Test, rule: MissingRule) -> Option<Split> {
        let (yes, no) = self.children(node)?;
        let threshold = self.threshold(node);
        let missing_yes = self.nan_goes_yes(node, test, rule);
        let feature = self.feature(node);
        let mode = match test {
            Test::Lt => "BRANCH_LT",
            Test::Le => "BRANCH_LEQ",
            Test::Gt => "BRANCH_GT",
            Test::Ge => "BRANCH_GTE",
            Test::Eq => "BRANCH_EQ",
            // Runtimes disagree where NaN goes here; equality with the sides exchanged is clear.
            Test::Ne => {
                let split = Split {
                    feature,
                    mode: "BRANCH_EQ",
                    threshold,
                    missing_yes: !missing_yes,
                    yes: no,
                    no: yes,
                };
                return Some(self.round(split, Test::Eq));
            }
            Test::Leaf | Test::In(_) => return None,
        };
        let split = Split { feature, mode, threshold, missing_yes, yes, no };
        Some(self.round(split, test))
    }

    /// Sets are runs of whole numbers: below the first boundary a value is out, below the second in,
    /// and so on. Truncation toward zero is in the boundaries, the one at 0 lying just above −1.
    fn boundary(&self, node: u32, at: u32) -> Option<Split> {
        let (Test::In(set), rule) = self.question(node)? else { return None };
        let (yes, no) = self.children(node)?;
        let missing_yes = self.nan_goes_yes(node, Test::In(set), rule);
        let bounds = self.boundaries.get(set as usize).map(Vec::as_slice).unwrap_or_default();
        let feature = self.feature(node);
        let Some(&bound) = bounds.get(at as usize) else {
            // An empty set: nothing but a missing value may be answered yes.
            let split = Split {
                feature,
                mode: "BRANCH_LT",
                threshold: f64::NEG_INFINITY,
                missing_yes,
                yes,
                no,
            };
            return Some(split);
        };
        let zero = bound.total_cmp(&0.0).is_eq();
        let (mode, test, threshold) =
            if zero { ("BRANCH_LEQ", Test::Le, -1.0) } else { ("BRANCH_LT", Test::Lt, bound) };
        let inside = at % 2 == 1;
        let last = at as usize + 1 >= bounds.len();
        let split = Split {
            feature,
            mode,
            threshold,
            // A missing value leaves the chain at the first run that lies on its side.
            missing_yes: inside == missing_yes,
            yes: if inside { yes } else { no },
            no: if last { no } else { Goal::Boundary(node, at + 1) },
        };
        Some(self.round(split, test))
    }

    /// A split whose threshold decides every feature of the operator's kind as the exact one does.
    fn round(&self, mut split: Split, test: Test) -> Split {
        if self.features != Kind::F32 {
            return split;
        }
        let exact = split.threshold;
        split.threshold = match test {
            Test::Lt | Test::Ge => f64::from(up_to_f32(exact)),
            Test::Le | Test::Gt => f64::from(down_to_f32(exact)),
            Test::Eq | Test::Ne => {
                let near = f64::from(to_f32(exact));
                if near.total_cmp(&exact).is_ne() {
                    // No binary32 is equal to it.
                    split.mode = "BRANCH_LT";
                    f64::NEG_INFINITY
                } else {
                    near
                }
            }
            Test::Leaf | Test::In(_) => exact,
        };
        split
    }
}

/// A leaf.
fn leaf_split() -> Split {
    Split {
        feature: 0,
        mode: "LEAF",
        threshold: 0.0,
        missing_yes: false,
        yes: Goal::Nowhere,
        no: Goal::Nowhere,
    }
}

/// A split that is true for every value.
fn passage() -> Split {
    Split {
        feature: 0,
        mode: "BRANCH_LEQ",
        threshold: f64::INFINITY,
        missing_yes: true,
        yes: Goal::Nowhere,
        no: Goal::Nowhere,
    }
}

fn set(list: &mut [i64], row: usize, value: i64) {
    if let Some(slot) = list.get_mut(row) {
        *slot = value;
    }
}
