//! Tree models: <https://dmg.org/pmml/v4-4-1/TreeModel.html>.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, Categories, CategorySet, Classify, Constant, Decision, Kind, Labels, Link,
    MissingRule, Op, Ordinal, Regress, Summation, Test, Tree, TreeEnsemble, TreeNodes, Unknown,
    ValueId, Width,
};
use indexmap::IndexSet;

use super::{
    Answer, Lower, function,
    predicate::{Feature, Target, Ways, complementary},
    prune::is_leaf,
    unsupported_value, word,
};
use crate::{
    doc::{
        DefaultChild, Element, MiningFunction, MissingValueStrategy, NoTrueChildStrategy, PlainOp,
        PlainTree, Text,
    },
    number,
};

/// Trees being gathered.
#[derive(Debug, Default)]
pub(super) struct Grove {
    pub(super) nodes: TreeNodes,
    sets: IndexSet<CategorySet>,
    pub(super) leaves: Vec<f64>,
    pub(super) trees: Vec<Tree>,
    features: Vec<Feature>,
    places: BTreeMap<ValueId, u32>,
    leaf_count: u32,
    /// The classes, for a classification.
    pub(super) classes: Option<Labels>,
    /// The classes as texts.
    texts: Vec<String>,
    /// Whether leaves are votes for their score rather than distributions.
    pub(super) votes: bool,
    /// Whether one tree answers alone, with the score of its leaf as the label.
    single: bool,
    /// Whether scores are binary32.
    pub(super) f32: bool,
    /// What is lost where a tree has no answer.
    pub(super) lost: Lost,
}

/// What is lost where a tree has no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lost {
    /// The answer of the whole.
    #[default]
    Answer,
    /// The row: it is refused.
    Row,
}

impl Grove {
    pub(super) fn feature(&mut self, value: ValueId, kind: Kind) -> u32 {
        let next = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(value).or_insert(next);
        if place == next {
            self.features.push(Feature { value, kind, categories: IndexSet::new() });
        }
        place
    }

    /// The number of a text of a feature.
    pub(super) fn code(&mut self, feature: u32, text: &str) -> f64 {
        let Some(feature) = self.features.get_mut(feature as usize) else { return 0.0 };
        let known = feature.categories.get_index_of(text);
        let place = known.unwrap_or_else(|| feature.categories.insert_full(text.to_owned()).0);
        // Beyond 2⁵³ categories there is no memory.
        u32::try_from(place).map_or(f64::INFINITY, f64::from)
    }

    /// The number of a set.
    pub(super) fn set(&mut self, set: CategorySet) -> Option<u32> {
        u32::try_from(self.sets.insert_full(set).0).ok()
    }

    /// Where a class stands among the classes.
    fn class_place(&mut self, class: &str) -> Option<usize> {
        let classes = self.classes.as_ref()?;
        if self.texts.is_empty() {
            let all = (0..classes.len()).filter_map(|i| classes.get(i));
            self.texts = all.map(|class| crate::raise::scalar_text(&class)).collect();
        }
        super::class_place(&self.texts, classes.kind(), class)
    }

    pub(super) fn split(
        &mut self,
        (test, feature, threshold): (Test, u32, f64),
        yes: u32,
        no: u32,
        rule: MissingRule,
    ) -> Target {
        let node = self.nodes.push_split(test, feature, threshold, yes, no, rule);
        Target::Node(u32::try_from(node).unwrap_or(u32::MAX))
    }

    fn leaf(&mut self, values: &[f64]) -> Target {
        self.leaves.extend_from_slice(values);
        let node = self.nodes.push_leaf(self.leaf_count);
        self.leaf_count += 1;
        Target::Node(u32::try_from(node).unwrap_or(u32::MAX))
    }

    fn width(&self) -> u32 {
        self.classes.as_ref().map_or(1, |classes| u32::try_from(classes.len()).unwrap_or(u32::MAX))
    }

    /// The value of the last tree where it is a single leaf; takes that tree away.
    pub(super) fn take_constant(&mut self, first: bool) -> Option<f64> {
        if self.trees.len() < 2 || self.classes.is_some() {
            return None;
        }
        let place = if first { 0 } else { self.trees.len() - 1 };
        let root = self.trees.get(place)?.root as usize;
        is_leaf(*self.nodes.test.get(root)?).then_some(())?;
        let value = *self.leaves.get(*self.nodes.yes.get(root)? as usize)?;
        self.trees.remove(place);
        Some(value)
    }
}

