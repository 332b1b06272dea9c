//! Element types narrower than a byte, and floats of eight bits and less. Layouts and rounding: <https://onnx.ai/onnx/technical/float8.html>, OCP
//! Microscaling formats 1.0.

use std::fmt;

/// A narrow element type. Tensors hold elements packed from the low bits of each byte up, as files do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Narrow {
    /// 8-bit float, 4 exponent bits, no infinities.
    E4M3,
    /// The same without a negative zero; exponent bias 8.
    E4M3Uz,
    /// 8-bit float, 5 exponent bits.
    E5M2,
    /// The same without infinities and negative zero; exponent bias 16.
    E5M2Uz,
    /// 8-bit power of two, unsigned.
    E8M0,
    /// 4-bit float, 2 exponent bits.
    E2M1,
    /// 6-bit float, 2 exponent bits.
    E2M3,
    /// 6-bit float, 3 exponent bits.
    E3M2,
    /// Unsigned 4-bit integer.
    U4,
    /// Signed 4-bit integer.
    I4,
    /// Unsigned 2-bit integer.
    U2,
    /// Signed 2-bit integer.
    I2,
}

/// Layout of a float: bits of exponent and mantissa, bias.
struct Layout {
    exponent: i32,
    mantissa: i32,
    bias: i32,
}

impl Narrow {
    const fn layout(self) -> Option<Layout> {
        let (exponent, mantissa, bias) = match self {
            Self::E4M3 => (4, 3, 7),
            Self::E4M3Uz => (4, 3, 8),
            Self::E5M2 => (5, 2, 15),
            Self::E5M2Uz => (5, 2, 16),
            Self::E2M1 => (2, 1, 1),
            Self::E2M3 => (2, 3, 1),
            Self::E3M2 => (3, 2, 3),
            Self::E8M0 | Self::U4 | Self::I4 | Self::U2 | Self::I2 => return None,
        };
        Some(Layout { exponent, mantissa, bias })
    }

    /// Every narrow type.
    pub const ALL: [Self; 12] = [
        Self::E4M3,
        Self::E4M3Uz,
        Self::E5M2,
        Self::E5M2Uz,
        Self::E8M0,
        Self::E2M1,
        Self::E2M3,
        Self::E3M2,
        Self::U4,
        Self::I4,
        Self::U2,
        Self::I2,
    ];

    /// Bits of one element.
    pub const fn bits(self) -> u32 {
        match self {
            Self::E4M3 | Self::E4M3Uz | Self::E5M2 | Self::E5M2Uz | Self::E8M0 => 8,
            Self::E2M3 | Self::E3M2 => 6,
            Self::E2M1 | Self::U4 | Self::I4 => 4,
            Self::U2 | Self::I2 => 2,
        }
    }

