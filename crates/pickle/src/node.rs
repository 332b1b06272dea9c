use std::ops::Range;

use holdall_arena::Id;

/// Names one node of a [`Pickle`](crate::Pickle).
pub type NodeId = Id<Node>;

/// One value of an object tree. Containers hold ids, so sharing and cycles of the stream survive:
/// **a walk must keep its own stack and remember where it has been**.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `None`.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A larger integer: little-endian two's complement.
    BigInt(Blob),
    /// A floating-point number.
    Float(f64),
    /// A `bytes` object.
    Bytes(Blob),
    /// A `bytearray`.
    ByteArray(Blob),
    /// A `str` of Python 2: bytes that Python 3 reads as text in an encoding of its choice.
    ByteString(Blob),
    /// A `str`: UTF-8, except that lone surrogates may occur.
    Text(Blob),
    /// A tuple.
    Tuple(Box<[NodeId]>),
    /// A list.
    List(Vec<NodeId>),
    /// A dictionary in insertion order; a later entry with an equal key replaces an earlier one.
    Dict(Vec<(NodeId, NodeId)>),
    /// A set.
    Set(Vec<NodeId>),
    /// A frozen set.
    FrozenSet(Box<[NodeId]>),
    /// A name that unpickling would import; both operands are text unless they were computed.
    Global {
        /// The module to import.
        module: NodeId,
        /// The attribute, dotted for nested ones.
        name: NodeId,
    },
    /// An object, as the call that would make it.
    Call(Box<Call>),
    /// A reference that only the loading program can resolve; the operand is its key.
    PersistentId(NodeId),
    /// A code of the extension registry of the loading process.
    Ext(i32),
    /// The n-th out-of-band buffer.
    Buffer {
        /// Position among the buffers.
        index: u32,
        /// Whether `READONLY_BUFFER` followed.
        readonly: bool,
    },
}

/// How an object would be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOp {
    /// `callable(*args)`.
    Reduce,
    /// `callable.__new__(callable, *args)`.
    NewObj,
    /// `callable.__new__(callable, *args, **kwargs)`.
    NewObjEx,
    /// Protocol 0 class instance; the class is named in the opcode.
    Inst,
    /// Protocol 1 class instance; the class is on the stack.
    Obj,
}

impl CallOp {
    /// Name of the opcode in `pickletools`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reduce => "REDUCE",
            Self::NewObj => "NEWOBJ",
            Self::NewObjEx => "NEWOBJ_EX",
            Self::Inst => "INST",
            Self::Obj => "OBJ",
        }
    }
}

/// An object: the call that makes it, and what is put into it afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The opcode.
    pub op: CallOp,
    /// What is called; a [`Node::Global`] in honest files.
    pub callable: NodeId,
    /// The positional arguments; a [`Node::Tuple`] unless they were computed.
    pub args: NodeId,
    /// The keyword arguments of `NEWOBJ_EX`.
    pub kwargs: Option<NodeId>,
    /// What the first `BUILD` set; any further one is an [`Effect`].
    pub state: Option<NodeId>,
    /// What `APPEND`, `APPENDS` and `ADDITEMS` added.
    pub items: Vec<NodeId>,
    /// What `SETITEM` and `SETITEMS` set.
    pub entries: Vec<(NodeId, NodeId)>,
    /// What joblib wrote behind its array wrapper.
    pub payload: Option<Payload>,
}

/// The content of an array that joblib wrote between two opcodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The elements as they lie in memory.
    Raw(Blob),
    /// The root of the nested stream that holds the elements of an object array.
    Nested(NodeId),
}

/// An opcode applied to a value that no pickler applies it to, such as `BUILD` on a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What the opcode acts on.
    pub target: NodeId,
    /// Name of the opcode in `pickletools`.
    pub opcode: &'static str,
    /// The operands.
    pub operands: Box<[NodeId]>,
    /// Offset of the opcode.
    pub offset: u64,
}

/// Some bytes of a [`Pickle`](crate::Pickle): a range of its input, or text that had to be unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    start: u64,
    len: u64,
}

/// Set in `Blob::start` when the bytes are unescaped text.
const UNESCAPED: u64 = 1 << 63;

impl Blob {
    pub(crate) fn input(range: Range<usize>) -> Self {
        Self { start: range.start as u64, len: range.len() as u64 }
    }

    pub(crate) fn unescaped(range: Range<usize>) -> Self {
        Self { start: range.start as u64 | UNESCAPED, len: range.len() as u64 }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The range, and whether it lies in the input.
    pub(crate) fn range(&self) -> (Range<usize>, bool) {
        let start = usize::try_from(self.start & !UNESCAPED).unwrap_or(usize::MAX);
        (start..start.saturating_add(self.len()), self.start & UNESCAPED == 0)
    }
}
