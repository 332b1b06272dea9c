use std::fmt;

use bytes::Bytes;
use holdall_diag::{Failure, Location};

use crate::{DType, Narrow, codes, narrow::whole};

/// Extents of a tensor, outermost first. Empty is a scalar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub Vec<u64>);

impl Shape {
    /// Number of elements; `None` when it exceeds 2⁶⁴−1.
    pub fn elements(&self) -> Option<u64> {
        self.0.iter().try_fold(1_u64, |product, &extent| product.checked_mul(extent))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, extent) in self.0.iter().enumerate() {
            write!(f, "{}{extent}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// Elements of one dtype in C order, as shared little-endian bytes; narrow ones are packed. Never of
/// dtype [`DType::Text`], whose elements have no fixed size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    dtype: DType,
    shape: Shape,
    bytes: Bytes,
}

impl Tensor {
    /// A view of `bytes`, whose length must be exactly what dtype and shape say.
    pub fn new(dtype: DType, shape: Shape, bytes: Bytes) -> Result<Self, Failure> {
        let expected = shape.elements().and_then(|count| dtype.bytes(count)).ok_or_else(|| {
            Failure::malformed(codes::SIZE, format!("no {dtype}{shape} can exist"))
        })?;
        if expected != bytes.len() as u64 {
            return Err(Failure::malformed(
                codes::SIZE,
                format!("expected {expected} bytes for {dtype}{shape}, found {}", bytes.len()),
            ));
        }
        Ok(Self { dtype, shape, bytes })
    }

    /// A tensor of binary32 elements. The shape must hold as many as there are values.
    pub fn from_f32(shape: Shape, values: &[f32]) -> Result<Self, Failure> {
        Self::new(DType::F32, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// A tensor of binary64 elements.
    pub fn from_f64(shape: Shape, values: &[f64]) -> Result<Self, Failure> {
        Self::new(DType::F64, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// A tensor of signed 64-bit integers.
    pub fn from_i64(shape: Shape, values: &[i64]) -> Result<Self, Failure> {
        Self::new(DType::I64, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements as little-endian bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// All elements as binary64: exact for every dtype but 64-bit integers beyond 2⁵³, which fail
    /// with `tensor/dtype`, as do complex numbers.
    pub fn to_f64(&self) -> Result<Vec<f64>, Failure> {
        let refuse = || {
            Failure::unsupported(
                codes::DTYPE,
                format!("elements of {} cannot be read as f64 without loss", self.dtype),
            )
            .at(Location::none())
        };
        match self.dtype {
            DType::F64 => Ok(self.each(f64::from_le_bytes)),
            DType::F32 => Ok(self.each(|b| f64::from(f32::from_le_bytes(b)))),
            DType::F16 => Ok(self.each(|b| half::f16::from_le_bytes(b).to_f64())),
            DType::BF16 => Ok(self.each(|b| half::bf16::from_le_bytes(b).to_f64())),
            DType::I32 => Ok(self.each(|b| f64::from(i32::from_le_bytes(b)))),
            DType::I16 => Ok(self.each(|b| f64::from(i16::from_le_bytes(b)))),
            DType::I8 => Ok(self.each(|b| f64::from(i8::from_le_bytes(b)))),
            DType::U32 => Ok(self.each(|b| f64::from(u32::from_le_bytes(b)))),
            DType::U16 => Ok(self.each(|b| f64::from(u16::from_le_bytes(b)))),
            DType::U8 | DType::Bool => Ok(self.each(|[b]: [u8; 1]| f64::from(b))),
            DType::I64 => self
                .each(i64::from_le_bytes)
                .into_iter()
                .map(|v| exact(v).ok_or_else(refuse))
                .collect(),
            DType::U64 => self
                .each(u64::from_le_bytes)
                .into_iter()
                .map(|v| i64::try_from(v).ok().and_then(exact).ok_or_else(refuse))
                .collect(),
            DType::Narrow(narrow) => {
                Ok(self.codes(narrow).into_iter().map(|code| narrow.decode(code)).collect())
            }
            DType::C64 | DType::C128 | DType::Text => Err(refuse()),
        }
    }

    /// All elements as signed 64-bit integers; only integer and boolean dtypes, within range.
    pub fn to_i64(&self) -> Result<Vec<i64>, Failure> {
        let refuse = || {
            Failure::unsupported(
                codes::DTYPE,
                format!("elements of {} cannot be read as i64", self.dtype),
            )
        };
        match self.dtype {
            DType::I64 => Ok(self.each(i64::from_le_bytes)),
            DType::I32 => Ok(self.each(|b| i64::from(i32::from_le_bytes(b)))),
            DType::I16 => Ok(self.each(|b| i64::from(i16::from_le_bytes(b)))),
            DType::I8 => Ok(self.each(|b| i64::from(i8::from_le_bytes(b)))),
            DType::U32 => Ok(self.each(|b| i64::from(u32::from_le_bytes(b)))),
            DType::U16 => Ok(self.each(|b| i64::from(u16::from_le_bytes(b)))),
            DType::U8 | DType::Bool => Ok(self.each(|[b]: [u8; 1]| i64::from(b))),
            DType::U64 => self
                .each(u64::from_le_bytes)
                .into_iter()
                .map(|v| i64::try_from(v).map_err(|error| refuse().caused_by(error)))
                .collect(),
            DType::Narrow(narrow) if narrow.bounds().is_some() => {
                Ok(self.codes(narrow).into_iter().map(|code| whole(narrow.decode(code))).collect())
            }
            DType::F16
            | DType::BF16
            | DType::F32
            | DType::F64
            | DType::Narrow(_)
            | DType::C64
            | DType::C128
            | DType::Text => Err(refuse()),
        }
    }

    fn codes(&self, narrow: Narrow) -> Vec<u8> {
        let count = self.shape.elements().and_then(|n| usize::try_from(n).ok());
        narrow.unpack(&self.bytes, count.unwrap_or(0))
    }

    fn each<const N: usize, T>(&self, read: impl Fn([u8; N]) -> T) -> Vec<T> {
        self.bytes.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect()
    }
}

fn exact(value: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "values that lose are refused")]
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}
