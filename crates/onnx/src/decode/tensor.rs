//! `TensorProto`: raw bytes, typed lists, texts, and bytes in files beside the model.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_graph::Weight;
use holdall_source::{Budget, Source};
use holdall_tensor::{DType, Shape, Tensor};

use super::{place, types::dtype};
use crate::{codes, proto::TensorProto};

/// Files beside the model, mapped once each.
#[derive(Debug)]
pub(super) struct Siblings<'s> {
    source: &'s Source,
    files: BTreeMap<String, Bytes>,
}

impl<'s> Siblings<'s> {
    /// No file opened yet.
    pub(super) const fn of(source: &'s Source) -> Self {
        Self { source, files: BTreeMap::new() }
    }

    fn bytes(&mut self, location: &str) -> Result<Bytes, Failure> {
        if let Some(bytes) = self.files.get(location) {
            return Ok(bytes.clone());
        }
        let bytes = self.source.sibling(location)?.bytes()?;
        self.files.insert(location.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

/// Reads a constant. Raw bytes stay where they are; typed lists are charged and copied.
pub(super) fn weight(
    found: TensorProto,
    siblings: &mut Siblings<'_>,
    budget: &mut Budget,
    path: &str,
) -> Result<Weight, Failure> {
    let here = || place(path);
    let bad = |message: String| Failure::malformed(codes::TENSOR, message).at(here());
    let dtype = dtype(found.data_type, path)?;
    let shape = found
        .dims
        .iter()
        .map(|&extent| u64::try_from(extent))
        .collect::<Result<Vec<u64>, _>>()
        .map(Shape)
        .map_err(|error| bad("an extent is negative".to_owned()).caused_by(error))?;
    let elements = shape.elements().ok_or_else(|| bad(format!("no {dtype}{shape} can exist")))?;
    if found.segment.is_some() {
        return Err(
            Failure::unsupported(codes::TENSOR, "segmented tensors are not carried").at(here())
        );
    }
    if found.data_location == 1 {
        let bytes = external(&found, dtype, elements, siblings, path)?;
        return Ok(Weight::Tensor(Tensor::new(dtype, shape, bytes).map_err(|f| f.at(here()))?));
    }
    if dtype == DType::Text {
        return texts(found, shape, elements, budget, path);
    }
    let bytes = match found.raw_data {
        // An empty list of typed data beside a raw field of no bytes is how some writers say zero.
        Some(raw) if !raw.is_empty() || elements == 0 => raw,
        _ => {
            let size = dtype.size().unwrap_or(1);
            let list = Lists::of(&found, dtype);
            // Complex numbers take two list elements each.
            let per = if matches!(dtype, DType::C64 | DType::C128) { 2 } else { 1 };
            if elements.checked_mul(per) != Some(list.len()) {
                return Err(bad(format!(
                    "expected {elements} elements for {dtype}{shape}, found {}",
                    list.len() / per
                )));
            }
            budget.charge_elements(elements, size)?;
            list.bytes(dtype).ok_or_else(|| bad(format!("a value is not within {dtype}")))?
        }
    };
    Ok(Weight::Tensor(Tensor::new(dtype, shape, bytes).map_err(|f| f.at(here()))?))
}

fn texts(
    found: TensorProto,
    shape: Shape,
    elements: u64,
    budget: &mut Budget,
    path: &str,
) -> Result<Weight, Failure> {
    if found.string_data.len() as u64 != elements {
        let message =
            format!("expected {elements} texts for {shape}, found {}", found.string_data.len());
        return Err(Failure::malformed(codes::TENSOR, message).at(place(path)));
    }
    let mut values = budget.vec(found.string_data.len())?;
    for (i, text) in found.string_data.into_iter().enumerate() {
        budget.charge(text.len() as u64)?;
        values.push(String::from_utf8(text.into()).map_err(|error| {
            Failure::malformed(codes::TENSOR, "a text is not UTF-8")
                .at(place(&format!("{path}.string_data[{i}]")))
                .caused_by(error)
        })?);
    }
    Ok(Weight::Text { shape, values })
}

/// The list that the schema assigns to a dtype.
enum Lists<'t> {
    F32(&'t [f32]),
    F64(&'t [f64]),
    I32(&'t [i32]),
    I64(&'t [i64]),
    U64(&'t [u64]),
}

impl<'t> Lists<'t> {
    fn of(found: &'t TensorProto, dtype: DType) -> Self {
        match dtype {
            DType::F32 | DType::C64 => Self::F32(&found.float_data),
            DType::F64 | DType::C128 => Self::F64(&found.double_data),
            DType::I64 => Self::I64(&found.int64_data),
            DType::U32 | DType::U64 => Self::U64(&found.uint64_data),
            DType::Bool
            | DType::U8
            | DType::U16
            | DType::I8
            | DType::I16
            | DType::I32
            | DType::F16
            | DType::BF16
            | DType::F8E4M3
            | DType::F8E5M2
            | DType::Text => Self::I32(&found.int32_data),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::F32(v) => v.len() as u64,
            Self::F64(v) => v.len() as u64,
            Self::I32(v) => v.len() as u64,
            Self::I64(v) => v.len() as u64,
            Self::U64(v) => v.len() as u64,
        }
    }

    /// The elements as little-endian bytes; `None` when one is out of range. Half-precision floats
    /// are stored as their bits.
    fn bytes(&self, dtype: DType) -> Option<Bytes> {
        fn narrow<T: TryFrom<i32>, const N: usize>(
            values: &[i32],
            bytes: impl Fn(T) -> [u8; N],
        ) -> Option<Bytes> {
            let mut out = Vec::with_capacity(values.len() * N);
            for &value in values {
                out.extend_from_slice(&bytes(T::try_from(value).ok()?));
            }
            Some(out.into())
        }
        Some(match self {
            Self::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::F64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::I64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::U64(v) if dtype == DType::U32 => {
                let mut out = Vec::with_capacity(v.len() * 4);
                for &value in *v {
                    out.extend_from_slice(&u32::try_from(value).ok()?.to_le_bytes());
                }
                out.into()
            }
            Self::U64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::I32(v) => match dtype.size() {
                Some(1) if dtype == DType::I8 => narrow(v, i8::to_le_bytes)?,
                Some(1) => narrow(v, u8::to_le_bytes)?,
                Some(2) if dtype == DType::I16 => narrow(v, i16::to_le_bytes)?,
                Some(2) => narrow(v, u16::to_le_bytes)?,
                _ => narrow(v, i32::to_le_bytes)?,
            },
        })
    }
}

/// The bytes of a tensor in a file beside the model.
fn external(
    found: &TensorProto,
    dtype: DType,
    elements: u64,
    siblings: &mut Siblings<'_>,
    path: &str,
) -> Result<Bytes, Failure> {
    let bad = |message: String| Failure::malformed(codes::EXTERNAL, message).at(place(path));
    let entry = |key: &str| found.external_data.iter().find(|e| e.key == key).map(|e| &e.value);
    let number = |key: &str| match entry(key) {
        None => Ok(None),
        Some(text) => text.trim().parse::<u64>().map(Some).map_err(|error| {
            bad(format!("`{key}`: expected a number, found `{text}`")).caused_by(error)
        }),
    };
    let location = entry("location")
        .ok_or_else(|| bad("external data names no `location`".to_owned()))?
        .trim_start_matches("./");
    let size = dtype.size().and_then(|size| elements.checked_mul(size as u64));
    let size = size.ok_or_else(|| bad(format!("{dtype} cannot be stored externally")))?;
    if let Some(length) = number("length")?
        && length != size
    {
        return Err(bad(format!("the shape needs {size} bytes, `length` says {length}")));
    }
    let offset = number("offset")?.unwrap_or(0);
    let bytes = siblings
        .bytes(location)
        .map_err(|f| f.with_note(format!("the tensor at {path} is stored there")))?;
    let end = offset.checked_add(size).filter(|&end| end <= bytes.len() as u64);
    match (usize::try_from(offset), end.map(usize::try_from)) {
        (Ok(start), Some(Ok(end))) => Ok(bytes.slice(start..end)),
        (_, _) => Err(bad(format!(
            "{size} bytes from {offset} of `{location}` are needed, the file ends at {}",
            bytes.len()
        ))),
    }
}
