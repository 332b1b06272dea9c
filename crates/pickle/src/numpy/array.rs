use bytes::Bytes;
use holdall_diag::{Code, Failure, Location, PathKind};
use holdall_tensor::{DType, Shape, Tensor};

use super::{ByteOrder, ElementKind, NumpyDtype};
use crate::{NodeId, codes};

/// In which order elements of a fresh array lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last axis varies fastest.
    C,
    /// The first axis varies fastest.
    Fortran,
}

/// Elements of a dtype without bytes that an array may have.
const MAX_EMPTY: u64 = 1 << 20;

/// An array as a view: dtype, shape, strides and shared bytes, or nodes when the elements are objects.
///
/// All strides and extents were checked against the bytes, and accessors answer in C order whatever
/// the layout.
#[derive(Clone, Debug)]
pub struct Array {
    pub(super) dtype: NumpyDtype,
    pub(super) shape: Vec<u64>,
    /// Bytes from one element to the next along each axis; elements for objects.
    pub(super) strides: Vec<usize>,
    /// Offset of the first element in `data`.
    pub(super) start: usize,
    pub(super) data: Data,
    pub(super) mask: Option<Bytes>,
    pub(super) order: Order,
    pub(super) location: Location,
}

#[derive(Clone, Debug)]
pub(super) enum Data {
    Bytes(Bytes),
    Objects(Vec<NodeId>),
}

impl Array {
    /// A view of `data`; its length must be what dtype and shape ask for.
    pub(super) fn new(
        dtype: NumpyDtype,
        shape: Vec<u64>,
        order: Order,
        data: Data,
        location: Location,
    ) -> Result<Self, Failure> {
        let unit = match &data {
            Data::Bytes(_) => dtype.size,
            Data::Objects(_) => 1,
        };
        let (expected, strides) = strides(&shape, order, unit).ok_or_else(|| {
            Failure::malformed(codes::ARRAY, "the array is larger than any file can be")
                .at(location.clone())
        })?;
        // Elements without bytes could be counted for ever.
        let count = shape.iter().fold(1_u64, |count, &n| count.saturating_mul(n));
        if unit == 0 && count > MAX_EMPTY {
            return Err(Failure::limit(codes::ARRAY, format!("{count} elements without any byte"))
                .at(location));
        }
        let found = match &data {
            Data::Bytes(bytes) => bytes.len(),
            Data::Objects(items) => items.len(),
        };
        if expected != found {
            let what = if matches!(data, Data::Bytes(_)) { "bytes" } else { "objects" };
            return Err(Failure::malformed(
                codes::ARRAY,
                format!(
                    "expected {expected} {what} for an array of `{}` with shape {}, found {found}",
                    dtype.spell(),
                    Shape(shape)
                ),
            )
            .at(location));
        }
        Ok(Self { dtype, shape, strides, start: 0, data, mask: None, order, location })
    }

    /// What the elements are.
    pub fn dtype(&self) -> &NumpyDtype {
        &self.dtype
    }

