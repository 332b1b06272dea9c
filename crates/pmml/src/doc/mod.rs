//! The document: every element, attribute and text of a file, in columns and in document order.
//!
//! A document carries all of the standard and whatever else a file holds (extensions, foreign
//! namespaces), so that decoding and encoding lose nothing but comments, processing instructions and
//! blanks between elements. The families beside this file hold the words of the standard's
//! enumerations, one file a chapter.

mod array;
mod build;
mod mining;
mod origin;
mod plain;
mod regression;
mod schema;
mod text;
mod tree;
mod words;
pub(crate) use array::{array_counts, array_items};
pub(crate) use origin::{Cut, Origin, line_of};
pub(crate) use plain::{DefaultChild, PlainBuilder, PlainOp, PlainTest, PlainTree, Text};
pub(crate) use words::Word;

pub use build::Builder;
pub use mining::{MissingPredictionTreatment, MultipleModelMethod};
pub use regression::NormalizationMethod;
pub use schema::{
    DataType, InvalidValueTreatment, MiningFunction, MissingValueTreatment, OpType, Outliers,
    ResultFeature, UsageType,
};
pub use text::{DocumentNormalization, GlobalTermWeights, LocalTermWeights};
pub use tree::{MissingValueStrategy, NoTrueChildStrategy, SimpleOperator};

use std::borrow::Cow;

use holdall_diag::{Location, PathKind};
use indexmap::IndexSet;

/// Stands for the name of a text.
const TEXT: u32 = u32::MAX;

/// One element or text. Elements stand in document order; what lies between an element and `end` is
/// its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    /// Position of the name, or [`TEXT`].
    name: u32,
    /// The first node after the content.
    end: u32,
    /// First attribute; for a text its first byte.
    start: u32,
    /// Number of attributes; for a text of bytes.
    count: u32,
    /// Byte of the file, for locations.
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attribute {
    name: u32,
    start: u32,
    count: u32,
}

/// A PMML document, whole.
#[derive(Clone, Debug, Default)]
pub struct Document {
    names: IndexSet<String>,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    text: String,
    /// The bytes it was decoded from, to find lines.
    origin: Origin,
    /// Trees that were read apart, by the empty elements that stand for their roots.
    trees: Vec<(usize, PlainTree)>,
}

/// Documents are equal when they say the same; places in files take no part.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.nodes.len() == other.nodes.len()
            && (0..self.nodes.len()).zip(0..other.nodes.len()).all(|(a, b)| {
                let (a, b) =
                    (Element { document: self, at: a }, Element { document: other, at: b });
                a.is_text() == b.is_text()
                    && a.name() == b.name()
                    && a.end() == b.end()
                    && a.own_text() == b.own_text()
                    && a.attributes().eq(b.attributes())
            })
    }
}

impl Document {
    /// The root element.
    pub fn root(&self) -> Option<Element<'_>> {
        (!self.nodes.is_empty()).then_some(Element { document: self, at: 0 })
    }

    /// Number of elements and texts.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Number of elements and texts, those of trees that were read apart with them.
    pub(crate) fn len_with_trees(&self) -> u64 {
        // The element that stands for a tree is one already.
        let inside = self.trees.iter().map(|(_, tree)| tree.elements.saturating_sub(1));
        self.nodes.len() as u64 + inside.sum::<u64>()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn span(&self, start: u32, count: u32) -> &str {
        self.text.get(start as usize..start as usize + count as usize).unwrap_or_default()
    }
}

/// One element of a document.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document,
    at: usize,
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}> #{}", self.name(), self.at)
    }
}

impl<'d> Element<'d> {
    fn node(self) -> Node {
        // Elements are only made for nodes that exist.
        self.document.nodes.get(self.at).copied().unwrap_or(Node {
            name: TEXT,
            end: u32::MAX,
            start: 0,
            count: 0,
            offset: 0,
        })
    }

    fn is_text(self) -> bool {
        self.node().name == TEXT
    }

