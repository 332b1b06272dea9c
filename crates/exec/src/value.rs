use holdall_diag::Failure;
use holdall_graph::Weight;
use holdall_tensor::{DType, Tensor};
use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::codes;

/// A dense array in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T>(ArrayD<T>);

impl<T: Clone> Array<T> {
    /// An array of these elements. Fails with `exec/shape` when there are not as many as the shape
    /// says.
    pub fn new(shape: &[usize], data: Vec<T>) -> Result<Self, Failure> {
        let (count, shown) = (data.len(), format!("{shape:?}"));
        ArrayD::from_shape_vec(IxDyn(shape), data).map(Self).map_err(|error| {
            Failure::usage(codes::SHAPE, format!("{count} elements do not make {shown}"))
                .caused_by(error)
        })
    }

    pub(crate) fn of(array: ArrayD<T>) -> Self {
        if array.is_standard_layout() {
            return Self(array);
        }
        Self(array.as_standard_layout().into_owned())
    }

    pub(crate) fn view(&self) -> ArrayViewD<'_, T> {
        self.0.view()
    }

    pub(crate) fn map<U: Clone>(&self, f: impl FnMut(&T) -> U) -> Array<U> {
        Array(self.0.map(f))
    }

    /// Extents, outermost first.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// The elements.
    pub fn data(&self) -> &[T] {
        self.0.as_slice().unwrap_or_default()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The keys of a list of maps.
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

/// A value that operators take and give.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorValue {
    /// binary32.
    F32(Array<f32>),
    /// binary64.
    F64(Array<f64>),
    /// Signed 64-bit integers.
    I64(Array<i64>),
    /// Signed 32-bit integers.
    I32(Array<i32>),
    /// Booleans.
    Bool(Array<bool>),
    /// Texts.
    Text(Array<String>),
    /// A list of maps with the same keys: one row of `values` a map.
    Maps {
        /// The keys.
        keys: Keys,
        /// Rows by keys.
        values: Array<f32>,
    },
}

/// Applies an expression to the array within a value of any element type.
macro_rules! each {
    ($value:expr, $array:ident => $result:expr) => {
        match $value {
            $crate::TensorValue::F32($array) => $result,
            $crate::TensorValue::F64($array) => $result,
            $crate::TensorValue::I64($array) => $result,
            $crate::TensorValue::I32($array) => $result,
            $crate::TensorValue::Bool($array) => $result,
            $crate::TensorValue::Text($array) => $result,
            $crate::TensorValue::Maps { values: $array, .. } => $result,
        }
    };
}
pub(crate) use each;

/// Element types of [`Array`]s within a [`TensorValue`].
pub(crate) trait Element: Clone {
    fn wrap(array: Array<Self>) -> TensorValue;
    fn take(value: &TensorValue) -> Option<&Array<Self>>;
}

macro_rules! element {
    ($type:ty, $variant:ident) => {
        impl Element for $type {
            fn wrap(array: Array<Self>) -> TensorValue {
                TensorValue::$variant(array)
            }
            fn take(value: &TensorValue) -> Option<&Array<Self>> {
                if let TensorValue::$variant(array) = value { Some(array) } else { None }
            }
        }
    };
}
element!(f32, F32);
element!(f64, F64);
element!(i64, I64);
element!(i32, I32);
element!(bool, Bool);
element!(String, Text);

impl TensorValue {
    /// Extents, outermost first; those of the table for a list of maps.
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape())
    }

    /// Element type; that of the map values for a list of maps.
    pub const fn dtype(&self) -> DType {
        match self {
            Self::F32(_) | Self::Maps { .. } => DType::F32,
            Self::F64(_) => DType::F64,
            Self::I64(_) => DType::I64,
            Self::I32(_) => DType::I32,
            Self::Bool(_) => DType::Bool,
            Self::Text(_) => DType::Text,
        }
    }

    /// A constant of a graph. Half-precision floats and small integers are not computed with.
    pub(crate) fn of_weight(weight: &Weight) -> Result<Self, Failure> {
        match weight {
            Weight::Tensor(tensor) => Self::of_tensor(tensor),
            Weight::Text { shape, values } => {
                Ok(Self::Text(Array::new(&extents(&shape.0)?, values.clone())?))
            }
        }
    }

    /// A tensor as a value.
    pub(crate) fn of_tensor(tensor: &Tensor) -> Result<Self, Failure> {
        fn read<const N: usize, T: Clone>(
            tensor: &Tensor,
            from: impl Fn([u8; N]) -> T,
        ) -> Result<Array<T>, Failure> {
            let data = tensor.bytes().as_chunks::<N>().0.iter().map(|b| from(*b)).collect();
            Array::new(&extents(&tensor.shape().0)?, data)
        }
        Ok(match tensor.dtype() {
            DType::F32 => Self::F32(read(tensor, f32::from_le_bytes)?),
            DType::F64 => Self::F64(read(tensor, f64::from_le_bytes)?),
            DType::I64 => Self::I64(read(tensor, i64::from_le_bytes)?),
            DType::I32 => Self::I32(read(tensor, i32::from_le_bytes)?),
            DType::Bool => Self::Bool(read(tensor, |[b]: [u8; 1]| b != 0)?),
            DType::U8
            | DType::U16
            | DType::U32
            | DType::U64
            | DType::I8
            | DType::I16
            | DType::F16
            | DType::BF16
            | DType::F8E4M3
            | DType::F8E5M2
            | DType::C64
            | DType::C128
            | DType::Text => {
                let message = format!("constants of {} are not computed with", tensor.dtype());
                return Err(Failure::unsupported(codes::OPERATOR, message));
            }
        })
    }
}

fn extents(shape: &[u64]) -> Result<Vec<usize>, Failure> {
    shape
        .iter()
        .map(|&extent| {
            usize::try_from(extent).map_err(|error| {
                Failure::limit(codes::SHAPE, format!("an extent of {extent} is too large"))
                    .caused_by(error)
            })
        })
        .collect()
}
