use std::fmt;

use crate::Narrow;

/// Type of one tensor element. Names are those of safetensors in lower case where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DType {
    /// Boolean, one byte, 0 or 1.
    Bool,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// Signed 8-bit integer.
    I8,
    /// Signed 16-bit integer.
    I16,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// IEEE 754 binary16.
    F16,
    /// bfloat16.
    BF16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// A float of eight bits or less, or an integer narrower than a byte; packed.
    Narrow(Narrow),
    /// Two binary32, real part first.
    C64,
    /// Two binary64, real part first.
    C128,
    /// UTF-8 text; elements have no fixed size.
    Text,
}

impl DType {
    /// Bits of one element; `None` for text.
    pub const fn bits(self) -> Option<u32> {
        match self {
            Self::Narrow(narrow) => Some(narrow.bits()),
            Self::Bool | Self::U8 | Self::I8 => Some(8),
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => Some(16),
            Self::U32 | Self::I32 | Self::F32 => Some(32),
            Self::U64 | Self::I64 | Self::F64 | Self::C64 => Some(64),
            Self::C128 => Some(128),
            Self::Text => None,
        }
    }

    /// Bytes of so many elements, packed; `None` for text, and where they exceed 2⁶⁴−1 bits.
    pub fn bytes(self, elements: u64) -> Option<u64> {
        Some(elements.checked_mul(self.bits()?.into())?.div_ceil(8))
    }

    /// Lower-case name: `f32`, `i64`, `text`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Narrow(narrow) => narrow.as_str(),
            Self::C64 => "c64",
            Self::C128 => "c128",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
