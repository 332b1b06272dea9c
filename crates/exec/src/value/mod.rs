//! What operators take and give.

mod convert;
pub(crate) mod exp;
mod moves;
pub(crate) mod number;
pub(crate) mod vector;

use std::sync::Arc;

pub(crate) use convert::element_type;
use half::{bf16, f16};
use holdall_diag::Failure;
pub use holdall_tensor::Narrow;
pub(crate) use moves::{Blocks, Lines, Steps, at};

use crate::codes;

/// A dense array in C order. Clones share the elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T> {
    shape: Vec<usize>,
    data: Arc<Vec<T>>,
}

impl<T: Clone> Array<T> {
    /// An array of these elements. Fails with `exec/shape` when there are not as many as the shape
    /// says.
    pub fn new(shape: &[usize], data: Vec<T>) -> Result<Self, Failure> {
        if elements(shape) != Some(data.len()) {
            let message = format!("{} elements do not make {shape:?}", data.len());
            return Err(Failure::usage(codes::SHAPE, message));
        }
        Ok(Self { shape: shape.to_vec(), data: Arc::new(data) })
    }

    /// A vector.
    pub(crate) fn vector(data: Vec<T>) -> Self {
        Self { shape: vec![data.len()], data: Arc::new(data) }
    }

    /// One element without dimensions.
    pub(crate) fn scalar(value: T) -> Self {
        Self { shape: Vec::new(), data: Arc::new(vec![value]) }
    }

    #[expect(
        clippy::inline_always,
        reason = "wide registers are used only where they are asked for"
    )]
    #[inline(always)]
    pub(crate) fn map<U: Clone>(&self, f: impl FnMut(&T) -> U) -> Array<U> {
        Array { shape: self.shape.clone(), data: Arc::new(self.data.iter().map(f).collect()) }
    }

    /// The same elements under another shape.
    pub(crate) fn shaped(&self, shape: &[usize]) -> Result<Self, Failure> {
        if elements(shape) != Some(self.data.len()) {
            let message = format!("{} elements do not make {shape:?}", self.data.len());
            return Err(Failure::malformed(codes::SHAPE, message));
        }
        Ok(Self { shape: shape.to_vec(), data: Arc::clone(&self.data) })
    }

    /// Extents, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}

/// How many elements a shape holds, where that can be addressed at all.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    let extents = || shape.iter().copied().filter(|&n| n != 0);
    let product = extents().try_fold(1_usize, usize::checked_mul)?;
    isize::try_from(product).ok()?;
    // Lists are made along single axes of shapes without elements too.
    let empty = shape.contains(&0);
    (!empty || product <= 1 << 26).then_some(if empty { 0 } else { product })
}

