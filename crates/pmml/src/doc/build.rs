use std::fmt::Display;

use bytes::Bytes;
use holdall_diag::Failure;

use super::{Attribute, Cut, Document, Node, Origin, PlainTree, TEXT};
use crate::codes;

/// Makes a document from its start to its end.
///
/// Names and attributes are added to the element opened last. Overflow is remembered and comes out of
/// [`Builder::finish`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    document: Document,
    open: Vec<usize>,
    overflow: bool,
    /// Names used last, by a cheap hash: a document has few, and says them a million times.
    recent: Vec<u32>,
}

/// Places in the list of recent names.
const RECENT: usize = 256;

impl Builder {
    /// A builder for an empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str) -> &mut Self {
        self.open_at(name, 0)
    }

    /// Opens an element that stands at this byte of the file.
    pub(crate) fn open_at(&mut self, name: &str, offset: u64) -> &mut Self {
        let name = self.name(name);
        let start = self.number(self.document.attributes.len());
        self.open.push(self.document.nodes.len());
        self.document.nodes.push(Node { name, end: u32::MAX, start, count: 0, offset });
        self
    }

    /// Adds an attribute to the element opened last. Content must not have begun.
    pub fn attribute(&mut self, name: &str, value: impl Display) -> &mut Self {
        use std::fmt::Write;
        let start = self.document.text.len();
        // Writing to a `String` cannot fail.
        let _infallible = write!(self.document.text, "{value}");
        self.attribute_from(name, start)
    }

    /// Adds an attribute whose value is a text.
    pub(crate) fn attribute_text(&mut self, name: &str, value: &str) -> &mut Self {
        let start = self.document.text.len();
        self.document.text.push_str(value);
        self.attribute_from(name, start)
    }

    /// Adds an attribute whose value is the text from here on.
    fn attribute_from(&mut self, name: &str, start: usize) -> &mut Self {
        let name = self.name(name);
        let count = self.number(self.document.text.len() - start);
        let start = self.number(start);
        self.document.attributes.push(Attribute { name, start, count });
        if let Some(node) = self.document.nodes.last_mut() {
            node.count += 1;
        }
        self
    }

    /// Adds an attribute where there is a value.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.attribute(name, value);
        }
        self
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        let start = self.number(self.document.text.len());
        let count = self.number(text.len());
        self.document.text.push_str(text);
        let end = self.number(self.document.nodes.len() + 1);
        self.document.nodes.push(Node { name: TEXT, end, start, count, offset: 0 });
        self
    }

    /// Closes the element opened last that is still open.
    pub fn close(&mut self) -> &mut Self {
        let end = self.number(self.document.nodes.len());
        if let Some(node) = self.open.pop().and_then(|at| self.document.nodes.get_mut(at)) {
            node.end = end;
        }
        self
    }

    /// Number of elements and texts so far.
    pub(crate) fn len(&self) -> usize {
        self.document.nodes.len()
    }

    /// Opens an element again that was closed, when nothing came after its end.
    pub(crate) fn reopen(&mut self, element: usize) {
        self.open.push(element);
    }

    /// The document, with all elements closed.
    pub fn finish(mut self) -> Result<Document, Failure> {
        while !self.open.is_empty() {
            self.close();
        }
        if self.overflow {
            return Err(Failure::limit(
                codes::LIMIT,
                "the document has more than 2³² elements, attributes or bytes of text",
            ));
        }
        Ok(self.document)
    }

    /// The document, with the bytes that it came from.
    pub(crate) fn finish_from(self, origin: Bytes) -> Result<Document, Failure> {
        let mut document = self.finish()?;
        document.origin = Origin::new(origin, Vec::new());
        Ok(document)
    }

    /// The document of a frame, with the trees that were cut out of it. None where one was not cut out of an
    /// element.
    pub(crate) fn finish_apart(
        self,
        frame: Bytes,
        cuts: Vec<Cut>,
        trees: Vec<PlainTree>,
    ) -> Option<Document> {
        let mut document = self.finish().ok()?;
        let mut left = cuts.iter().zip(trees).peekable();
        for (index, node) in document.nodes.iter().enumerate() {
            if let Some((_, tree)) =
                left.next_if(|(cut, _)| cut.at == node.offset && node.name != TEXT)
            {
                let empty = node.count == 0 && node.end as usize == index + 1;
                if !empty || document.names.get_index(node.name as usize)? != "Node" {
                    return None;
                }
                document.trees.push((index, tree));
            }
        }
        if left.next().is_some() {
            return None;
        }
        document.origin = Origin::new(frame, cuts);
        Some(document)
    }

    /// Number of different names so far.
    pub(crate) fn name_count(&self) -> usize {
        self.document.names.len()
    }

    /// Whether a number did not fit.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflow
    }

    /// A name that the element opened last has as an attribute twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let start = self.document.nodes.last()?.start as usize;
        let mut names: Vec<u32> =
            self.document.attributes.get(start..)?.iter().map(|attribute| attribute.name).collect();
        names.sort_unstable();
        let [twice, _] = names.array_windows().find(|[a, b]| a == b)?;
        self.document.names.get_index(*twice as usize).map(String::as_str)
    }

    fn name(&mut self, name: &str) -> u32 {
        let bytes = name.as_bytes();
        let at = |place: usize| bytes.get(place).map_or(0, |&byte| usize::from(byte));
        let hash = bytes.len()
            + at(0) * 3
            + at(bytes.len() / 2) * 5
            + at(bytes.len().saturating_sub(1)) * 7;
        let slot = hash % RECENT;
        if let Some(&known) = self.recent.get(slot)
            && self.document.names.get_index(known as usize).is_some_and(|found| found == name)
        {
            return known;
        }
        let index = self.name_of_all(name);
        self.recent.resize(RECENT, u32::MAX);
        if let Some(place) = self.recent.get_mut(slot) {
            *place = index;
        }
        index
    }

    fn name_of_all(&mut self, name: &str) -> u32 {
        let found = self.document.names.get_index_of(name);
        let index = found.unwrap_or_else(|| self.document.names.insert_full(name.to_owned()).0);
        self.number(index)
    }

    fn number(&mut self, value: usize) -> u32 {
        u32::try_from(value).ok().filter(|&n| n != TEXT).unwrap_or_else(|| {
            self.overflow = true;
            0
        })
    }
}
