use std::fmt;

use holdall_tensor::DType;

/// One extent of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    /// Known.
    Known(u64),
    /// Named; equal names mean equal extents.
    Symbol(String),
    /// Not said.
    Unknown,
}

/// Element type and extents of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Extents; `None` when not even their number is known.
    pub dims: Option<Vec<Dim>>,
}

/// Type of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A dense tensor.
    Tensor(TensorType),
    /// A list of values of one type.
    Sequence(Box<ValueType>),
    /// A map from keys of a scalar type.
    Map(DType, Box<ValueType>),
    /// A value or nothing.
    Optional(Box<ValueType>),
    /// A sparse tensor.
    Sparse(TensorType),
}

impl ValueType {
    /// A tensor type.
    pub const fn tensor(dtype: DType, dims: Vec<Dim>) -> Self {
        Self::Tensor(TensorType { dtype, dims: Some(dims) })
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(n) => write!(f, "{n}"),
            Self::Symbol(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dtype)?;
        match &self.dims {
            None => f.write_str("[…]"),
            Some(dims) => {
                let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", dims.join(", "))
            }
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The depth of a type is bounded where it is read.
        match self {
            Self::Tensor(tensor) => write!(f, "{tensor}"),
            Self::Sparse(tensor) => write!(f, "sparse {tensor}"),
            Self::Sequence(inner) => write!(f, "seq({inner})"),
            Self::Map(key, inner) => write!(f, "map({key}, {inner})"),
            Self::Optional(inner) => write!(f, "optional({inner})"),
        }
    }
}