/// The keys of a map.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Integers.
    Ints(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Keys {
    /// The keys as texts.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Ints(keys) => keys.iter().map(ToString::to_string).collect(),
            Self::Texts(keys) => keys.clone(),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(keys) => keys.len(),
            Self::Texts(keys) => keys.len(),
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A value that operators take and give. An optional that holds something is that something.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorValue {
    /// binary16.
    F16(Array<f16>),
    /// bfloat16.
    BF16(Array<bf16>),
    /// binary32.
    F32(Array<f32>),
    /// binary64.
    F64(Array<f64>),
    /// Signed 8-bit integers.
    I8(Array<i8>),
    /// Signed 16-bit integers.
    I16(Array<i16>),
    /// Signed 32-bit integers.
    I32(Array<i32>),
    /// Signed 64-bit integers.
    I64(Array<i64>),
    /// Unsigned 8-bit integers.
    U8(Array<u8>),
    /// Unsigned 16-bit integers.
    U16(Array<u16>),
    /// Unsigned 32-bit integers.
    U32(Array<u32>),
    /// Unsigned 64-bit integers.
    U64(Array<u64>),
    /// Booleans.
    Bool(Array<bool>),
    /// Texts.
    Text(Array<String>),
    /// Pairs of binary32: complex numbers.
    C64(Array<[f32; 2]>),
    /// Pairs of binary64: complex numbers.
    C128(Array<[f64; 2]>),
    /// Elements of a narrow type, one code a byte.
    Narrow(Narrow, Array<u8>),
    /// A list of maps with the same keys: one row of `values` a map.
    Maps {
        /// The keys.
        keys: Keys,
        /// Rows by keys.
        values: Array<f32>,
    },
    /// One map: as many values as keys.
    Map(Keys, Arc<TensorValue>),
    /// A list of values.
    Sequence(Arc<Vec<TensorValue>>),
    /// An optional that holds nothing.
    Nothing,
}

/// Element types of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of `TensorValue`")]
pub enum ElementType {
    F16,
    BF16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    Text,
    C64,
    C128,
    Narrow(Narrow),
}

/// Applies an expression to the array of a tensor of any type, and another to what is no tensor.
macro_rules! each {
    ($value:expr, $array:ident => $result:expr, else => $other:expr) => {
        match $value {
            $crate::TensorValue::F16($array) => $result,
            $crate::TensorValue::BF16($array) => $result,
            $crate::TensorValue::F32($array) => $result,
            $crate::TensorValue::F64($array) => $result,
            $crate::TensorValue::I8($array) => $result,
            $crate::TensorValue::I16($array) => $result,
            $crate::TensorValue::I32($array) => $result,
            $crate::TensorValue::I64($array) => $result,
            $crate::TensorValue::U8($array) => $result,
            $crate::TensorValue::U16($array) => $result,
            $crate::TensorValue::U32($array) => $result,
            $crate::TensorValue::U64($array) => $result,
            $crate::TensorValue::Bool($array) => $result,
            $crate::TensorValue::Text($array) => $result,
            $crate::TensorValue::C64($array) => $result,
            $crate::TensorValue::C128($array) => $result,
            $crate::TensorValue::Narrow(_, $array) => $result,
            $crate::TensorValue::Maps { values: $array, .. } => $result,
            $crate::TensorValue::Map(..)
            | $crate::TensorValue::Sequence(_)
            | $crate::TensorValue::Nothing => $other,
        }
    };
}

/// Applies an expression to the array of a tensor of numbers; anything else is refused.
macro_rules! numbers {
    ($value:expr, $array:ident => $result:expr) => {
        match $value {
            $crate::TensorValue::F16($array) => $result,
            $crate::TensorValue::BF16($array) => $result,
            $crate::TensorValue::F32($array) => $result,
            $crate::TensorValue::F64($array) => $result,
            $crate::TensorValue::I8($array) => $result,
            $crate::TensorValue::I16($array) => $result,
            $crate::TensorValue::I32($array) => $result,
            $crate::TensorValue::I64($array) => $result,
            $crate::TensorValue::U8($array) => $result,
            $crate::TensorValue::U16($array) => $result,
            $crate::TensorValue::U32($array) => $result,
            $crate::TensorValue::U64($array) => $result,
            other @ ($crate::TensorValue::Bool(_)
            | $crate::TensorValue::Text(_)
            | $crate::TensorValue::C64(_)
            | $crate::TensorValue::C128(_)
            | $crate::TensorValue::Narrow(..)
            | $crate::TensorValue::Maps { .. }
            | $crate::TensorValue::Map(..)
            | $crate::TensorValue::Sequence(_)
            | $crate::TensorValue::Nothing) => Err($crate::ops::unfit(other)),
        }
    };
}
pub(crate) use numbers;

/// Applies an expression to the array of a tensor of floats; anything else is refused.
macro_rules! floats {
    ($value:expr, $array:ident => $result:expr) => {
        match $value {
            $crate::TensorValue::F16($array) => $result,
            $crate::TensorValue::BF16($array) => $result,
            $crate::TensorValue::F32($array) => $result,
            $crate::TensorValue::F64($array) => $result,
            other => Err($crate::ops::unfit(other)),
        }
    };
}
pub(crate) use floats;

/// Element types of [`Array`]s within a [`TensorValue`].
pub(crate) trait Element: Clone {
    fn wrap(array: Array<Self>) -> TensorValue;
    fn take(value: &TensorValue) -> Option<&Array<Self>>;

    /// The array of a value of this type; anything else is refused.
    fn want(value: &TensorValue) -> Result<&Array<Self>, Failure> {
        Self::take(value).ok_or_else(|| crate::ops::unfit(value))
    }
}

macro_rules! element {
    ($($type:ty => $variant:ident),+) => {$(
        impl Element for $type {
            fn wrap(array: Array<Self>) -> TensorValue {
                TensorValue::$variant(array)
            }
            fn take(value: &TensorValue) -> Option<&Array<Self>> {
                if let TensorValue::$variant(array) = value { Some(array) } else { None }
            }
        }
    )+};
}
element!(
    f16 => F16, bf16 => BF16, f32 => F32, f64 => F64, i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64, bool => Bool, String => Text,
    [f32; 2] => C64, [f64; 2] => C128
);

impl TensorValue {
    /// Extents, outermost first; those of the table for a list of maps. What is no tensor has none.
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape(), else => &[])
    }

    /// How many elements the tensor has.
    pub(crate) fn len(&self) -> usize {
        each!(self, array => array.len(), else => 0)
    }

    /// Element type of a tensor; that of the values for a list of maps.
    pub const fn element_type(&self) -> Option<ElementType> {
        Some(match self {
            Self::F16(_) => ElementType::F16,
            Self::BF16(_) => ElementType::BF16,
            Self::F32(_) | Self::Maps { .. } => ElementType::F32,
            Self::F64(_) => ElementType::F64,
            Self::I8(_) => ElementType::I8,
            Self::I16(_) => ElementType::I16,
            Self::I32(_) => ElementType::I32,
            Self::I64(_) => ElementType::I64,
            Self::U8(_) => ElementType::U8,
            Self::U16(_) => ElementType::U16,
            Self::U32(_) => ElementType::U32,
            Self::U64(_) => ElementType::U64,
            Self::Bool(_) => ElementType::Bool,
            Self::Text(_) => ElementType::Text,
            Self::C64(_) => ElementType::C64,
            Self::C128(_) => ElementType::C128,
            Self::Narrow(kind, _) => ElementType::Narrow(*kind),
            Self::Map(..) | Self::Sequence(_) | Self::Nothing => return None,
        })
    }

    /// Bytes that the value holds, roughly: texts count by their length.
    pub(crate) fn bytes(&self) -> u64 {
        fn text(texts: &[String]) -> u64 {
            texts.iter().map(|t| t.len() as u64 + 24).sum()
        }
        match self {
            Self::Text(array) => text(array.data()),
            Self::Sequence(items) => items.iter().map(|item| item.bytes() + 32).sum(),
            Self::Map(keys, values) => keys.len() as u64 * 32 + values.bytes(),
            value => {
                let size = value.element_type().map_or(0, ElementType::size);
                (value.len() as u64).saturating_mul(size as u64)
            }
        }
    }
}