    fn own_text(self) -> &'d str {
        let node = self.node();
        if node.name == TEXT { self.document.span(node.start, node.count) } else { "" }
    }

    fn end(self) -> usize {
        self.node().end as usize
    }

    /// Position in document order; an element comes before its content.
    pub fn index(self) -> usize {
        self.at
    }

    /// Position of the first element or text after its content.
    pub fn end_index(self) -> usize {
        self.end()
    }

    /// The name, without the prefix of the PMML namespace.
    pub fn name(self) -> &'d str {
        self.document.names.get_index(self.node().name as usize).map_or("", String::as_str)
    }

    /// The value of an attribute.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// All attributes in order.
    pub fn attributes(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let node = self.node();
        let document = self.document;
        let (start, count) =
            if node.name == TEXT { (0, 0) } else { (node.start as usize, node.count as usize) };
        document.attributes.get(start..start + count).unwrap_or_default().iter().map(|attribute| {
            let name = document.names.get_index(attribute.name as usize);
            (name.map_or("", String::as_str), document.span(attribute.start, attribute.count))
        })
    }

    /// The child elements and texts in order; a text comes as `Err`.
    pub fn content(self) -> impl Iterator<Item = Result<Self, &'d str>> {
        let (document, end) = (self.document, self.end().min(self.document.nodes.len()));
        let mut next = self.at + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = Element { document, at: next };
                next = child.end().max(next + 1);
                if child.is_text() { Err(child.own_text()) } else { Ok(child) }
            })
        })
    }

    /// The child elements in order.
    pub fn children(self) -> impl Iterator<Item = Self> {
        self.content().filter_map(Result::ok)
    }

    /// The child elements in order, without extensions.
    pub fn proper_children(self) -> impl Iterator<Item = Self> {
        self.children().filter(|child| child.name() != "Extension")
    }

    /// The first child element of this name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// The texts directly inside, joined.
    pub fn text(self) -> Cow<'d, str> {
        let mut texts = self.content().filter_map(Result::err);
        let first = texts.next().unwrap_or_default();
        texts.fold(Cow::Borrowed(first), |all, next| Cow::Owned(format!("{all}{next}")))
    }

    /// All elements from this one to the end of its content, in document order.
    pub fn descendants(self) -> impl DoubleEndedIterator<Item = Self> {
        let document = self.document;
        (self.at..self.end().min(document.nodes.len()))
            .map(move |at| Element { document, at })
            .filter(|element| !element.is_text())
    }

    /// The trees inside that were read apart, with the elements that stand for their roots.
    pub(crate) fn trees_apart(self) -> &'d [(usize, PlainTree)] {
        let trees = self.document.trees.as_slice();
        let place = |index: usize| trees.partition_point(|(root, _)| *root < index);
        trees.get(place(self.at)..place(self.end())).unwrap_or_default()
    }

    /// Line, column and path in the file.
    pub fn location(self) -> Location {
        let offset = self.node().offset;
        let location = Location::path(PathKind::Xml, self.path());
        if self.document.origin.is_empty() {
            return location;
        }
        let (line, column) = self.document.origin.line_of(offset);
        location.with_line(line, column)
    }

    fn path(self) -> String {
        let mut path = String::new();
        let mut at = self.document.root();
        let mut position: Option<usize> = None;
        while let Some(element) = at {
            path.push('/');
            path.push_str(element.name());
            if let Some(position) = position {
                path.extend(["[", &position.to_string(), "]"]);
            }
            if element.at == self.at || path.len() > 4096 {
                break;
            }
            at = element.children().find(|c| c.at <= self.at && self.at < c.end());
            position = at.and_then(|child| {
                let mut same = element.children().filter(|c| c.name() == child.name());
                let before = same.by_ref().position(|c| c.at == child.at)?;
                (before > 0 || same.next().is_some()).then_some(before + 1)
            });
        }
        path
    }
}
