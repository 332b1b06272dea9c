//! Element types narrower than a byte, and floats of eight bits and less: kept as codes, decoded to be
//! computed with. Layouts and rounding: <https://onnx.ai/onnx/technical/float8.html>, OCP
//! Microscaling formats 1.0.

use super::number::{byte, position, real, signed_byte, whole};

/// A narrow element type. Elements are kept one a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Least and greatest value of an integer type.
    pub(crate) const fn bounds(self) -> Option<(i64, i64)> {
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
    pub(crate) const fn largest(self) -> f64 {
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
    pub(crate) fn decode(self, code: u8) -> f64 {
        match self {
            Self::U4 | Self::U2 => return code.into(),
            Self::I4 | Self::I2 => return signed_byte(code).into(),
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
    pub(crate) fn encode(self, value: f64, saturate: bool) -> u8 {
        if let Some((low, high)) = self.bounds() {
            let int = whole(value);
            if saturate {
                return byte(int.clamp(low, high).into());
            }
            let span = high - low + 1;
            return byte(((int - low).rem_euclid(span) + low).into());
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
    byte(i128::from(steps) + (i128::from(exponent - least) << layout.mantissa))
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
    let up = real(position(f64::from(exponent + 127))) + if exact { 0.0 } else { 1.0 };
    if up > 254.0 { if saturate { 0xfe } else { 0xff } } else { byte(i128::from(whole(up))) }
}