impl ElementType {
    /// The number of the type in ONNX files.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I8 => 3,
            Self::U16 => 4,
            Self::I16 => 5,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::Text => 8,
            Self::Bool => 9,
            Self::F16 => 10,
            Self::F64 => 11,
            Self::U32 => 12,
            Self::U64 => 13,
            Self::C64 => 14,
            Self::C128 => 15,
            Self::BF16 => 16,
            Self::Narrow(kind) => match kind {
                Narrow::E4M3 => 17,
                Narrow::E4M3Uz => 18,
                Narrow::E5M2 => 19,
                Narrow::E5M2Uz => 20,
                Narrow::U4 => 21,
                Narrow::I4 => 22,
                Narrow::E2M1 => 23,
                Narrow::E8M0 => 24,
                Narrow::U2 => 25,
                Narrow::I2 => 26,
                Narrow::E2M3 => 27,
                Narrow::E3M2 => 28,
            },
        }
    }

    const ALL: [Self; 28] = [
        Self::F32,
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::Text,
        Self::Bool,
        Self::F16,
        Self::F64,
        Self::U32,
        Self::U64,
        Self::C64,
        Self::C128,
        Self::BF16,
        Self::Narrow(Narrow::E4M3),
        Self::Narrow(Narrow::E4M3Uz),
        Self::Narrow(Narrow::E5M2),
        Self::Narrow(Narrow::E5M2Uz),
        Self::Narrow(Narrow::U4),
        Self::Narrow(Narrow::I4),
        Self::Narrow(Narrow::E2M1),
        Self::Narrow(Narrow::E8M0),
        Self::Narrow(Narrow::U2),
        Self::Narrow(Narrow::I2),
        Self::Narrow(Narrow::E2M3),
        Self::Narrow(Narrow::E3M2),
    ];

    /// The type with this number in ONNX files.
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Bytes that an element takes here.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool | Self::Narrow(_) => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::I64 | Self::F64 | Self::U64 | Self::C64 => 8,
            Self::C128 => 16,
            Self::Text => 24,
        }
    }

    /// Its name, as in messages: `f32`, `text`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Bool => "bool",
            Self::Text => "text",
            Self::C64 => "c64",
            Self::C128 => "c128",
            Self::Narrow(kind) => kind.as_str(),
        }
    }
}