impl<'d> Lower<'d> {
    pub(super) fn tree_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if super::composition::selects(element) {
            return self.selection(element);
        }
        let mut grove = self.grove(element)?;
        grove.single = true;
        let classes = grove.classes.clone();
        // Names and confidences of nodes, and leaves without an answer, are those of a tree with predicates.
        let asked = self.asks_segments || super::output::needs_entity(element);
        let plain = !asked && !is_penalised(element);
        if plain && self.tree(&mut grove, element, 1.0).is_some() && !grove.nodes.may_lose(false) {
            return self.ensemble(element, grove, Aggregate::Sum);
        }
        self.decision_tree(element, classes)
    }

    /// An empty grove for the trees of a model.
    pub(super) fn grove(&self, element: Element<'d>) -> Result<Grove, Failure> {
        let classes = match function(element)? {
            MiningFunction::Regression => None,
            MiningFunction::Classification => {
                let scores = element.descendants().filter_map(|e| match e.name() {
                    "Node" => e.attribute("score"),
                    "ScoreDistribution" => e.attribute("value"),
                    _ => None,
                });
                let apart = element.trees_apart().iter().flat_map(|(_, tree)| tree.classes());
                let found: BTreeSet<&str> = scores.chain(apart).collect();
                let found: Vec<&str> = found.into_iter().collect();
                Some(self.classes(element, &found)?)
            }
            MiningFunction::AssociationRules
            | MiningFunction::Sequences
            | MiningFunction::Clustering
            | MiningFunction::TimeSeries
            | MiningFunction::Mixed => return Err(unsupported_value(element, "functionName")),
        };
        let f32 = element.attribute("x-mathContext") == Some("float");
        Ok(Grove { classes, f32, ..Grove::default() })
    }

    /// Adds the tree of a tree model. None where it is not plain enough: then other elements carry it, and
    /// find what is wrong.
    pub(super) fn tree(&self, grove: &mut Grove, element: Element<'d>, weight: f64) -> Option<()> {
        let missing = word(element, "missingValueStrategy", MissingValueStrategy::None).ok()?;
        let no_child =
            word(element, "noTrueChildStrategy", NoTrueChildStrategy::ReturnNullPrediction).ok()?;
        let plain = super::plain::plain_tree(element)?;
        let fields = vec![None; plain.fields.len()];
        let mut planting = Planting {
            lower: self,
            grove,
            plain: &plain,
            strategies: (missing, no_child),
            fields,
            places: BTreeMap::new(),
            values: Vec::new(),
        };
        let root = planting.root()?;
        grove.trees.push(Tree { root, weight, output: 0 });
        Some(())
    }

    /// The ensemble of a grove, and the estimate of it.
    pub(super) fn ensemble(
        &mut self,
        element: Element<'d>,
        mut grove: Grove,
        aggregate: Aggregate,
    ) -> Result<Answer, Failure> {
        let summation = if grove.f32 { Summation::SequentialF32 } else { Summation::SequentialF64 };
        let (mut base, mut base_last) = (Vec::new(), false);
        if aggregate == Aggregate::Sum {
            if let Some(value) = grove.take_constant(true) {
                base.push(value);
            } else if let Some(value) = grove.take_constant(false) {
                base.push(value);
                base_last = true;
            }
        }
        let width = grove.width();
        let (arg, round_features) = self.features(element, &grove.features)?;
        let margins = self.push(Op::Trees(Box::new(TreeEnsemble {
            arg,
            round_features,
            nodes: grove.nodes,
            trees: grove.trees,
            outputs: width,
            leaf_width: width,
            leaves: grove.leaves,
            sets: grove.sets.into_iter().collect(),
            base,
            base_last,
            summation,
            aggregate,
        })))?;
        if let Some(classes) = grove.classes {
            let estimate = self.model.push_at(
                Op::Classify(Classify {
                    margins,
                    classes: classes.clone(),
                    link: Link::Identity,
                    decision: Decision::LargestProbability,
                    has_probabilities: true,
                }),
                element.location(),
            )?;
            Ok(Answer::new(estimate, Some(classes)))
        } else {
            let margins = self.rescaled(element, margins)?;
            let regress = Op::Regress(Regress { margins, link: Link::Identity });
            let estimate = self.model.push_at(regress, element.location())?;
            Ok(Answer { value: Some(margins), targeted: true, ..Answer::new(estimate, None) })
        }
    }

    /// The vector that trees test, and whether it is rounded to binary32 before that.
    fn features(
        &mut self,
        element: Element<'_>,
        features: &[Feature],
    ) -> Result<(ValueId, bool), Failure> {
        let wide = |this: &Self, feature: &Feature| match this.model.nodes.get(feature.value) {
            Some(node) => match &node.op {
                Op::Cast { arg, to: Kind::F32 } if this.kind(*arg) == Kind::F64 => Some(*arg),
                Op::Ordinal(op) if op.kind == Kind::F64 && op.codes.iter().all(|c| is_f32(*c)) => {
                    Some(feature.value)
                }
                Op::Input(_)
                | Op::Constant(_)
                | Op::Cast { .. }
                | Op::Concat(_)
                | Op::Select { .. }
                | Op::Unary { .. }
                | Op::Binary { .. }
                | Op::If { .. }
                | Op::Impute(_)
                | Op::Scale(_)
                | Op::OneHot(_)
                | Op::Ordinal(_)
                | Op::Call(_)
                | Op::Transform(_)
                | Op::Linear(_)
                | Op::Trees(_)
                | Op::Estimator(_)
                | Op::Regress(_)
                | Op::Classify(_)
                | Op::Part { .. }
                | Op::Foreign(_) => None,
            },
            None => None,
        };
        let originals: Option<Vec<ValueId>> = features.iter().map(|f| wide(self, f)).collect();
        let narrowed = features.iter().any(|f| f.kind == Kind::F32);
        if let Some(originals) = originals.filter(|_| narrowed) {
            return Ok((self.push(Op::Concat(originals))?, true));
        }
        let plain = features.iter().filter(|f| f.kind != Kind::Text);
        let kind = if narrowed && plain.clone().all(|f| f.kind == Kind::F32) {
            Kind::F32
        } else {
            Kind::F64
        };
        let mut values = Vec::new();
        for feature in features {
            values.push(if feature.kind == Kind::Text {
                self.push(Op::Ordinal(code_of(feature, kind)))?
            } else {
                self.cast(element, feature.value, kind)?
            });
        }
        if values.is_empty() {
            let constant = Constant { kind, width: Width::Scalar, values: Labels::F64(vec![0.0]) };
            values.push(self.push(Op::Constant(constant))?);
        }
        Ok((self.push(Op::Concat(values))?, false))
    }
}

