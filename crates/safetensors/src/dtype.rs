use holdall_diag::Failure;
use holdall_tensor::{DType, Narrow};

use crate::codes;

/// The types that a tensor can have both here and in the format, in the order of the reference
/// implementation.
const KNOWN: [(&str, DType); 16] = [
    ("BOOL", DType::Bool),
    ("U8", DType::U8),
    ("I8", DType::I8),
    ("F8_E5M2", DType::Narrow(Narrow::E5M2)),
    ("F8_E4M3", DType::Narrow(Narrow::E4M3)),
    ("I16", DType::I16),
    ("U16", DType::U16),
    ("F16", DType::F16),
    ("BF16", DType::BF16),
    ("I32", DType::I32),
    ("U32", DType::U32),
    ("F32", DType::F32),
    ("C64", DType::C64),
    ("F64", DType::F64),
    ("I64", DType::I64),
    ("U64", DType::U64),
];

/// Types of the format that are not carried.
const FOREIGN: [&str; 6] = ["F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"];

pub(crate) fn of_name(name: &str) -> Result<DType, Failure> {
    if let Some((_, dtype)) = KNOWN.iter().find(|(known, _)| *known == name) {
        return Ok(*dtype);
    }
    if FOREIGN.contains(&name) {
        return Err(Failure::unsupported(
            codes::DTYPE,
            format!("elements of type `{name}` are not carried"),
        )
        .with_help("convert the tensor to `F8_E4M3`, `BF16` or wider and save it again"));
    }
    let known: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
    Err(Failure::malformed(
        codes::DTYPE,
        format!("expected one of {}, found `{name}`", known.join(", ")),
    ))
}

/// The name in the format and the place in its order, from the smallest alignment up.
pub(crate) fn name_of(dtype: DType) -> Result<(usize, &'static str), Failure> {
    KNOWN
        .iter()
        .position(|(_, known)| *known == dtype)
        .and_then(|rank| Some((rank, KNOWN.get(rank)?.0)))
        .ok_or_else(|| {
            Failure::unsupported(codes::DTYPE, format!("safetensors has no elements of {dtype}"))
        })
}
