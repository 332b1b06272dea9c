//! Tree models: <https://dmg.org/pmml/v4-4-1/TreeModel.html>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Aggregate, Categories, CategorySet, Classify, Constant, Decision, Kind, Labels, Link,
    MissingRule, Op, Ordinal, Regress, Summation, Test, Tree, TreeEnsemble, TreeNodes, Unknown,
    ValueId, Width,
};
use indexmap::IndexSet;

use super::{
    Answer, Lower, function, invalid,
    predicate::{Feature, Target, Ways, complementary},
    prune::is_leaf,
    unsupported, unsupported_value, word,
};
use crate::{
    doc::{Element, MiningFunction, MissingValueStrategy, NoTrueChildStrategy},
    number,
};

/// Trees being gathered.
#[derive(Debug, Default)]
pub(super) struct Grove {
    pub(super) nodes: TreeNodes,
    pub(super) sets: Vec<CategorySet>,
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
        let (place, _) = feature.categories.insert_full(text.to_owned());
        // Beyond 2⁵³ categories there is no memory.
        u32::try_from(place).map_or(f64::INFINITY, f64::from)
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
        let mut grove = self.grove(element)?;
        grove.single = true;
        let classes = grove.classes.clone();
        // Names and confidences of nodes, and answers that may be missing, are those of a tree with predicates.
        let plain = !super::output::needs_entity(element) && !answers_missing(element);
        if plain && self.tree(&mut grove, element, 1.0).is_ok() {
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
                let found: std::collections::BTreeSet<&str> = scores.collect();
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

    /// Adds the tree of a tree model.
    pub(super) fn tree(
        &mut self,
        grove: &mut Grove,
        element: Element<'d>,
        weight: f64,
    ) -> Result<(), Failure> {
        let missing = word(element, "missingValueStrategy", MissingValueStrategy::None)?;
        let no_child =
            word(element, "noTrueChildStrategy", NoTrueChildStrategy::ReturnNullPrediction)?;
        let root = element.child("Node").ok_or_else(|| unsupported(element))?;
        if root.child("True").is_none() {
            return Err(unsupported(root));
        }
        // Children stand behind their parents: going backwards meets them first, at any depth.
        let mut entries: BTreeMap<usize, Target> = BTreeMap::new();
        for node in root.descendants().rev().filter(|e| e.name() == "Node") {
            let children: Vec<_> = node.children().filter(|c| c.name() == "Node").collect();
            let entry = if children.is_empty() {
                Self::leaf(grove, node)?
            } else {
                self.branch(grove, node, &children, &mut entries, (missing, no_child))?
            };
            entries.insert(node.index(), entry);
        }
        let Some(Target::Node(root)) = entries.remove(&root.index()) else {
            return Err(unsupported(root));
        };
        grove.trees.push(Tree { root, weight, output: 0 });
        Ok(())
    }

    fn branch(
        &mut self,
        grove: &mut Grove,
        node: Element<'d>,
        children: &[Element<'d>],
        entries: &mut BTreeMap<usize, Target>,
        (missing, no_child): (MissingValueStrategy, NoTrueChildStrategy),
    ) -> Result<Target, Failure> {
        let parts: Vec<(Element<'d>, Target)> = children
            .iter()
            .map(|child| {
                let predicate = predicate_of(*child)?;
                let entry = entries.remove(&child.index()).ok_or_else(|| unsupported(*child))?;
                Ok((predicate, entry))
            })
            .collect::<Result<_, Failure>>()?;
        let end = match no_child {
            NoTrueChildStrategy::ReturnNullPrediction => Target::Null,
            NoTrueChildStrategy::ReturnLastPrediction => Self::leaf(grove, node)?,
        };
        let unknown = match missing {
            MissingValueStrategy::None => None,
            MissingValueStrategy::NullPrediction => Some(Target::Null),
            MissingValueStrategy::LastPrediction => Some(Self::leaf(grove, node)?),
            MissingValueStrategy::DefaultChild => {
                let wanted = node.attribute("defaultChild");
                let found =
                    children.iter().position(|c| wanted.is_some() && c.attribute("id") == wanted);
                if wanted.is_some() && found.is_none() {
                    return Err(invalid(node, "defaultChild", "the id of a child"));
                }
                let entry = found.and_then(|i| parts.get(i)).map(|(_, entry)| *entry);
                Some(entry.unwrap_or(Target::Null))
            }
            MissingValueStrategy::WeightedConfidence | MissingValueStrategy::AggregateNodes => {
                return Err(Failure::unsupported(
                    crate::codes::UNSUPPORTED_ATTRIBUTE,
                    format!("`missingValueStrategy=\"{missing}\"` is not carried"),
                )
                .at(node.location()));
            }
        };
        let mut next = end;
        let mut parts = parts.as_slice();
        if let [(first, yes), (second, no)] = parts
            && complementary(*first, *second)
        {
            let ways = Ways { yes: *yes, no: *no, unknown: unknown.unwrap_or(end) };
            return self.predicate(grove, *first, ways, 0);
        }
        while let [before @ .., (predicate, entry)] = parts {
            let ways = Ways { yes: *entry, no: next, unknown: unknown.unwrap_or(next) };
            next = self.predicate(grove, *predicate, ways, 0)?;
            parts = before;
        }
        Ok(next)
    }

    fn leaf(grove: &mut Grove, node: Element<'d>) -> Result<Target, Failure> {
        let Some(kind) = grove.classes.as_ref().map(Labels::kind) else {
            let Some(score) = node.attribute("score") else { return Ok(Target::Null) };
            let value = if grove.f32 { number::parse_f32(score) } else { number::parse_f64(score) };
            let value = value.ok_or_else(|| invalid(node, "score", "a number"))?;
            return Ok(grove.leaf(&[value]));
        };
        if let (true, Some(classes)) = (grove.texts.is_empty(), &grove.classes) {
            let all = (0..classes.len()).filter_map(|i| classes.get(i));
            grove.texts = all.map(|class| crate::raise::scalar_text(&class)).collect();
        }
        let texts = grove.texts.as_slice();
        let place = |class: &str| super::class_place(texts, kind, class);
        let mut values = vec![0.0; texts.len()];
        let distribution: Vec<_> =
            node.children().filter(|c| c.name() == "ScoreDistribution").collect();
        let score = node.attribute("score").map(place);
        if distribution.is_empty() || grove.votes {
            let Some(Some(class)) = score else {
                if score.is_none() {
                    return Ok(Target::Null);
                }
                return Err(invalid(node, "score", "a class of the target"));
            };
            if let Some(value) = values.get_mut(class) {
                *value = 1.0;
            }
            return Ok(grove.leaf(&values));
        }
        let given = distribution.iter().all(|d| d.attribute("probability").is_some());
        let attribute = if given { "probability" } else { "recordCount" };
        let mut total = 0.0;
        for part in &distribution {
            let class = part.attribute("value").and_then(place);
            let class = class.ok_or_else(|| invalid(*part, "value", "a class of the target"))?;
            let value = super::number(*part, attribute, None)?;
            total += value;
            if let Some(slot) = values.get_mut(class) {
                *slot = value;
            }
        }
        if !given {
            for value in &mut values {
                *value /= total;
            }
        }
        if let Some(Some(class)) = score {
            let best = values.iter().enumerate().fold(0, |best, (i, value)| {
                if values.get(best).is_some_and(|b| value > b) { i } else { best }
            });
            if best != class && grove.single {
                return Err(unsupported_value(node, "score"));
            }
        }
        Ok(grove.leaf(&values))
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
            sets: grove.sets,
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
    matches!(element.attribute("missingValueStrategy"), Some("nullPrediction"))
        || (element.attribute("missingValueStrategy") == Some("defaultChild")
            && element.attribute("missingValuePenalty").is_some())
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
