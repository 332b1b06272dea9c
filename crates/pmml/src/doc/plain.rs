//! Trees in columns: what the elements of a tree of the plain shape say, without the elements.
//!
//! The plain shape is a `Node` of one predicate, then `ScoreDistribution`s, then `Node`s of that shape, with
//! no attribute or element beside those of <https://dmg.org/pmml/v4-4-1/TreeModel.html>. A tree of a
//! million nodes takes some 60 bytes a node so, and 400 as elements.

use indexmap::IndexSet;

use super::{SimpleOperator, array_counts, array_items};
use crate::number;

/// Compound predicates may be nested this deep.
const MAX_NESTING: usize = 32;
/// Places in the list of recent texts, a power of two.
const RECENT: usize = 64;

/// A text of a tree: where it stands among all of them. Equal places are equal texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    start: u32,
    len: u32,
}

impl Text {
    /// No text.
    pub(crate) const NONE: Self = Self { start: u32::MAX, len: 0 };
}

/// A tree. Children stand behind their parents, in the order of the document.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlainTree {
    /// The nodes; the first is the root.
    pub(crate) nodes: Vec<PlainNode>,
    /// The predicates of the nodes, in their order; the parts of a compound one stand behind it.
    pub(crate) tests: Vec<PlainTest>,
    /// The score distributions of the nodes, in their order.
    pub(crate) shares: Vec<Share>,
    /// Names of the fields that are tested.
    pub(crate) fields: IndexSet<String>,
    /// Number of elements and texts that the tree is made of.
    pub(crate) elements: u64,
    /// How deep these are nested.
    pub(crate) depth: usize,
    texts: String,
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainNode {
    /// The first node that is not below this one.
    pub(crate) end: u32,
    /// Its predicate.
    pub(crate) test: u32,
    /// The first of its shares; the next node's first share is the end.
    first_share: u32,
    /// `score`, or [`Text::NONE`].
    pub(crate) score: Text,
    /// `defaultChild`.
    pub(crate) default_child: DefaultChild,
}

/// What `defaultChild` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefaultChild {
    /// There is no such attribute.
    None,
    /// No child has this id.
    Absent,
    /// A node.
    Node(u32),
}

/// A predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainTest {
    /// What it asks.
    pub(crate) op: PlainOp,
    /// The position of its field; 0 where none is tested.
    pub(crate) field: u32,
    /// The first test behind it and its parts.
    pub(crate) end: u32,
    /// `value`, or the items of the array.
    pub(crate) value: Text,
}

/// What a predicate asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainOp {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `SimplePredicate`.
    Simple(SimpleOperator),
    /// `SimpleSetPredicate`; whether it is `isNotIn`, and whether the items are strings.
    Set { inverse: bool, quoted: bool },
    /// `CompoundPredicate` of one operator.
    And,
    /// `CompoundPredicate` of one operator.
    Or,
    /// `CompoundPredicate` of one operator.
    Surrogate,
}

/// A `ScoreDistribution`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share {
    /// The class; [`Text::NONE`] where the distribution says too little or no number.
    pub(crate) class: Text,
    /// Its probability.
    pub(crate) weight: f64,
}

impl PlainTree {
    /// A text, unless it is [`Text::NONE`].
    pub(crate) fn text(&self, text: Text) -> Option<&str> {
        let start = text.start as usize;
        self.texts.get(start..start + text.len as usize)
    }

    /// The shares of a node.
    pub(crate) fn shares_of(&self, node: usize) -> &[Share] {
        let first = |node: usize| self.nodes.get(node).map(|node| node.first_share as usize);
        let end = first(node + 1).unwrap_or(self.shares.len());
        first(node).and_then(|start| self.shares.get(start..end)).unwrap_or_default()
    }

    /// All classes that scores and shares name, each at least once.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        let scores = self.nodes.iter().map(|node| node.score);
        let shares = self.shares.iter().map(|share| share.class);
        let places: std::collections::BTreeSet<Text> = scores.chain(shares).collect();
        places.into_iter().filter_map(|text| self.text(text))
    }

    /// Bytes of memory.
    pub(crate) fn size(&self) -> u64 {
        let sizes = [
            size_of_val(self.nodes.as_slice()),
            size_of_val(self.tests.as_slice()),
            size_of_val(self.shares.as_slice()),
            self.texts.len(),
        ];
        sizes.iter().sum::<usize>() as u64
    }
}

