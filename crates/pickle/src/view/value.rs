use bytes::Bytes;
use holdall_diag::{Code, Failure, Location, PathKind};

use super::path::{Path, Step};
use crate::{
    Node, NodeId, Object, Pickle, codes,
    numpy::{Array, ElementKind},
};

/// A node with the path that led to it.
///
/// `as_*` answer `None` for another type; the plain names fail with `pickle/type` and the place.
/// NumPy scalars count as the numbers, booleans and texts they hold.
#[derive(Clone, Debug)]
pub struct Value<'p> {
    pickle: &'p Pickle,
    id: NodeId,
    path: Path,
}

impl<'p> Value<'p> {
    pub(crate) fn root(pickle: &'p Pickle, id: NodeId) -> Self {
        Self { pickle, id, path: Path::default() }
    }

    pub(super) fn to(&self, step: Step, id: NodeId) -> Self {
        Self { pickle: self.pickle, id, path: self.path.to(step) }
    }

    /// Another node that goes by the same path, such as the state of an object.
    pub(super) fn beside(&self, id: NodeId) -> Self {
        Self { pickle: self.pickle, id, path: self.path.clone() }
    }

    /// The tree it is part of.
    pub fn pickle(&self) -> &'p Pickle {
        self.pickle
    }

    /// The node; equal ids are one and the same Python object.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The node itself.
    pub fn node(&self) -> &'p Node {
        self.pickle.node(self.id)
    }

    /// Byte offset and path, such as `steps[1][1].coef_`.
    pub fn location(&self) -> Location {
        self.pickle.location(self.id).with_path(PathKind::Object, self.path())
    }

    /// The path, such as `steps[1][1].coef_`; empty for the root.
    pub fn path(&self) -> String {
        self.path.spell(self.pickle)
    }

    /// What the value is, for messages.
    pub fn describe(&self) -> String {
        self.pickle.describe(self.id)
    }

    /// A failure here: the input is broken.
    pub fn failure(&self, code: Code, message: impl Into<String>) -> Failure {
        let location = self.location();
        let named = location.path.as_ref().is_some_and(|(_, path)| !path.is_empty());
        Failure::malformed(code, message).at(if named {
            location
        } else {
            Location { path: None, ..location }
        })
    }

    /// A failure here: `what` was expected.
    pub fn expected(&self, what: &str) -> Failure {
        self.failure(codes::TYPE, format!("expected {what}, found {}", self.describe()))
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// A boolean, also a NumPy one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Node::Bool(value) = self.node() {
            return Some(*value);
        }
        self.scalar()?.to_bool().ok()?.first().copied()
    }

    /// A boolean, or `pickle/type`.
    pub fn bool(&self) -> Result<bool, Failure> {
        self.as_bool().ok_or_else(|| self.expected("`True` or `False`"))
    }

    /// An integer of up to 64 bits, also a NumPy one; a boolean is none.
    pub fn as_int(&self) -> Option<i64> {
        if let Node::Int(value) = self.node() {
            return Some(*value);
        }
        let scalar = self.scalar().filter(|scalar| scalar.dtype().kind != ElementKind::Bool)?;
        scalar.to_i64().ok()?.first().copied()
    }

    /// An integer, or `pickle/type`.
    pub fn int(&self) -> Result<i64, Failure> {
        self.as_int().ok_or_else(|| self.expected("an integer"))
    }

    /// A number, also a NumPy one or a number in an array without axes; integers only where binary64
    /// holds them.
    pub fn as_float(&self) -> Option<f64> {
        if let Node::Float(value) = self.node() {
            return Some(*value);
        }
        if let Node::Int(value) = self.node() {
            #[expect(clippy::cast_precision_loss, reason = "values that lose are refused")]
            return (value.unsigned_abs() <= 1 << 53).then_some(*value as f64);
        }
        self.scalar()?.to_f64().ok()?.first().copied()
    }

    /// A number, or `pickle/type`.
    pub fn float(&self) -> Result<f64, Failure> {
        self.as_float().ok_or_else(|| self.expected("a number"))
    }

    /// Text that lies in the input as it is; for NumPy scalars see [`Value::to_text`].
    pub fn as_text(&self) -> Option<&'p str> {
        self.pickle.text(self.id)
    }

    /// Text, or `pickle/type`.
    pub fn text(&self) -> Result<&'p str, Failure> {
        self.as_text().ok_or_else(|| self.expected("text"))
    }

    /// Text, also a NumPy scalar.
    pub fn to_text(&self) -> Result<String, Failure> {
        if let Some(text) = self.as_text() {
            return Ok(text.to_owned());
        }
        let scalar = self.scalar().ok_or_else(|| self.expected("text"))?;
        scalar.strings(self.pickle)?.pop().ok_or_else(|| self.expected("text"))
    }

    /// Bytes in any spelling.
    pub fn as_bytes(&self) -> Option<Bytes> {
        self.pickle.bytes(self.id)
    }

    /// Bytes, or `pickle/type`.
    pub fn bytes(&self) -> Result<Bytes, Failure> {
        self.as_bytes().ok_or_else(|| self.expected("bytes"))
    }

    /// The elements of a tuple, list, set, or object that is a list.
    pub fn item_ids(&self) -> Result<&'p [NodeId], Failure> {
        if let Node::Tuple(items) | Node::FrozenSet(items) = self.node() {
            return Ok(items);
        }
        if let Node::List(items) | Node::Set(items) = self.node() {
            return Ok(items);
        }
        let call = self.pickle.call(self.id).filter(|call| !call.items.is_empty());
        call.map(|call| &*call.items).ok_or_else(|| self.expected("a list or a tuple"))
    }

    /// The elements of a tuple, list, set, or object that is a list.
    pub fn items(&self) -> Result<impl ExactSizeIterator<Item = Self> + use<'p>, Failure> {
        let ids = self.item_ids()?;
        let this = self.clone();
        Ok(ids.iter().enumerate().map(move |(i, &id)| this.to(Step::Item(i), id)))
    }

    /// One element of a tuple or list.
    pub fn item(&self, index: usize) -> Result<Self, Failure> {
        let ids = self.item_ids()?;
        ids.get(index).map(|&id| self.to(Step::Item(index), id)).ok_or_else(|| {
            self.failure(
                codes::KEY,
                format!("expected at least {} elements, found {}", index + 1, ids.len()),
            )
        })
    }

    /// The entries of a dictionary or of an object that is one, in order. Keys may repeat; the last
    /// counts.
    pub fn entries(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = (Self, Self)> + DoubleEndedIterator + use<'p>, Failure>
    {
        let entries = if let Node::Dict(entries) = self.node() {
            entries
        } else {
            let call = self.pickle.call(self.id).ok_or_else(|| self.expected("a dictionary"))?;
            &call.entries
        };
        let this = self.clone();
        Ok(entries.iter().map(move |&(key, value)| {
            // A key has no path of its own: it is named by the dictionary.
            (this.beside(key), this.to(Step::Key(key), value))
        }))
    }

    /// The entry of a dictionary, or the attribute or entry of an object.
    pub fn get(&self, key: &str) -> Option<Self> {
        if matches!(self.node(), Node::Dict(_)) {
            return self.entry(key);
        }
        self.as_object()?.get(key)
    }

    pub(super) fn entry(&self, key: &str) -> Option<Self> {
        let mut entries = self.entries().ok()?;
        entries.rfind(|(k, _)| k.as_text() == Some(key)).map(|(_, value)| value)
    }

    /// The entry or attribute, or `pickle/key`.
    pub fn require(&self, key: &str) -> Result<Self, Failure> {
        self.get(key).ok_or_else(|| {
            self.failure(codes::KEY, format!("expected `{key}` in {}, found none", self.describe()))
        })
    }

    /// The object view, when this is an object.
    pub fn as_object(&self) -> Option<Object<'p>> {
        Object::new(self)
    }

    /// The object view, or `pickle/type`.
    pub fn object(&self) -> Result<Object<'p>, Failure> {
        self.as_object().ok_or_else(|| self.expected("an object"))
    }

    /// Module and name, when this is a global.
    pub fn as_global(&self) -> Option<(&'p str, &'p str)> {
        self.pickle.global(self.id)
    }

    /// Whether this is an array or a NumPy scalar; it may still be broken.
    pub fn is_array(&self) -> bool {
        Array::is_array(self)
    }

    /// The array, or why it is none.
    pub fn array(&self) -> Result<Array, Failure> {
        Array::read(self)
    }

    /// An array of one element: a NumPy scalar, or what `np.float64(…)` saves as an array without axes.
    fn scalar(&self) -> Option<Array> {
        if !self.is_array() {
            return None;
        }
        self.array().ok().filter(|array| array.ndim() == 0)
    }
}
