//! Element types and their numbers in `TensorProto.DataType`.

use holdall_tensor::{DType, Narrow};

/// The dtype with this number.
pub(crate) const fn from_number(number: i32) -> Option<DType> {
    Some(match number {
        1 => DType::F32,
        2 => DType::U8,
        3 => DType::I8,
        4 => DType::U16,
        5 => DType::I16,
        6 => DType::I32,
        7 => DType::I64,
        8 => DType::Text,
        9 => DType::Bool,
        10 => DType::F16,
        11 => DType::F64,
        12 => DType::U32,
        13 => DType::U64,
        14 => DType::C64,
        15 => DType::C128,
        16 => DType::BF16,
        17 => DType::Narrow(Narrow::E4M3),
        18 => DType::Narrow(Narrow::E4M3Uz),
        19 => DType::Narrow(Narrow::E5M2),
        20 => DType::Narrow(Narrow::E5M2Uz),
        21 => DType::Narrow(Narrow::U4),
        22 => DType::Narrow(Narrow::I4),
        23 => DType::Narrow(Narrow::E2M1),
        24 => DType::Narrow(Narrow::E8M0),
        25 => DType::Narrow(Narrow::U2),
        26 => DType::Narrow(Narrow::I2),
        27 => DType::Narrow(Narrow::E2M3),
        28 => DType::Narrow(Narrow::E3M2),
        _ => return None,
    })
}

/// The number of a dtype.
pub(crate) const fn number(dtype: DType) -> u8 {
    match dtype {
        DType::F32 => 1,
        DType::U8 => 2,
        DType::I8 => 3,
        DType::U16 => 4,
        DType::I16 => 5,
        DType::I32 => 6,
        DType::I64 => 7,
        DType::Text => 8,
        DType::Bool => 9,
        DType::F16 => 10,
        DType::F64 => 11,
        DType::U32 => 12,
        DType::U64 => 13,
        DType::C64 => 14,
        DType::C128 => 15,
        DType::BF16 => 16,
        DType::Narrow(narrow) => match narrow {
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

/// Name of a number for people.
pub(crate) const fn name(number: i32) -> &'static str {
    match number {
        0 => "undefined",
        _ => match from_number(number) {
            Some(dtype) => dtype.as_str(),
            None => "unknown",
        },
    }
}

/// Bits of one element of a number, where it is fixed.
pub(crate) fn bits(number: i32) -> Option<u64> {
    from_number(number)?.bits().map(u64::from)
}