    /// Lower-case name: `f8_e4m3`, `u4`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::E4M3 => "f8_e4m3",
            Self::E4M3Uz => "f8_e4m3fnuz",
            Self::E5M2 => "f8_e5m2",
            Self::E5M2Uz => "f8_e5m2fnuz",
            Self::E8M0 => "f8_e8m0",
            Self::E2M1 => "f4_e2m1",
            Self::E2M3 => "f6_e2m3",
            Self::E3M2 => "f6_e3m2",
            Self::U4 => "u4",
            Self::I4 => "i4",
            Self::U2 => "u2",
            Self::I2 => "i2",
        }
    }

    /// The codes of packed elements, one in the low bits of each byte. No more than `count`.
    pub fn unpack(self, bytes: &[u8], count: usize) -> Vec<u8> {
        let bits = self.bits();
        if bits == 8 {
            return bytes.iter().copied().take(count).collect();
        }
        let (mut held, mut have) = (0_u32, 0_u32);
        let mut out = Vec::with_capacity(count);
        for &byte in bytes {
            held |= u32::from(byte) << have;
            have += 8;
            while have >= bits && out.len() < count {
                out.push(low_byte((held & ((1 << bits) - 1)).into()));
                held >>= bits;
                have -= bits;
            }
        }
        out
    }

    /// Codes, one a byte, packed.
    pub fn pack(self, codes: &[u8]) -> Vec<u8> {
        let bits = self.bits();
        if bits == 8 {
            return codes.to_vec();
        }
        let (mut held, mut have) = (0_u32, 0_u32);
        let mut out = Vec::with_capacity(codes.len());
        for &code in codes {
            held |= (u32::from(code) & ((1 << bits) - 1)) << have;
            have += bits;
            if have >= 8 {
                out.push(low_byte((held & 0xff).into()));
                held >>= 8;
                have -= 8;
            }
        }
        if have > 0 {
            out.push(low_byte(held.into()));
        }
        out
    }

    /// Least and greatest value of an integer type.
    pub const fn bounds(self) -> Option<(i64, i64)> {
        match self {
            Self::U4 => Some((0, 15)),
            Self::I4 => Some((-8, 7)),
            Self::U2 => Some((0, 3)),
            Self::I2 => Some((-2, 1)),
            Self::E4M3
            | Self::E4M3Uz
            | Self::E5M2
            | Self::E5M2Uz
            | Self::E8M0
            | Self::E2M1
            | Self::E2M3
            | Self::E3M2 => None,
        }
    }

    /// The greatest finite magnitude of a float type.
    pub const fn largest(self) -> f64 {
        match self {
            Self::E4M3 => 448.0,
            Self::E4M3Uz => 240.0,
            Self::E5M2 | Self::E5M2Uz => 57344.0,
            Self::E8M0 => 1.701_411_834_604_692_3e38,
            Self::E2M1 => 6.0,
            Self::E2M3 => 7.5,
            Self::E3M2 => 28.0,
            Self::U4 => 15.0,
            Self::I4 => 7.0,
            Self::U2 => 3.0,
            Self::I2 => 1.0,
        }
    }

    const fn nan(self) -> u8 {
        match self {
            Self::E4M3 => 0x7f,
            Self::E5M2 => 0x7e,
            Self::E4M3Uz | Self::E5M2Uz => 0x80,
            Self::E8M0 => 0xff,
            // No code says NaN: the greatest magnitude with the sign bit.
            Self::E2M1 => 0x08,
            Self::E2M3 | Self::E3M2 => 0x20,
            Self::U4 | Self::I4 | Self::U2 | Self::I2 => 0,
        }
    }

    /// The number that a code stands for.
    pub fn decode(self, code: u8) -> f64 {
        match self {
            Self::U4 | Self::U2 => return code.into(),
            Self::I4 => return f64::from((code << 4).cast_signed() >> 4),
            Self::I2 => return f64::from((code << 6).cast_signed() >> 6),
            Self::E8M0 => {
                return if code == 0xff { f64::NAN } else { 2.0_f64.powi(i32::from(code) - 127) };
            }
            Self::E4M3Uz | Self::E5M2Uz if code == 0x80 => return f64::NAN,
            Self::E4M3 if code & 0x7f == 0x7f => return f64::NAN,
            Self::E5M2 if code & 0x7f > 0x7c => return f64::NAN,
            Self::E5M2 if code & 0x7f == 0x7c => {
                return if code & 0x80 == 0 { f64::INFINITY } else { f64::NEG_INFINITY };
            }
            Self::E4M3
            | Self::E4M3Uz
            | Self::E5M2
            | Self::E5M2Uz
            | Self::E2M1
            | Self::E2M3
            | Self::E3M2 => {}
        }
        let Some(layout) = self.layout() else { return 0.0 };
        let width = layout.exponent + layout.mantissa;
        let bits = i32::from(code);
        let sign = if bits >> width & 1 == 1 { -1.0 } else { 1.0 };
        let exponent = bits >> layout.mantissa & ((1 << layout.exponent) - 1);
        let mantissa = f64::from(bits & ((1 << layout.mantissa) - 1));
        let unit = 2.0_f64.powi(layout.mantissa);
        sign * if exponent == 0 {
            mantissa / unit * 2.0_f64.powi(1 - layout.bias)
        } else {
            (1.0 + mantissa / unit) * 2.0_f64.powi(exponent - layout.bias)
        }
    }

    /// The code of the nearest number, ties to even. Beyond the range: the largest when `saturate`, else
    /// infinity or NaN; integers keep their low bits.
    pub fn encode(self, value: f64, saturate: bool) -> u8 {
        if let Some((low, high)) = self.bounds() {
            let int = whole(value);
            let int = if saturate { int.clamp(low, high) } else { int };
            return low_byte(int.into()) & low_byte((1 << self.bits()) - 1);
        }
        if self == Self::E8M0 {
            return encode_power(value, saturate);
        }
        let Some(layout) = self.layout() else { return 0 };
        if value.is_nan() {
            return self.nan() | self.sign_of_nan(value);
        }
        let unsigned_zero = matches!(self, Self::E4M3Uz | Self::E5M2Uz);
        let width = layout.exponent + layout.mantissa;
        let negative = if value.is_sign_negative() { 1_u8 << width } else { 0 };
        // 4- and 6-bit floats have no infinity and no NaN, and always saturate.
        let saturate = saturate || matches!(self, Self::E2M1 | Self::E2M3 | Self::E3M2);
        let size = value.abs();
        let rounded = if size.is_infinite() { size } else { round(size, &layout) };
        if rounded > self.largest() {
            if saturate {
                return negative | code(self.largest(), &layout);
            }
            return match self {
                Self::E5M2 => negative | 0x7c,
                Self::E4M3 => negative | 0x7f,
                Self::E4M3Uz
                | Self::E5M2Uz
                | Self::E8M0
                | Self::E2M1
                | Self::E2M3
                | Self::E3M2
                | Self::U4
                | Self::I4
                | Self::U2
                | Self::I2 => self.nan(),
            };
        }
        let code = code(rounded, &layout);
        if code == 0 && unsigned_zero { 0 } else { negative | code }
    }

    fn sign_of_nan(self, value: f64) -> u8 {
        let signed = matches!(self, Self::E4M3 | Self::E5M2) && value.is_sign_negative();
        if signed { 0x80 } else { 0 }
    }
}

