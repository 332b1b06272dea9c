//! Constants: what they hold against what they say, where they lie, and numbers that are none.

use std::collections::BTreeSet;

use bytes::Bytes;
use holdall_graph::Elem;
use sha1::{Digest, Sha1};

use super::Checking;
use crate::{
    codes, decode,
    proto::{SparseTensorProto, TensorProto, ValueInfoProto},
    view,
};

impl Checking<'_, '_, '_> {
    /// A constant.
    pub(super) fn tensor(&mut self, tensor: &TensorProto, path: &str) {
        self.tensor_of(tensor, path, false);
    }

    /// A constant, which may hold NaN on purpose.
    pub(super) fn tensor_of(&mut self, tensor: &TensorProto, path: &str, nan: bool) {
        if self.quiet || self.shallow {
            return;
        }
        let elem = Elem(tensor.data_type);
        if !elem.is_known() {
            let message = format!("there is no element type {}", tensor.data_type);
            self.error(codes::TYPE, path, message);
            return;
        }
        if tensor.segment.is_some() {
            self.error(codes::TENSOR, path, "segmented tensors were never specified");
        }
        if tensor.dims.iter().any(|d| *d < 0) {
            self.error(codes::TENSOR, path, format!("{:?}: an extent is negative", tensor.dims));
            return;
        }
        if !matches!(tensor.data_location, 0 | 1) {
            let message = format!("there is no data location {}", tensor.data_location);
            self.error(codes::TENSOR, path, message);
            return;
        }
        self.fields(tensor, elem, path);
        if elem == Elem::STRING {
            self.texts(tensor, path);
            return;
        }
        if tensor.data_location == 1 {
            self.external(tensor, path);
        }
        match decode::payload(tensor, &mut self.siblings, path) {
            Ok(_) if nan => {}
            Ok(bytes) => self.numbers(elem, &bytes, path),
            Err(failure) => self.failure(failure),
        }
    }

    /// Which of the lists of a tensor are set.
    fn fields(&mut self, tensor: &TensorProto, elem: Elem, path: &str) {
        let raw = tensor.raw_data.as_ref().is_some_and(|raw| !raw.is_empty());
        let lists = [
            ("float_data", !tensor.float_data.is_empty(), &[1, 14][..]),
            (
                "int32_data",
                !tensor.int32_data.is_empty(),
                &[2, 3, 4, 5, 6, 9, 10, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28],
            ),
            ("string_data", !tensor.string_data.is_empty(), &[8]),
            ("int64_data", !tensor.int64_data.is_empty(), &[7]),
            ("double_data", !tensor.double_data.is_empty(), &[11, 15]),
            ("uint64_data", !tensor.uint64_data.is_empty(), &[12, 13]),
        ];
        let set: Vec<&str> = lists
            .iter()
            .filter(|(_, set, _)| *set)
            .map(|(name, _, _)| *name)
            .chain(raw.then_some("raw_data"))
            .collect();
        if set.len() > 1 {
            self.error(codes::TENSOR, path, format!("elements stand in {}", set.join(" and in ")));
        }
        if tensor.data_location == 1 && !set.is_empty() {
            let message = format!("elements stand in another file and in {}", set.join(", "));
            self.error(codes::TENSOR, path, message);
        }
        for (name, set, types) in lists {
            if set && !types.contains(&elem.0) {
                self.error(codes::TENSOR, path, format!("elements of type {elem} stand in {name}"));
            }
        }
        if raw && elem == Elem::STRING {
            self.error(codes::TENSOR, path, "texts stand in raw_data");
        }
    }

    fn texts(&mut self, tensor: &TensorProto, path: &str) {
        let elements =
            tensor.dims.iter().try_fold(1_u64, |n, d| n.checked_mul(u64::try_from(*d).ok()?));
        let found = tensor.string_data.len();
        if elements != Some(found as u64) {
            let message = format!("expected {} texts, found {found}", elements.unwrap_or(0));
            self.error(codes::TENSOR, path, message);
        }
        let broken = tensor.string_data.iter().position(|s| std::str::from_utf8(s).is_err());
        if let Some(at) = broken {
            let here = format!("{path}.string_data[{at}]");
            self.error(codes::TENSOR, &here, "a text is not UTF-8");
        }
    }

    /// What says where the elements are; whether they are there is found by fetching them.
    fn external(&mut self, tensor: &TensorProto, path: &str) {
        let mut seen = BTreeSet::new();
        for entry in &tensor.external_data {
            let known = matches!(
                entry.key.as_str(),
                "location" | "offset" | "length" | "checksum" | "basepath"
            );
            if !known {
                let message = format!("`{}` says nothing about a file", entry.key);
                self.warn(codes::EXTERNAL, path, message);
            }
            if !seen.insert(entry.key.as_str()) {
                self.error(codes::EXTERNAL, path, format!("`{}` is given twice", entry.key));
            }
        }
        let entry =
            |key: &str| tensor.external_data.iter().find(|e| e.key == key).map(|e| e.value.clone());
        let (Some(location), Some(wanted)) = (entry("location"), entry("checksum")) else { return };
        let location = location.trim_start_matches("./").to_owned();
        let known = self.digests.get(&location).cloned();
        let digest = match known {
            Some(digest) => Some(digest),
            None => {
                self.siblings.bytes(&location).ok().map(|bytes| crate::hex(&Sha1::digest(&bytes)))
            }
        };
        let Some(digest) = digest else { return };
        if !digest.eq_ignore_ascii_case(wanted.trim()) {
            let message = format!("`{location}` has the SHA-1 {digest}, the model says {wanted}");
            self.error(codes::CHECKSUM, path, message);
        }
        self.digests.insert(location, digest);
    }

    /// Numbers that are none, and numbers that lost their precision.
    fn numbers(&mut self, elem: Elem, bytes: &Bytes, path: &str) {
        let count = Counts::of(elem, bytes);
        if count.nan + count.infinite > 0 {
            let message = format!("{} NaN and {} infinite weights", count.nan, count.infinite);
            self.warn(codes::NON_FINITE, path, message);
        }
        if count.denormal > 0 {
            self.warn(codes::DENORMAL, path, format!("{} denormal weights", count.denormal));
        }
        if elem == Elem::BOOL && bytes.iter().any(|b| *b > 1) {
            self.error(codes::TENSOR, path, "a truth value is neither 0 nor 1");
        }
    }

    /// A constant of which only some elements are listed.
    pub(super) fn sparse(&mut self, sparse: &SparseTensorProto, path: &str) {
        if self.quiet || self.shallow {
            return;
        }
        let (Some(values), Some(indices)) = (&sparse.values, &sparse.indices) else {
            if sparse.values.is_none() {
                self.error(codes::SPARSE, path, "the sparse tensor has no values");
            } else if sparse.values.as_ref().is_some_and(|v| v.dims != [0]) {
                self.error(codes::SPARSE, path, "the sparse tensor has no indices");
            }
            return;
        };
        self.tensor(values, &format!("{path}.values"));
        self.tensor(indices, &format!("{path}.indices"));
        let &[count] = values.dims.as_slice() else {
            self.error(codes::SPARSE, path, "the values are not a vector");
            return;
        };
        if Elem(indices.data_type) != Elem::INT64 {
            self.error(codes::SPARSE, path, "the indices are not int64");
            return;
        }
        let Ok(bytes) = decode::payload(indices, &mut self.siblings, path) else { return };
        let list: Vec<i64> = view::words(&bytes).map(i64::from_le_bytes).collect();
        let rank = sparse.dims.len();
        let places: Option<Vec<i64>> = match indices.dims.as_slice() {
            [n] if *n == count => Some(list),
            [n, width] if *n == count && usize::try_from(*width) == Ok(rank) && rank > 0 => Some(
                list.chunks_exact(rank)
                    .map(|place| {
                        place.iter().zip(&sparse.dims).fold(0_i64, |at, (index, extent)| {
                            if (0..*extent).contains(index) && at >= 0 {
                                at.saturating_mul(*extent).saturating_add(*index)
                            } else {
                                -1
                            }
                        })
                    })
                    .collect(),
            ),
            _ => None,
        };
        let Some(places) = places else {
            let message = format!("{:?} indices for {count} values", indices.dims);
            self.error(codes::SPARSE, path, message);
            return;
        };
        let total = sparse.dims.iter().fold(1_i64, |n, d| n.saturating_mul(*d));
        if places.iter().any(|at| !(0..total).contains(at)) {
            self.error(codes::SPARSE, path, "an index is outside the tensor");
        } else if places.windows(2).any(|pair| pair.first() >= pair.last()) {
            self.error(codes::SPARSE, path, "the indices do not ascend");
        }
    }

    /// A value's name and type.
    pub(super) fn value_info(&mut self, info: &ValueInfoProto, path: &str) {
        if self.quiet {
            return;
        }
        let Some(ty) = info.r#type.as_ref().and_then(view::type_of) else { return };
        if let holdall_graph::infer::Type::Tensor(elem, _) = ty
            && !elem.is_known()
            && elem.0 != 0
        {
            let message = format!("`{}`: there is no element type {}", info.name, elem.0);
            self.error(codes::TYPE, path, message);
        }
        let shape = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()?.shape.as_ref());
        for dim in shape.iter().flat_map(|s| &s.dim) {
            if let Some(extent) = dim.dim_value.filter(|extent| *extent < 0) {
                let message = format!("`{}`: the extent {extent} is negative", info.name);
                self.warn(codes::TYPE, path, message);
            }
        }
    }
}

