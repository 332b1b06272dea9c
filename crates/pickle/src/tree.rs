use bytes::Bytes;
use holdall_arena::Arena;
use holdall_diag::{Failure, Location};
use holdall_source::Budget;

use crate::{
    Blob, Call, Effect, Node, NodeId, Value,
    machine::{Machine, ReadOptions},
};

/// What one pickle stream says, as inert nodes. Nothing was imported, called or unpickled.
///
/// The tree shares its bytes with the input. Every node has the offset of the opcode that made it.
#[derive(Clone, Debug)]
pub struct Pickle {
    pub(crate) input: Bytes,
    pub(crate) unescaped: Vec<u8>,
    pub(crate) buffers: Vec<Bytes>,
    pub(crate) nodes: Arena<Node>,
    pub(crate) offsets: Vec<u64>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) root: Option<NodeId>,
    pub(crate) end: u64,
    pub(crate) protocol: u8,
    pub(crate) payloads: u64,
    /// Where the memo is first used with an index beyond the length of the input.
    pub(crate) far_memo: Option<u64>,
}

impl Pickle {
    /// Reads the stream at the start of `input`, which is not compressed (see
    /// [`decompress`](crate::decompress)). What follows its `STOP` is left alone; see
    /// [`Pickle::end`].
    pub fn read(input: &Bytes, budget: &mut Budget) -> Result<Self, Failure> {
        Self::read_with(input, &ReadOptions::default(), budget)
    }

    /// Reads one stream as the options say.
    pub fn read_with(
        input: &Bytes,
        options: &ReadOptions,
        budget: &mut Budget,
    ) -> Result<Self, Failure> {
        let (pickle, failure) = Self::read_partial(input, options, budget);
        failure.map_or(Ok(pickle), Err)
    }

    /// Reads one stream; when it breaks, what was reached before the break is kept beside the failure.
    pub fn read_partial(
        input: &Bytes,
        options: &ReadOptions,
        budget: &mut Budget,
    ) -> (Self, Option<Failure>) {
        Machine::new(input, options, budget).run()
    }

    pub(crate) fn empty(input: &Bytes, buffers: &[Bytes]) -> Self {
        Self {
            input: input.clone(),
            unescaped: Vec::new(),
            buffers: buffers.to_vec(),
            nodes: Arena::new(),
            offsets: Vec::new(),
            effects: Vec::new(),
            root: None,
            end: 0,
            protocol: 0,
            payloads: 0,
            far_memo: None,
        }
    }

    /// The value of the stream; `None` only when it broke before its `STOP`.
    pub fn root_id(&self) -> Option<NodeId> {
        self.root
    }