/// Makes a tree from its start to its end. Every step gives `None` where the shape is another.
#[derive(Debug)]
pub(crate) struct PlainBuilder {
    tree: PlainTree,
    open: Vec<OpenNode>,
    /// Compound predicates that are open.
    compounds: Vec<usize>,
    /// Shares of the node opened last.
    pending: Vec<Pending>,
    /// Texts used last, by a cheap hash: classes and counts are said again and again.
    recent: [Text; RECENT],
}

#[derive(Clone, Copy, Debug)]
struct OpenNode {
    node: usize,
    /// The id of the default child.
    wanted: Text,
}

/// A share as it is given. A weight that is not there, or no number, is none.
#[derive(Clone, Copy, Debug)]
struct Pending {
    class: Text,
    records: Option<f64>,
    probability: Option<f64>,
    has_probability: bool,
}

impl PlainBuilder {
    /// A builder of an empty tree.
    pub(crate) fn new() -> Self {
        Self {
            tree: PlainTree::default(),
            open: Vec::new(),
            compounds: Vec::new(),
            pending: Vec::new(),
            recent: [Text::NONE; RECENT],
        }
    }

    /// Opens a node: its `score`, `id` and `defaultChild`.
    pub(crate) fn open_node(
        &mut self,
        score: Option<&str>,
        id: Option<&str>,
        default_child: Option<&str>,
    ) -> Option<()> {
        self.settle();
        let node = self.tree.nodes.len();
        match self.open.last() {
            None if node > 0 => return None,
            None => {}
            Some(parent) => {
                let parent = *parent;
                self.is_tested(parent.node)?;
                let wanted = self.tree.text(parent.wanted);
                if wanted.is_some()
                    && wanted == id
                    && let Some(parent) = self.tree.nodes.get_mut(parent.node)
                    && parent.default_child == DefaultChild::Absent
                {
                    parent.default_child = DefaultChild::Node(u32::try_from(node).ok()?);
                }
            }
        }
        let wanted = self.optional(default_child)?;
        self.open.push(OpenNode { node, wanted });
        let score = self.optional(score)?;
        self.tree.nodes.push(PlainNode {
            end: u32::MAX,
            test: u32::try_from(self.tree.tests.len()).ok()?,
            first_share: u32::try_from(self.tree.shares.len()).ok()?,
            score,
            default_child: match default_child {
                None => DefaultChild::None,
                Some(_) => DefaultChild::Absent,
            },
        });
        Some(())
    }

    /// Closes the node opened last.
    pub(crate) fn close_node(&mut self) -> Option<()> {
        self.settle();
        let open = self.open.pop()?;
        self.is_tested(open.node)?;
        let end = u32::try_from(self.tree.nodes.len()).ok()?;
        self.tree.nodes.get_mut(open.node)?.end = end;
        Some(())
    }

    /// Adds a predicate that has no parts.
    pub(crate) fn test(
        &mut self,
        op: PlainOp,
        field: Option<&str>,
        value: Option<&str>,
    ) -> Option<()> {
        let (at, open) = (self.tree.tests.len(), self.open.last()?);
        let alone = self.compounds.is_empty();
        // Of several predicates only parts of a compound one follow another.
        if open.node + 1 != self.tree.nodes.len()
            || (alone && self.tree.nodes.last()?.test as usize != at)
            || !self.pending.is_empty()
        {
            return None;
        }
        let field = match field {
            None => 0,
            Some(name) => match self.tree.fields.get_index_of(name) {
                Some(place) => place,
                None => self.tree.fields.insert_full(name.to_owned()).0,
            },
        };
        let value = self.optional(value)?;
        let field = u32::try_from(field).ok()?;
        self.tree.tests.push(PlainTest { op, field, end: u32::try_from(at + 1).ok()?, value });
        Some(())
    }

