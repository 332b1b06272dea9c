use crate::{Summation, ValueId};

/// Sums over trees: a vector in, a vector of margins out.
///
/// For each output, starting from `base` (or 0 where `base_last`), the leaf reached in each tree, in
/// order, is multiplied by the tree's weight (unless it is 1) and added, at the precision of
/// `summation`; then `aggregate` applies, then `base` is added where `base_last`.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeEnsemble {
    /// A float vector. Its kind is the precision of the features.
    pub arg: ValueId,
    /// Whether features are rounded to binary32 before they are compared (scikit-learn, XGBoost).
    pub round_features: bool,
    /// All nodes of all trees.
    pub nodes: TreeNodes,
    /// The trees, in order of addition.
    pub trees: Vec<Tree>,
    /// Number of margins.
    pub outputs: u32,
    /// Values a leaf holds.
    pub leaf_width: u32,
    /// `leaf_width` values for each leaf.
    pub leaves: Vec<f64>,
    /// Sets that [`Test::In`] refers to.
    pub sets: Vec<CategorySet>,
    /// Start value of each output; empty means 0.
    pub base: Vec<f64>,
    /// Whether `base` is added after the trees rather than before.
    pub base_last: bool,
    /// How the trees are added. The result is of the same precision.
    pub summation: Summation,
    /// What becomes of the sum.
    pub aggregate: Aggregate,
}

/// What becomes of the sum over the trees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregate {
    /// It stands.
    Sum,
    /// It is divided by this number, at the precision of the summation.
    DivideBy(f64),
}

/// One tree of an ensemble.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tree {
    /// Its first node.
    pub root: u32,
    /// Factor of its leaves.
    pub weight: f64,
    /// The output to which the first value of a leaf goes; further values go to the outputs after it.
    pub output: u32,
}

/// Nodes as parallel columns; a node is named by its position. Nodes may be shared, and must not form
/// a cycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeNodes {
    /// What is asked.
    pub test: Vec<Test>,
    /// The element that is tested; 0 for a leaf.
    pub feature: Vec<u32>,
    /// What it is compared with; for [`Test::In`] and leaves 0. With rounded features still an exact
    /// binary64: the rounded feature is widened, then compared.
    pub threshold: Vec<f64>,
    /// The node where the answer is yes; for a leaf its number in `leaves`, 0 where it has no answer.
    pub yes: Vec<u32>,
    /// The node where the answer is no; 0 for a leaf.
    pub no: Vec<u32>,
    /// Where NaN and missing go.
    pub missing: Vec<MissingRule>,
    /// Training rows that reached the node, when known; empty or one a node.
    pub samples: Vec<f64>,
}

impl TreeNodes {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.test.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.test.is_empty()
    }

    /// Adds a leaf that answers with `leaf`, and gives its position.
    pub fn push_leaf(&mut self, leaf: u32) -> usize {
        self.push_split(Test::Leaf, 0, 0.0, leaf, 0, MissingRule::Compare)
    }

    /// Adds a leaf that leaves the row without an answer, and gives its position.
    pub fn push_unanswered(&mut self) -> usize {
        self.push_split(Test::Leaf, 0, 0.0, 0, 0, MissingRule::Unanswered)
    }

    /// Whether a node is a leaf without an answer.
    pub fn is_unanswered(&self, node: usize) -> bool {
        self.test.get(node) == Some(&Test::Leaf)
            && self.missing.get(node) == Some(&MissingRule::Unanswered)
    }

    /// Whether a row may be left without an answer, given whether features may be missing.
    pub fn may_lose(&self, missing: bool) -> bool {
        let mut rules = self.test.iter().zip(&self.missing);
        rules.any(|(test, rule)| {
            *rule == MissingRule::Unanswered && (missing || *test == Test::Leaf)
        })
    }

    /// Adds a split and gives its position. Children may be named before they are pushed.
    pub fn push_split(
        &mut self,
        test: Test,
        feature: u32,
        threshold: f64,
        yes: u32,
        no: u32,
        missing: MissingRule,
    ) -> usize {
        let position = self.test.len();
        self.test.push(test);
        self.feature.push(feature);
        self.threshold.push(threshold);
        self.yes.push(yes);
        self.no.push(no);
        self.missing.push(missing);
        position
    }
}

/// What a node asks of its feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// Nothing: an answer stands here.
    Leaf,
    /// x < threshold.
    Lt,
    /// x ≤ threshold.
    Le,
    /// x > threshold.
    Gt,
    /// x ≥ threshold.
    Ge,
    /// x = threshold.
    Eq,
    /// x ≠ threshold.
    Ne,
    /// x, truncated toward zero, is in the set with this number. Negative numbers and numbers beyond
    /// the set are not in it.
    In(u32),
}

/// Where a split sends NaN and missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingRule {
    /// To the yes side.
    Yes,
    /// To the no side.
    No,
    /// NaN is compared as IEEE 754 says (only ≠ is true); a missing value makes the row fail.
    Compare,
    /// NaN is compared as IEEE 754 says; a missing value leaves the row without an answer: all margins
    /// are missing. A leaf of this rule does so for every row, and has no number. Only where leaves have a
    /// value for every output.
    Unanswered,
    /// It is read as 0 and compared.
    AsZero,
    /// To the yes side, and so are values within ±1e-35 (LightGBM `zero_as_missing`).
    YesWithZero,
    /// To the no side, and so are values within ±1e-35.
    NoWithZero,
}

/// A set of small category numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategorySet {
    words: Vec<u64>,
}

impl CategorySet {
    /// The largest number that a set may hold.
    pub const MAX: u32 = (1 << 24) - 1;

    /// A set of these numbers; `None` when one is beyond [`CategorySet::MAX`].
    pub fn new(members: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut words: Vec<u64> = Vec::new();
        for member in members {
            if member > Self::MAX {
                return None;
            }
            let (word, bit) = (member as usize / 64, member % 64);
            if words.len() <= word {
                words.resize(word + 1, 0);
            }
            if let Some(word) = words.get_mut(word) {
                *word |= 1 << bit;
            }
        }
        Some(Self { words })
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / 64).is_some_and(|word| word >> (member % 64) & 1 == 1)
    }

    /// The members, smallest first.
    pub fn members(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.words).flat_map(|(i, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| i * 64 + bit)
        })
    }
}
