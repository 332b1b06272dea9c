//! Constants of a graph as values, and lists as tensors.

use half::{bf16, f16};
use holdall_diag::Failure;
use holdall_graph::Weight;
use holdall_tensor::{DType, Tensor};

use super::{Array, ElementType, TensorValue, elements};
use crate::codes;

impl TensorValue {
    /// A constant of a graph.
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
        let shape = extents(&tensor.shape().0)?;
        match element_type(tensor.dtype()) {
            ElementType::Narrow(narrow) => {
                let count = elements(&shape).unwrap_or(0);
                let codes = narrow.unpack(tensor.bytes(), count);
                Ok(Self::Narrow(narrow, Array::new(&shape, codes)?))
            }
            kind => Self::of_bytes(kind, &shape, tensor.bytes()),
        }
    }

    /// The elements as little-endian bytes, narrow ones one a byte; `None` for texts, complex numbers and
    /// what is no tensor.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::F16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::BF16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::F32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::F64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::I8(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::I16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::I32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::I64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::U8(a) => a.data().to_vec(),
            Self::U16(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::U32(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::U64(a) => a.data().iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Bool(a) => a.data().iter().map(|&v| u8::from(v)).collect(),
            Self::Narrow(_, a) => a.data().to_vec(),
            Self::Text(_)
            | Self::C64(_)
            | Self::C128(_)
            | Self::Maps { .. }
            | Self::Map(..)
            | Self::Sequence(_)
            | Self::Nothing => return None,
        })
    }

    /// A tensor from little-endian bytes, narrow elements one a byte. Fails with `exec/shape` when there
    /// are not as many as the shape says.
    pub fn of_bytes(kind: ElementType, shape: &[usize], bytes: &[u8]) -> Result<Self, Failure> {
        fn read<const N: usize, T: Clone>(
            shape: &[usize],
            bytes: &[u8],
            from: impl Fn([u8; N]) -> T,
        ) -> Result<Array<T>, Failure> {
            Array::new(shape, bytes.as_chunks::<N>().0.iter().map(|b| from(*b)).collect())
        }
        fn halves<const N: usize, const M: usize>(b: [u8; N], i: usize) -> [u8; M] {
            let mut out = [0; M];
            for (slot, byte) in out.iter_mut().zip(b.iter().skip(i * M)) {
                *slot = *byte;
            }
            out
        }
        Ok(match kind {
            ElementType::F16 => Self::F16(read(shape, bytes, f16::from_le_bytes)?),
            ElementType::BF16 => Self::BF16(read(shape, bytes, bf16::from_le_bytes)?),
            ElementType::F32 => Self::F32(read(shape, bytes, f32::from_le_bytes)?),
            ElementType::F64 => Self::F64(read(shape, bytes, f64::from_le_bytes)?),
            ElementType::I8 => Self::I8(read(shape, bytes, i8::from_le_bytes)?),
            ElementType::I16 => Self::I16(read(shape, bytes, i16::from_le_bytes)?),
            ElementType::I32 => Self::I32(read(shape, bytes, i32::from_le_bytes)?),
            ElementType::I64 => Self::I64(read(shape, bytes, i64::from_le_bytes)?),
            ElementType::U8 => Self::U8(read(shape, bytes, u8::from_le_bytes)?),
            ElementType::U16 => Self::U16(read(shape, bytes, u16::from_le_bytes)?),
            ElementType::U32 => Self::U32(read(shape, bytes, u32::from_le_bytes)?),
            ElementType::U64 => Self::U64(read(shape, bytes, u64::from_le_bytes)?),
            ElementType::Bool => Self::Bool(read(shape, bytes, |[b]: [u8; 1]| b != 0)?),
            ElementType::C64 => Self::C64(read(shape, bytes, |b: [u8; 8]| {
                [f32::from_le_bytes(halves(b, 0)), f32::from_le_bytes(halves(b, 1))]
            })?),
            ElementType::C128 => Self::C128(read(shape, bytes, |b: [u8; 16]| {
                [f64::from_le_bytes(halves(b, 0)), f64::from_le_bytes(halves(b, 1))]
            })?),
            ElementType::Narrow(kind) => Self::Narrow(kind, Array::new(shape, bytes.to_vec())?),
            ElementType::Text => {
                let message = "texts are not made of bytes of one length";
                return Err(Failure::usage(codes::INPUT, message));
            }
        })
    }
}

/// The element type of a dtype.
pub(crate) const fn element_type(dtype: DType) -> ElementType {
    match dtype {
        DType::F32 => ElementType::F32,
        DType::F64 => ElementType::F64,
        DType::I64 => ElementType::I64,
        DType::I32 => ElementType::I32,
        DType::Bool => ElementType::Bool,
        DType::U8 => ElementType::U8,
        DType::U16 => ElementType::U16,
        DType::U32 => ElementType::U32,
        DType::U64 => ElementType::U64,
        DType::I8 => ElementType::I8,
        DType::I16 => ElementType::I16,
        DType::F16 => ElementType::F16,
        DType::BF16 => ElementType::BF16,
        DType::Narrow(narrow) => ElementType::Narrow(narrow),
        DType::C64 => ElementType::C64,
        DType::C128 => ElementType::C128,
        DType::Text => ElementType::Text,
    }
}

impl ElementType {
    /// The dtype that bodies know it under.
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
            Self::I64 => DType::I64,
            Self::I32 => DType::I32,
            Self::Bool => DType::Bool,
            Self::U8 => DType::U8,
            Self::U16 => DType::U16,
            Self::U32 => DType::U32,
            Self::U64 => DType::U64,
            Self::I8 => DType::I8,
            Self::I16 => DType::I16,
            Self::F16 => DType::F16,
            Self::BF16 => DType::BF16,
            Self::C64 => DType::C64,
            Self::C128 => DType::C128,
            Self::Text => DType::Text,
            Self::Narrow(narrow) => DType::Narrow(narrow),
        }
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
