//! Element types and their numbers in `TensorProto.DataType`.

use holdall_tensor::DType;

/// The dtype with this number, where tensors of it can be held.
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
        17 => DType::F8E4M3,
        19 => DType::F8E5M2,
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
        DType::F8E4M3 => 17,
        DType::F8E5M2 => 19,
    }
}

/// Name of a number for people, also where no tensor of it can be held.
pub(crate) const fn name(number: i32) -> &'static str {
    match number {
        0 => "undefined",
        18 => "f8_e4m3fnuz",
        20 => "f8_e5m2fnuz",
        21 => "u4",
        22 => "i4",
        23 => "f4_e2m1",
        24 => "f8_e8m0",
        25 => "u2",
        26 => "i2",
        27 => "f6_e2m3",
        28 => "f6_e3m2",
        _ => match from_number(number) {
            Some(dtype) => dtype.as_str(),
            None => "unknown",
        },
    }
}
/// Bits of one element of a number, where it is fixed.
pub(crate) const fn bits(number: i32) -> Option<u64> {
    match number {
        18 | 20 | 24 => Some(8),
        21..=23 => Some(4),
        25 | 26 => Some(2),
        27 | 28 => Some(6),
        _ => match from_number(number) {
            Some(dtype) => match dtype.size() {
                Some(size) => Some(size as u64 * 8),
                None => None,
            },
            None => None,
        },
    }
}
