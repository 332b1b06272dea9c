use super::{Labels, function::named};
use crate::ValueId;

/// One tree whose nodes have predicates of any form (PMML 4.4, `TreeModel`). The root is node 0.
///
/// From a node the children are asked in order; the first whose predicate is true is entered. Children without
/// predicate are always true. What an unknown (missing) predicate does is `missing`; what happens when no child is
/// true is `no_true_child`.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionTree {
    /// The nodes.
    pub nodes: DecisionNodes,
    /// What the nodes answer.
    pub answer: NodeAnswer,
    /// What an unknown predicate does.
    pub missing: MissingStrategy,
    /// What happens when no child is true.
    pub no_true_child: NoTrueChild,
    /// Factor of the confidence for each default child entered.
    pub penalty: f64,
}

/// Nodes as parallel columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecisionNodes {
    /// The predicate, a boolean scalar; none is always true.
    pub when: Vec<Option<ValueId>>,
    /// First child; children follow each other. Later than the node itself.
    pub first_child: Vec<u32>,
    /// Number of children; 0 is a leaf.
    pub children: Vec<u32>,
    /// The child entered on unknown, for [`MissingStrategy::DefaultChild`].
    pub default_child: Vec<Option<u32>>,
    /// Training rows at the node, 0 where unknown.
    pub records: Vec<f64>,
    /// What the file calls the node.
    pub id: Vec<String>,
}

/// What the nodes of a [`DecisionTree`] answer.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeAnswer {
    /// Regression: the value at each node, none where it has none.
    Values(Vec<Option<f64>>),
    /// Classification.
    Classes(NodeClasses),
}

/// Class answers of the nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeClasses {
    /// The classes.
    pub classes: Labels,
    /// The label of each node by position, none where it has none.
    pub label: Vec<Option<u32>>,
    /// Training rows of each class: as many a node as there are classes; a node without distribution has
    /// zeros.
    pub counts: Vec<f64>,
    /// Probability of each class, as `counts`; empty takes counts ÷ their sum.
    pub probability: Vec<f64>,
    /// Confidence of each class, as `counts`; empty takes the probabilities.
    pub confidence: Vec<f64>,
}

named! {
    /// What an unknown predicate does (PMML 4.4, `missingValueStrategy`).
    MissingStrategy {
        None = "none",
        LastPrediction = "last-prediction",
        NullPrediction = "null-prediction",
        DefaultChild = "default-child",
        WeightedConfidence = "weighted-confidence",
        AggregateNodes = "aggregate-nodes",
    }
}

named! {
    /// What happens when no child is true (PMML 4.4, `noTrueChildStrategy`).
    NoTrueChild {
        Missing = "missing",
        Last = "last",
    }
}

/// Rules that each name a class (PMML 4.4, `RuleSetModel`). The first hit answers; or the rule with the largest
/// weight; or the class with the largest sum of weights, its confidence that sum divided by the number of rules that
/// fire, its entity the heaviest of its rules. Of equals the first. There are no probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// The classes.
    pub classes: Labels,
    /// Which rule answers.
    pub select: RuleSelection,
    /// The class where no rule fires; none gives missing.
    pub default: Option<u32>,
    /// Its confidence.
    pub default_confidence: f64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// A boolean scalar; unknown does not fire.
    pub when: ValueId,
    /// What the file calls it.
    pub id: String,
    /// The class it names, by position.
    pub class: u32,
    /// Relative importance.
    pub weight: f64,
    /// How sure it is.
    pub confidence: f64,
}

named! {
    /// Which rule of a [`Rules`] answers.
    RuleSelection {
        FirstHit = "first-hit",
        WeightedSum = "weighted-sum",
        WeightedMax = "weighted-max",
    }
}

/// A scorecard: the initial score, plus the partial score of the first true attribute of each characteristic, in
/// order, in binary64 (PMML 4.4, `Scorecard`). A characteristic without a true attribute makes the answer missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// A binary64 scalar added first; none is 0.
    pub initial: Option<ValueId>,
    /// The characteristics.
    pub characteristics: Vec<Characteristic>,
    /// How reasons are ranked; none gives no reasons.
    pub reasons: Option<ReasonRanking>,
}

/// One characteristic of a [`Scorecard`].
#[derive(Clone, Debug, PartialEq)]
pub struct Characteristic {
    /// What the file calls it.
    pub name: String,
    /// The score that its partial score is compared with.
    pub baseline: f64,
    /// The attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// One attribute of a [`Characteristic`].
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// A boolean scalar; none is always true, unknown is not true.
    pub when: Option<ValueId>,
    /// A binary64 scalar.
    pub score: ValueId,
    /// The reason code.
    pub reason: String,
}

named! {
    /// How far a partial score is from its baseline, the farthest first, of equals the earlier. Distances of one
    /// reason are added; a reason whose distance is negative is none.
    ReasonRanking {
        PointsBelow = "points-below",
        PointsAbove = "points-above",
    }
}

/// Association rules that an item set fires (PMML 4.4, `AssociationModel`).
#[derive(Clone, Debug, PartialEq)]
pub struct Association {
    /// A boolean vector: which items are there.
    pub arg: ValueId,
    /// Names of the items, one an element.
    pub items: Vec<String>,
    /// The rules.
    pub rules: Vec<AssociationRule>,
    /// How rules are ranked.
    pub rank: RuleRank,
    /// Which rules fire.
    pub fires: RuleFires,
    /// How many are answered.
    pub answers: u32,
}

/// One association rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociationRule {
    /// What the file calls it.
    pub id: String,
    /// Items of the antecedent, by position, rising.
    pub antecedent: Vec<u32>,
    /// Items of the consequent, by position, rising.
    pub consequent: Vec<u32>,
    /// Share of transactions with all items.
    pub support: f64,
    /// Support ÷ support of the antecedent.
    pub confidence: f64,
    /// Confidence ÷ support of the consequent; NaN when unknown.
    pub lift: f64,
}

named! {
    /// What rules are ranked by, largest first, of equals the earlier rule.
    RuleRank {
        Confidence = "confidence",
        Support = "support",
        Lift = "lift",
        Leverage = "leverage",
    }
}

named! {
    /// Which rules fire: those whose antecedent is there (recommendation), whose consequent is not wholly there as
    /// well (exclusive recommendation), or whose antecedent and consequent both are (rule association).
    RuleFires {
        Recommendation = "recommendation",
        ExclusiveRecommendation = "exclusive-recommendation",
        RuleAssociation = "rule-association",
    }
}
