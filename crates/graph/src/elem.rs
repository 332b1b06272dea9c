use std::fmt;

/// An element type, by its number in the ONNX specification. Unlike a dtype it covers the types below eight
/// bits and numbers that nobody has defined yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elem(pub i32);

/// Names in type texts and bits of one element; 0 for texts.
const TABLE: [(&str, u64); 29] = [
    ("undefined", 0),
    ("float", 32),
    ("uint8", 8),
    ("int8", 8),
    ("uint16", 16),
    ("int16", 16),
    ("int32", 32),
    ("int64", 64),
    ("string", 0),
    ("bool", 8),
    ("float16", 16),
    ("double", 64),
    ("uint32", 32),
    ("uint64", 64),
    ("complex64", 64),
    ("complex128", 128),
    ("bfloat16", 16),
    ("float8e4m3fn", 8),
    ("float8e4m3fnuz", 8),
    ("float8e5m2", 8),
    ("float8e5m2fnuz", 8),
    ("uint4", 4),
    ("int4", 4),
    ("float4e2m1", 4),
    ("float8e8m0", 8),
    ("uint2", 2),
    ("int2", 2),
    ("float6e2m3", 6),
    ("float6e3m2", 6),
];

impl Elem {
    /// 32-bit float.
    pub const FLOAT: Self = Self(1);
    /// Unsigned 8-bit integer.
    pub const UINT8: Self = Self(2);
    /// Signed 8-bit integer.
    pub const INT8: Self = Self(3);
    /// Unsigned 16-bit integer.
    pub const UINT16: Self = Self(4);
    /// Signed 32-bit integer.
    pub const INT32: Self = Self(6);
    /// Signed 64-bit integer.
    pub const INT64: Self = Self(7);
    /// Text.
    pub const STRING: Self = Self(8);
    /// Truth value.
    pub const BOOL: Self = Self(9);
    /// 16-bit float.
    pub const FLOAT16: Self = Self(10);
    /// 64-bit float.
    pub const DOUBLE: Self = Self(11);
    /// bfloat16.
    pub const BFLOAT16: Self = Self(16);

    /// Whether the number is a type of the specification.
    pub fn is_known(self) -> bool {
        self.0 != 0 && self.row().is_some()
    }

    /// Bits of one element; `None` for texts and unknown numbers.
    pub fn bits(self) -> Option<u64> {
        self.row().map(|(_, bits)| *bits).filter(|bits| *bits > 0)
    }

    /// Bytes of so many elements, packed; `None` for texts, unknown numbers and overflow.
    pub fn bytes(self, elements: u64) -> Option<u64> {
        Some(elements.checked_mul(self.bits()?)?.div_ceil(8))
    }

    /// The element type with this name: `float`, `int64`.
    pub fn named(name: &str) -> Option<Self> {
        let at = TABLE.iter().position(|(known, _)| *known == name)?;
        i32::try_from(at).ok().map(Self)
    }

    /// The IR version that brought it.
    pub const fn since_ir(self) -> i64 {
        match self.0 {
            16 => 4,
            17..=20 => 9,
            21 | 22 => 10,
            23 => 11,
            24 => 12,
            25 | 26 => 13,
            27 | 28 => 14,
            _ => 1,
        }
    }

    fn row(self) -> Option<&'static (&'static str, u64)> {
        TABLE.get(usize::try_from(self.0).ok()?)
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "type {}", self.0),
        }
    }
}