    /// Extents, outermost first; empty for a scalar.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Extent of an axis; 1 beyond the last, as NumPy broadcasts.
    pub fn extent(&self, axis: usize) -> usize {
        self.shape.get(axis).map_or(1, |&n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        // `strides` multiplied the extents when the array was made.
        (0..self.ndim()).map(|axis| self.extent(axis)).product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In which order the elements lie.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Where the array was made.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The mask of a masked array, in C order: `true` where the element is hidden.
    pub fn mask(&self) -> Option<Result<Vec<bool>, Failure>> {
        let mask = self.mask.clone()?;
        let dtype = NumpyDtype {
            kind: ElementKind::Bool,
            size: 1,
            order: ByteOrder::Little,
            fields: Vec::new(),
            subarray: None,
            unit: None,
        };
        let shape = self.shape.clone();
        let data = Data::Bytes(mask);
        Some(
            Self::new(dtype, shape, self.order, data, self.location.clone())
                .and_then(|mask| mask.to_bool()),
        )
    }

    /// The nodes of an object array in C order.
    pub fn objects(&self) -> Result<Vec<NodeId>, Failure> {
        match &self.data {
            Data::Objects(items) if self.is_contiguous() => Ok(items.clone()),
            Data::Objects(items) => {
                let mut nodes = Vec::with_capacity(items.len());
                self.each_position(|position| nodes.extend(items.get(position)));
                Ok(nodes)
            }
            Data::Bytes(_) => Err(self.refuse("objects")),
        }
    }

    /// A field of an array of records, as a view; a sub-array adds its axes.
    pub fn column(&self, field: &str) -> Result<Self, Failure> {
        let found = self.dtype.field(field).ok_or_else(|| {
            let names: Vec<_> =
                self.dtype.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            self.failure(
                codes::KEY,
                format!("expected a field `{field}`, found {}", or_none(&names.join(", "))),
            )
        })?;
        if found.dtype.has_objects() || found.dtype.size == 0 {
            return Err(self.refuse("a column of objects or of nothing"));
        }
        let mut column = self.clone();
        column.start = self.start.saturating_add(found.offset);
        column.location = self.location_of_field(field);
        column.dtype = found.dtype.clone();
        if let Some((element, shape)) = &found.dtype.subarray {
            // Fits: the sub-array lies within the record.
            let (_, inner) = strides(shape, Order::C, element.size).unwrap_or_default();
            column.shape.extend(shape);
            column.strides.extend(inner);
            column.dtype = NumpyDtype::clone(element);
        }
        Ok(column)
    }

    fn location_of_field(&self, field: &str) -> Location {
        let path = self.location.path.as_ref().map_or("", |(_, path)| path);
        self.location.clone().with_path(PathKind::Object, format!("{path}['{field}']"))
    }

    /// Whether elements lie next to each other in C order.
    pub fn is_contiguous(&self) -> bool {
        let unit = if matches!(self.data, Data::Objects(_)) { 1 } else { self.dtype.size };
        self.is_empty()
            || strides(&self.shape, Order::C, unit).is_some_and(|(_, natural)| {
                // The stride along an axis of one element is never used.
                natural
                    .iter()
                    .zip(&self.strides)
                    .zip(&self.shape)
                    .all(|((a, b), &extent)| extent == 1 || a == b)
            })
    }

    /// The elements as a tensor; shares the bytes when they are little-endian and in C order.
    pub fn to_tensor(&self) -> Result<Tensor, Failure> {
        let dtype = self.tensor_dtype().ok_or_else(|| self.refuse("a tensor"))?;
        let shape = Shape(self.shape.clone());
        let little = self.dtype.order == ByteOrder::Little || self.dtype.size == 1;
        let shared = match &self.data {
            Data::Bytes(bytes) if little && self.is_contiguous() => {
                let end = self.start.saturating_add(self.len().saturating_mul(self.dtype.size));
                (end <= bytes.len()).then(|| bytes.slice(self.start..end))
            }
            Data::Bytes(_) | Data::Objects(_) => None,
        };
        let bytes = match shared {
            Some(bytes) => bytes,
            None => self.little_endian_bytes()?.into(),
        };
        Tensor::new(dtype, shape, bytes).map_err(|failure| failure.at(self.location.clone()))
    }

    /// The tensor dtype with the same elements, if there is one.
    pub fn tensor_dtype(&self) -> Option<DType> {
        let plain = self.dtype.fields.is_empty() && self.dtype.subarray.is_none();
        match (self.dtype.kind, self.dtype.size) {
            _ if !plain => None,
            (ElementKind::Bool, 1) => Some(DType::Bool),
            (ElementKind::Int, 1) => Some(DType::I8),
            (ElementKind::Int, 2) => Some(DType::I16),
            (ElementKind::Int, 4) => Some(DType::I32),
            (ElementKind::Int, 8) => Some(DType::I64),
            (ElementKind::UInt, 1) => Some(DType::U8),
            (ElementKind::UInt, 2) => Some(DType::U16),
            (ElementKind::UInt, 4) => Some(DType::U32),
            (ElementKind::UInt, 8) => Some(DType::U64),
            (ElementKind::Float, 2) => Some(DType::F16),
            (ElementKind::Float, 4) => Some(DType::F32),
            (ElementKind::Float, 8) => Some(DType::F64),
            (ElementKind::Complex, 8) => Some(DType::C64),
            (ElementKind::Complex, 16) => Some(DType::C128),
            _ => None,
        }
    }

    pub(super) fn failure(&self, code: Code, message: impl Into<String>) -> Failure {
        Failure::malformed(code, message).at(self.location.clone())
    }

    pub(super) fn refuse(&self, what: &str) -> Failure {
        Failure::unsupported(
            codes::ELEMENT,
            format!("elements of `{}` cannot be read as {what}", self.dtype.spell()),
        )
        .at(self.location.clone())
    }
}

fn or_none(names: &str) -> &str {
    if names.is_empty() { "no fields" } else { names }
}

/// The total, and the strides of an array whose elements lie next to each other.
pub(super) fn strides(shape: &[u64], order: Order, unit: usize) -> Option<(usize, Vec<usize>)> {
    let mut strides = vec![0; shape.len()];
    let mut total = unit;
    let mut step = |stride: &mut usize, extent: u64| -> Option<()> {
        *stride = total;
        total = total.checked_mul(usize::try_from(extent).ok()?)?;
        Some(())
    };
    match order {
        Order::C => strides.iter_mut().zip(shape).rev().try_for_each(|(s, &n)| step(s, n))?,
        Order::Fortran => strides.iter_mut().zip(shape).try_for_each(|(s, &n)| step(s, n))?,
    }
    // A zero extent hides the others from the product; elements must still be countable.
    shape
        .iter()
        .try_fold(1_usize, |product, &n| product.checked_mul(usize::try_from(n).ok()?.max(1)))?;
    Some((total, strides))
}