    /// Adds a predicate of a set: the text of its array, and how many items that says it has.
    pub(crate) fn set(
        &mut self,
        field: &str,
        inverse: bool,
        quoted: bool,
        items: &str,
        n: Option<&str>,
    ) -> Option<()> {
        if n.is_some() && !array_counts(n, array_items(items, quoted).len()) {
            return None;
        }
        self.test(PlainOp::Set { inverse, quoted }, Some(field), Some(items))
    }

    /// Opens a compound predicate.
    pub(crate) fn open_compound(&mut self, operator: &str) -> Option<()> {
        let op = match operator {
            "and" => PlainOp::And,
            "or" => PlainOp::Or,
            "surrogate" => PlainOp::Surrogate,
            _ => return None,
        };
        self.test(op, None, None)?;
        self.compounds.push(self.tree.tests.len() - 1);
        (self.compounds.len() <= MAX_NESTING).then_some(())
    }

    /// Closes the compound predicate opened last.
    pub(crate) fn close_compound(&mut self) -> Option<()> {
        let at = self.compounds.pop()?;
        let end = self.tree.tests.len();
        self.tree.tests.get_mut(at)?.end = u32::try_from(end).ok()?;
        (end > at + 1).then_some(())
    }

    /// Adds a score distribution: its `value`, `recordCount` and `probability`.
    pub(crate) fn share(
        &mut self,
        class: Option<&str>,
        records: Option<&str>,
        probability: Option<&str>,
    ) -> Option<()> {
        let open = self.open.last()?.node;
        if open + 1 != self.tree.nodes.len() {
            return None;
        }
        self.is_tested(open)?;
        let class = self.optional(class)?;
        self.pending.push(Pending {
            class,
            records: records.and_then(number::parse_f64),
            probability: probability.and_then(number::parse_f64),
            has_probability: probability.is_some(),
        });
        Some(())
    }

    /// The tree of so many elements and texts.
    pub(crate) fn finish(mut self, elements: u64, depth: usize) -> Option<PlainTree> {
        if !self.open.is_empty() || self.tree.nodes.is_empty() {
            return None;
        }
        (self.tree.elements, self.tree.depth) = (elements, depth);
        self.tree.nodes.shrink_to_fit();
        self.tree.tests.shrink_to_fit();
        self.tree.shares.shrink_to_fit();
        self.tree.texts.shrink_to_fit();
        Some(self.tree)
    }

    /// Whether a node has its predicate, whole.
    fn is_tested(&self, node: usize) -> Option<()> {
        let first = self.tree.nodes.get(node)?.test as usize;
        (self.compounds.is_empty() && self.tree.tests.len() > first).then_some(())
    }

    /// Makes shares of what was given: probabilities where all have one, else record counts over their sum.
    fn settle(&mut self) {
        let given = self.pending.iter().all(|share| share.has_probability);
        let weight = |share: &Pending| if given { share.probability } else { share.records };
        let weights = || self.pending.iter().map(weight);
        let total: f64 = if given { 1.0 } else { weights().map(Option::unwrap_or_default).sum() };
        let sound = weights().all(|weight| weight.is_some()) && total != 0.0;
        for share in &self.pending {
            let class = if sound { share.class } else { Text::NONE };
            let value = weight(share).unwrap_or_default();
            self.tree.shares.push(Share { class, weight: value / total });
        }
        self.pending.clear();
    }

    fn optional(&mut self, text: Option<&str>) -> Option<Text> {
        text.map_or(Some(Text::NONE), |text| self.keep(text))
    }

    /// The place of a text; none where there are too many.
    fn keep(&mut self, text: &str) -> Option<Text> {
        let bytes = text.as_bytes();
        let ends = bytes.first().zip(bytes.last()).map_or(0, |(first, last)| {
            usize::from(*first).wrapping_mul(7) ^ usize::from(*last).wrapping_mul(3)
        });
        let slot = (ends ^ bytes.len()) % RECENT;
        let known = self.recent.get(slot).copied()?;
        if self.tree.text(known) == Some(text) {
            return Some(known);
        }
        let start = u32::try_from(self.tree.texts.len()).ok().filter(|&start| start != u32::MAX)?;
        let place = Text { start, len: u32::try_from(bytes.len()).ok()? };
        self.tree.texts.push_str(text);
        if let Some(slot) = self.recent.get_mut(slot) {
            *slot = place;
        }
        Some(place)
    }
}
