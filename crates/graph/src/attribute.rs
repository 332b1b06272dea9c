use bytes::Bytes;
use holdall_tensor::Tensor;

use crate::{Graph, ValueType};

/// Value of an attribute of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// One integer.
    Int(i64),
    /// One float.
    Float(f32),
    /// One byte string, usually UTF-8.
    String(Vec<u8>),
    /// One tensor of numbers.
    Tensor(Tensor),
    /// Integers.
    Ints(Vec<i64>),
    /// Floats.
    Floats(Vec<f32>),
    /// Byte strings.
    Strings(Vec<Bytes>),
    /// A tensor of texts, in C order.
    TextTensor {
        /// Extents.
        shape: holdall_tensor::Shape,
        /// The texts.
        values: Vec<String>,
    },
    /// A subgraph. Nesting is bounded where it is read.
    Graph(Box<Graph>),
    /// A type of values.
    Type(ValueType),
}

impl Attribute {
    /// One text.
    pub fn text(value: impl Into<String>) -> Self {
        Self::String(value.into().into_bytes())
    }

    /// Texts.
    pub fn texts<S: Into<Bytes>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::Strings(values.into_iter().map(Into::into).collect())
    }
}