/// How many numbers are no ordinary ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) nan: u64,
    pub(crate) infinite: u64,
    pub(crate) denormal: u64,
}

impl Counts {
    /// Counts in the raw elements of a float tensor; nothing for other types.
    pub(crate) fn of(elem: Elem, bytes: &[u8]) -> Self {
        let mut counts = Self::default();
        match elem {
            Elem::FLOAT => {
                for word in view::words(bytes) {
                    counts.add(u32::from_le_bytes(word).into(), 8, 23);
                }
            }
            Elem::DOUBLE => {
                for word in view::words(bytes) {
                    counts.add(u64::from_le_bytes(word), 11, 52);
                }
            }
            Elem::FLOAT16 => {
                for word in view::words(bytes) {
                    // A denormal half is an ordinary small weight.
                    counts.add(u16::from_le_bytes(word).into(), 5, 10);
                }
                counts.denormal = 0;
            }
            Elem::BFLOAT16 => {
                for word in view::words(bytes) {
                    counts.add(u16::from_le_bytes(word).into(), 8, 7);
                }
            }
            _ => {}
        }
        counts
    }

    const fn add(&mut self, bits: u64, exponent: u32, mantissa: u32) {
        let top = (1_u64 << exponent) - 1;
        let field = (bits >> mantissa) & top;
        let rest = bits & ((1_u64 << mantissa) - 1);
        if field == top {
            if rest == 0 {
                self.infinite += 1;
            } else {
                self.nan += 1;
            }
        } else if field == 0 && rest != 0 {
            self.denormal += 1;
        }
    }
}