/// A tree being added to a grove.
pub(super) struct Planting<'l, 'd, 'g> {
    pub(super) lower: &'l Lower<'d>,
    pub(super) grove: &'g mut Grove,
    pub(super) plain: &'l PlainTree,
    strategies: (MissingValueStrategy, NoTrueChildStrategy),
    /// The features of fields that were tested.
    fields: Vec<Option<(u32, Kind)>>,
    /// Where the classes stand that were named.
    places: BTreeMap<Text, usize>,
    /// The values of a leaf.
    values: Vec<f64>,
}

impl Planting<'_, '_, '_> {
    fn root(&mut self) -> Option<u32> {
        let root = self.plain.nodes.first()?;
        if self.plain.tests.get(root.test as usize)?.op != PlainOp::True {
            return None;
        }
        // Children stand behind their parents: going backwards meets them first, at any depth.
        let mut entries: Vec<(u32, Target)> = Vec::new();
        let mut children = Vec::new();
        let count = u32::try_from(self.plain.nodes.len()).ok()?;
        for (node, place) in self.plain.nodes.iter().zip(0..count).rev() {
            let first = entries.iter().rposition(|(child, _)| *child >= node.end);
            children.clear();
            children.extend(entries.drain(first.map_or(0, |first| first + 1)..).rev());
            let entry = if children.is_empty() {
                self.leaf(place)?
            } else {
                self.branch(place, &children)?
            };
            entries.push((place, entry));
        }
        match entries.as_slice() {
            [(_, Target::Node(root))] => Some(*root),
            _ => None,
        }
    }

    fn branch(&mut self, place: u32, children: &[(u32, Target)]) -> Option<Target> {
        let (missing, no_child) = self.strategies;
        let node = *self.plain.nodes.get(place as usize)?;
        let end = match no_child {
            NoTrueChildStrategy::ReturnNullPrediction => Target::Null,
            NoTrueChildStrategy::ReturnLastPrediction => self.leaf(place)?,
        };
        let unknown = match missing {
            MissingValueStrategy::None => None,
            MissingValueStrategy::NullPrediction => Some(Target::Null),
            MissingValueStrategy::LastPrediction => Some(self.leaf(place)?),
            MissingValueStrategy::DefaultChild => match node.default_child {
                DefaultChild::Absent => return None,
                // The standard wants the attribute in every node that is left so.
                DefaultChild::None => Some(Target::Fail),
                DefaultChild::Node(wanted) => {
                    Some(children.iter().find(|(child, _)| *child == wanted)?.1)
                }
            },
            MissingValueStrategy::WeightedConfidence | MissingValueStrategy::AggregateNodes => {
                return None;
            }
        };
        let test_of = |child: u32| Some(self.plain.nodes.get(child as usize)?.test);
        if let [(first, yes), (second, no)] = children {
            let (first, second) = (test_of(*first)?, test_of(*second)?);
            let test = |at: u32| self.plain.tests.get(at as usize).copied();
            if complementary(self.plain, test(first)?, test(second)?) {
                let ways = Ways { yes: *yes, no: *no, unknown: unknown.unwrap_or(end) };
                return self.predicate(first, ways);
            }
        }
        let mut next = end;
        for (child, entry) in children.iter().rev() {
            let ways = Ways { yes: *entry, no: next, unknown: unknown.unwrap_or(next) };
            next = self.predicate(self.plain.nodes.get(*child as usize)?.test, ways)?;
        }
        Some(next)
    }

    fn leaf(&mut self, place: u32) -> Option<Target> {
        let score = self.plain.nodes.get(place as usize)?.score;
        let Some(classes) = &self.grove.classes else {
            let Some(score) = self.plain.text(score) else { return Some(Target::Null) };
            let parse = if self.grove.f32 { number::parse_f32 } else { number::parse_f64 };
            let value = parse(score).filter(|value| !value.is_nan())?;
            return Some(self.grove.leaf(&[value]));
        };
        let count = classes.len();
        let scored = self.plain.text(score).map(|_| self.place(score));
        let shares = self.plain.shares_of(place as usize);
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        values.resize(count, 0.0);
        if shares.is_empty() || self.grove.votes {
            match scored {
                None => return Some(Target::Null),
                Some(class) => *values.get_mut(class?)? = 1.0,
            }
        } else {
            for share in shares {
                let class = self.place(share.class)?;
                *values.get_mut(class)? = share.weight;
            }
            if let Some(Some(class)) = scored {
                let best = values.iter().enumerate().fold(0, |best, (i, value)| {
                    if values.get(best).is_some_and(|b| value > b) { i } else { best }
                });
                if best != class && self.grove.single {
                    return None;
                }
            }
        }
        let leaf = self.grove.leaf(&values);
        self.values = values;
        Some(leaf)
    }

    /// Where a class stands among the classes.
    fn place(&mut self, class: Text) -> Option<usize> {
        if let Some(place) = self.places.get(&class) {
            return Some(*place);
        }
        let place = self.grove.class_place(self.plain.text(class)?)?;
        self.places.insert(class, place);
        Some(place)
    }

    /// The feature of a field, and its kind.
    pub(super) fn feature(&mut self, field: u32) -> Option<(u32, Kind)> {
        if let Some(known) = self.fields.get(field as usize).copied().flatten() {
            return Some(known);
        }
        let name = self.plain.fields.get_index(field as usize)?;
        let value = self.lower.values.get(name).copied()?;
        let kind = self.lower.kind(value);
        let found = (self.grove.feature(value, kind), kind);
        *self.fields.get_mut(field as usize)? = Some(found);
        Some(found)
    }
}