    /// The value of the stream, ready to be looked into.
    pub fn root(&self) -> Value<'_> {
        Value::root(self, self.root.unwrap_or(NodeId::new(u32::MAX)))
    }

    /// Any node, ready to be looked into; paths start there.
    pub fn value(&self, id: NodeId) -> Value<'_> {
        Value::root(self, id)
    }

    /// The node named by `id`. Ids of this tree always name one.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id).unwrap_or(&Node::None)
    }

    /// All nodes in the order of their opcodes.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> + DoubleEndedIterator {
        self.nodes.iter()
    }

    /// Offset of the opcode that made the node.
    pub fn offset(&self, id: NodeId) -> u64 {
        self.offsets.get(id.index()).copied().unwrap_or(self.end)
    }

    /// The place of the opcode that made the node; nowhere in a tree without offsets.
    pub fn location(&self, id: NodeId) -> Location {
        if self.offsets.is_empty() { Location::none() } else { Location::at(self.offset(id)) }
    }

    /// The tree of a stream that is no file of its own: its offsets would mean nothing to anybody.
    #[must_use]
    pub fn without_offsets(mut self) -> Self {
        self.offsets = Vec::new();
        self
    }

    /// Offset behind the `STOP`, or of the opcode that broke.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The highest protocol that a `PROTO` opcode declares; 0 without one.
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// How many arrays lie between the opcodes; more than none means that joblib wrote this.
    pub fn payloads(&self) -> u64 {
        self.payloads
    }

    /// Opcodes applied to what no pickler applies them to.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// All names the stream would import, in the order of their opcodes, with their nodes. `None` for
    /// a name that is computed while unpickling.
    pub fn globals(&self) -> impl Iterator<Item = (NodeId, Option<(&str, &str)>)> {
        self.nodes
            .iter()
            .filter(|(_, node)| matches!(node, Node::Global { .. }))
            .map(|(id, _)| (id, self.global(id)))
    }

    /// Module and name, when the node is a global with operands that are text.
    pub fn global(&self, id: NodeId) -> Option<(&str, &str)> {
        let Node::Global { module, name } = self.node(id) else { return None };
        Some((self.text(*module)?, self.text(*name)?))
    }

    /// The object, when the node is one.
    pub fn call(&self, id: NodeId) -> Option<&Call> {
        if let Node::Call(call) = self.node(id) { Some(call) } else { None }
    }

    /// The elements, when the node is a tuple.
    pub fn tuple(&self, id: NodeId) -> Option<&[NodeId]> {
        if let Node::Tuple(items) = self.node(id) { Some(items) } else { None }
    }

    /// The text, when the node is a `str` without lone surrogates, or a Python 2 `str` in UTF-8.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        if let Node::Text(blob) | Node::ByteString(blob) = self.node(id) {
            std::str::from_utf8(self.blob(blob)).ok()
        } else {
            None
        }
    }

    /// The bytes of a blob.
    pub fn blob(&self, blob: &Blob) -> &[u8] {
        let (range, in_input) = blob.range();
        let all: &[u8] = if in_input { &self.input } else { &self.unescaped };
        all.get(range).unwrap_or_default()
    }

    /// The bytes of a blob, shared with the input where they lie in it.
    pub fn share(&self, blob: &Blob) -> Bytes {
        let (range, in_input) = blob.range();
        if in_input && range.end <= self.input.len() {
            self.input.slice(range)
        } else {
            Bytes::copy_from_slice(self.blob(blob))
        }
    }

    /// The bytes the node stands for: `bytes`, `bytearray`, a Python 2 `str`, a buffer that was given,
    /// or the calls by which protocols 0 to 2 spell bytes.
    pub fn bytes(&self, id: NodeId) -> Option<Bytes> {
        match self.node(id) {
            Node::Bytes(blob) | Node::ByteArray(blob) | Node::ByteString(blob) => {
                Some(self.share(blob))
            }
            Node::Buffer { index, .. } => self.buffers.get(*index as usize).cloned(),
            Node::Call(call) => self.spelled_bytes(call),
            Node::None
            | Node::Bool(_)
            | Node::Int(_)
            | Node::BigInt(_)
            | Node::Float(_)
            | Node::Text(_)
            | Node::Tuple(_)
            | Node::List(_)
            | Node::Dict(_)
            | Node::Set(_)
            | Node::FrozenSet(_)
            | Node::Global { .. }
            | Node::PersistentId(_)
            | Node::Ext(_) => None,
        }
    }

    /// `_codecs.encode(text, 'latin1')`, `bytes()`, `bytearray(text, 'latin-1')`, and `bytearray` of
    /// any of them.
    fn spelled_bytes<'a>(&'a self, mut call: &'a Call) -> Option<Bytes> {
        loop {
            let (module, name) = self.global(call.callable)?;
            let args = self.tuple(call.args)?;
            match (python3_module(module), name, args) {
                ("builtins", "bytes" | "bytearray", []) => return Some(Bytes::new()),
                ("builtins", "bytes" | "bytearray", &[only]) => {
                    if let Node::Bytes(blob) | Node::ByteArray(blob) = self.node(only) {
                        return Some(self.share(blob));
                    }
                    // Arguments are older than their call, so this ends.
                    call = self.call(only)?;
                }
                ("_codecs", "encode", &[text, encoding])
                | ("builtins", "bytes" | "bytearray", &[text, encoding])
                    if is_latin1(self.text(encoding)?) =>
                {
                    return self.text(text)?.chars().map(|c| u8::try_from(c).ok()).collect();
                }
                _ => return None,
            }
        }
    }

    /// Module and name of the class an object is an instance of, past the calls by which pickle spells
    /// "a new one of this class". For other calls, the callable.
    pub fn class(&self, id: NodeId) -> Option<(&str, &str)> {
        let (module, name) = self.global(self.class_id(id)?)?;
        Some((python3_module(module), name))
    }

    /// The node of the class, as [`Pickle::class`] finds it.
    pub(crate) fn class_id(&self, id: NodeId) -> Option<NodeId> {
        let call = self.call(id)?;
        if self.is_new_of_argument(call) {
            return self.tuple(call.args)?.first().copied();
        }
        Some(call.callable)
    }

    /// Whether the call is `copyreg._reconstructor(cls, …)` or `copyreg.__newobj__(cls, …)`.
    pub(crate) fn is_new_of_argument(&self, call: &Call) -> bool {
        self.global(call.callable).is_some_and(|(module, name)| {
            python3_module(module) == "copyreg"
                && matches!(name, "_reconstructor" | "__newobj__" | "__newobj_ex__")
        })
    }
}

/// The Python 3 name of the modules every Python 2 pickle names.
pub fn python3_module(module: &str) -> &str {
    match module {
        "__builtin__" => "builtins",
        "copy_reg" => "copyreg",
        other => other,
    }
}

/// The spellings of latin-1 that picklers use.
pub(crate) fn is_latin1(encoding: &str) -> bool {
    matches!(encoding, "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1")
}
