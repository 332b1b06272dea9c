//! `TensorProto`: raw bytes, typed lists, texts, and bytes in files beside the model.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_graph::Weight;
use holdall_source::{Budget, Source};
use holdall_tensor::{DType, Shape, Tensor};

use super::{place, types::dtype};
use crate::{codes, dtypes, proto::TensorProto};

/// Files beside the model, mapped once each.
#[derive(Debug)]
pub(crate) struct Siblings<'s> {
    source: &'s Source,
    files: BTreeMap<String, Bytes>,
}

impl<'s> Siblings<'s> {
    /// No file opened yet.
    pub(crate) const fn of(source: &'s Source) -> Self {
        Self { source, files: BTreeMap::new() }
    }

    /// The bytes of a file beside the model.
    pub(crate) fn bytes(&mut self, location: &str) -> Result<Bytes, Failure> {
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
    if dtype == DType::Text && found.data_location != 1 {
        return texts(found, shape, elements, budget, path);
    }
    if found.data_location != 1 && found.raw_data.as_ref().is_none_or(Bytes::is_empty) {
        let bytes = dtype.bytes(elements);
        budget.charge(bytes.ok_or_else(|| bad(format!("no {dtype}{shape} can exist")))?)?;
    }
    let bytes = payload(&found, siblings, path)?;
    Ok(Weight::Tensor(Tensor::new(dtype, shape, bytes).map_err(|f| f.at(here()))?))
}

/// The elements of a tensor as they would stand in a raw field, wherever the file has them. Also of types
/// that the tensor graph does not carry; not of texts.
pub(crate) fn payload(
    found: &TensorProto,
    siblings: &mut Siblings<'_>,
    path: &str,
) -> Result<Bytes, Failure> {
    let bad = |message: String| Failure::malformed(codes::TENSOR, message).at(place(path));
    let name = dtypes::name(found.data_type);
    let elements = found
        .dims
        .iter()
        .try_fold(1_u64, |n, extent| n.checked_mul(u64::try_from(*extent).ok()?))
        .ok_or_else(|| bad(format!("no tensor of extents {:?} can exist", found.dims)))?;
    let size = dtypes::bits(found.data_type)
        .and_then(|bits| elements.checked_mul(bits))
        .map(|bits| bits.div_ceil(8))
        .ok_or_else(|| bad(format!("elements of type {name} have no bytes")))?;
    if found.data_location == 1 {
        return external(found, size, siblings, path);
    }
    match &found.raw_data {
        // An empty list of typed data beside a raw field of no bytes is how some writers say zero.
        Some(raw) if !raw.is_empty() || size == 0 => {
            if raw.len() as u64 == size {
                return Ok(raw.clone());
            }
            Err(bad(format!(
                "{elements} elements of type {name} take {size} bytes, found {}",
                raw.len()
            )))
        }
        _ => listed(found, elements, size).map_err(bad),
    }
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

/// The elements of the list that the schema assigns to the type, as bytes.
fn listed(found: &TensorProto, elements: u64, size: u64) -> Result<Bytes, String> {
    let number = found.data_type;
    // Complex numbers take two list elements each; elements below a byte share one.
    let (len, wanted): (usize, u64) = match number {
        1 => (found.float_data.len(), elements),
        14 => (found.float_data.len(), 2 * elements),
        11 => (found.double_data.len(), elements),
        15 => (found.double_data.len(), 2 * elements),
        7 => (found.int64_data.len(), elements),
        12 | 13 => (found.uint64_data.len(), elements),
        21..=23 | 25 | 26 => (found.int32_data.len(), size),
        _ => (found.int32_data.len(), elements),
    };
    if len as u64 != wanted {
        return Err(format!(
            "expected {wanted} elements for {elements} of type {}, found {len}",
            dtypes::name(number)
        ));
    }
    let outside = || format!("a value is not within {}", dtypes::name(number));
    Ok(match number {
        1 | 14 => found.float_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        11 | 15 => found.double_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        7 => found.int64_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        13 => found.uint64_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        12 => {
            let mut out = Vec::with_capacity(found.uint64_data.len() * 4);
            for &value in &found.uint64_data {
                out.extend_from_slice(
                    &u32::try_from(value).ok().ok_or_else(outside)?.to_le_bytes(),
                );
            }
            out.into()
        }
        27 | 28 => sixes(&found.int32_data).ok_or_else(outside)?,
        _ => {
            let bytes = dtypes::bits(number).map_or(4, |bits| bits.div_ceil(8));
            narrowed(&found.int32_data, bytes, matches!(number, 3 | 5 | 6)).ok_or_else(outside)?
        }
    })
}

/// Integers in so many bytes each; `None` when one does not fit.
fn narrowed(values: &[i32], bytes: u64, signed: bool) -> Option<Bytes> {
    let mut out = Vec::with_capacity(values.len());
    for &value in values {
        match (bytes, signed) {
            // Writers give the bits of small types in either sign.
            (1, true) => out.extend(i8::try_from(value).ok()?.to_le_bytes()),
            (1, false) => out.extend(
                u8::try_from(value & 0xff)
                    .ok()
                    .filter(|_| (-128..256).contains(&value))?
                    .to_le_bytes(),
            ),
            (2, true) => out.extend(i16::try_from(value).ok()?.to_le_bytes()),
            (2, false) => out.extend(u16::try_from(value).ok()?.to_le_bytes()),
            (_, _) => out.extend(value.to_le_bytes()),
        }
    }
    Some(out.into())
}

/// Six bits each, four in three bytes, the first lowest.
fn sixes(values: &[i32]) -> Option<Bytes> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for &value in values {
        let value = u32::try_from(value).ok().filter(|v| *v < 64)?;
        held |= value << bits;
        bits += 6;
        while bits >= 8 {
            out.extend(u8::try_from(held & 0xff).ok());
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.extend(u8::try_from(held & 0xff).ok());
    }
    Some(out.into())
}

/// The bytes of a tensor in a file beside the model.
fn external(
    found: &TensorProto,
    size: u64,
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