/// The code of a magnitude that the type holds exactly.
fn code(size: f64, layout: &Layout) -> u8 {
    if size <= 0.0 {
        return 0;
    }
    let least = 1 - layout.bias;
    let exponent = floor_log2(size).max(least);
    let unit = 2.0_f64.powi(exponent - layout.mantissa);
    let steps = whole(size / unit);
    // Subnormal steps have no implied bit, and carry over into the first exponent by themselves.
    low_byte(i128::from(steps) + (i128::from(exponent - least) << layout.mantissa))
}

/// The nearest multiple of the unit in the last place, ties to even.
fn round(size: f64, layout: &Layout) -> f64 {
    if size <= 0.0 {
        return 0.0;
    }
    let exponent = floor_log2(size).max(1 - layout.bias);
    let unit = 2.0_f64.powi(exponent - layout.mantissa);
    (size / unit).round_ties_even() * unit
}

fn floor_log2(size: f64) -> i32 {
    let biased = i32::try_from(size.to_bits() >> 52 & 0x7ff).unwrap_or(0);
    if biased == 0 { -1074 } else { biased - 1023 }
}

/// A power of two: rounded up as quantisation of block scales does by default.
fn encode_power(value: f64, saturate: bool) -> u8 {
    if value.is_nan() || value < 0.0 || (value.is_infinite() && !saturate) {
        return 0xff;
    }
    if value.is_infinite() {
        return 0xfe;
    }
    let least = 2.0_f64.powi(-127);
    if value <= least {
        return 0;
    }
    let exponent = floor_log2(value);
    let exact = value.to_bits().trailing_zeros() >= 52;
    let up = f64::from(exponent + 127) + if exact { 0.0 } else { 1.0 };
    if up > 254.0 { if saturate { 0xfe } else { 0xff } } else { low_byte(i128::from(whole(up))) }
}

/// A float cut to an integer, ending at the bounds.
#[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
pub(crate) const fn whole(value: f64) -> i64 {
    value as i64
}

/// The low byte.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the low byte is meant"
)]
const fn low_byte(value: i128) -> u8 {
    value as u8
}

impl fmt::Display for Narrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