/// The categories of a text feature as numbers; others are −1, and missing is NaN.
fn code_of(feature: &Feature, kind: Kind) -> Ordinal {
    let count = u32::try_from(feature.categories.len()).unwrap_or(u32::MAX);
    let values = Labels::Text(feature.categories.iter().cloned().collect());
    Ordinal {
        arg: feature.value,
        categories: Categories { values, missing: true },
        codes: (0..count).map(f64::from).chain([f64::NAN]).collect(),
        unknown: Unknown::Code(-1.0),
        kind,
    }
}

/// Whether a test of a missing value may leave the tree without an answer.
pub(super) fn answers_missing(element: Element<'_>) -> bool {
    element.attribute("missingValueStrategy") == Some("nullPrediction") || is_penalised(element)
}

/// Whether a missing value makes the answer less sure.
fn is_penalised(element: Element<'_>) -> bool {
    element.attribute("missingValueStrategy") == Some("defaultChild")
        && element.attribute("missingValuePenalty").is_some()
}

fn is_f32(value: f64) -> bool {
    number::round_f32(value).total_cmp(&value).is_eq()
}

pub(super) fn predicate_of(node: Element<'_>) -> Result<Element<'_>, Failure> {
    const PREDICATES: [&str; 5] =
        ["True", "False", "SimplePredicate", "SimpleSetPredicate", "CompoundPredicate"];
    node.children().find(|child| PREDICATES.contains(&child.name())).ok_or_else(|| {
        Failure::malformed(
            crate::codes::MISSING_ELEMENT,
            format!("expected a predicate in `{}`", node.name()),
        )
        .at(node.location())
    })
}
