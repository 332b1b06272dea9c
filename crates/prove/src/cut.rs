use holdall_table::Kind;

use crate::trace::{Step, forward, round};

/// Position of a number among those of its kind: the next number has the next key. Both zeros have
/// key 0.
pub(crate) fn key(x: f64, kind: Kind) -> i64 {
    match kind {
        Kind::F32 => {
            #[expect(clippy::cast_possible_truncation, reason = "the value is a binary32")]
            let bits = i64::from((x as f32).to_bits());
            if bits >> 31 == 1 { (1 << 31) - bits } else { bits }
        }
        Kind::F64 => {
            let bits = x.to_bits().cast_signed();
            if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
        }
        #[expect(clippy::cast_possible_truncation, reason = "the value is whole")]
        Kind::I64 | Kind::Bool | Kind::Text => x as i64,
    }
}

/// The number with this key.
pub(crate) fn number(key: i64, kind: Kind) -> f64 {
    match kind {
        Kind::F32 => {
            let magnitude = u32::try_from(key.unsigned_abs()).unwrap_or(0x7f80_0000);
            let x = f64::from(f32::from_bits(magnitude.min(0x7f80_0000)));
            if key < 0 { -x } else { x }
        }
        Kind::F64 => {
            let x = f64::from_bits(key.unsigned_abs().min(f64::INFINITY.to_bits()));
            if key < 0 { -x } else { x }
        }
        #[expect(clippy::cast_precision_loss, reason = "keys of integers are kept below 2⁵³")]
        Kind::I64 | Kind::Bool | Kind::Text => key as f64,
    }
}

/// Keys of the ends of a kind.
pub(crate) fn ends(kind: Kind) -> (i64, i64) {
    match kind {
        Kind::F32 | Kind::F64 => (key(f64::NEG_INFINITY, kind), key(f64::INFINITY, kind)),
        Kind::I64 | Kind::Bool | Kind::Text => (-(1 << 53), 1 << 53),
    }
}

/// The largest key whose number still answers as the lowest one does, when a test of a monotone
/// function changes its answer; none when all numbers answer alike.
pub(crate) fn last_alike(kind: Kind, answer: impl Fn(f64) -> bool) -> Option<i64> {
    let (mut low, mut high) = ends(kind);
    // Infinities may become NaN on the way.
    if kind.is_float() {
        (low, high) = (low + 1, high - 1);
    }
    let first = answer(number(low, kind));
    if answer(number(high, kind)) == first {
        return None;
    }
    while i128::from(high) - i128::from(low) > 1 {
        let middle = i64::midpoint(low, high);
        if answer(number(middle, kind)) == first {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// What a field value is when it comes to a split.
pub(crate) fn arrives(steps: &[Step], rounded: bool, x: f64) -> f64 {
    let x = forward(steps, x);
    if rounded { round(x, Kind::F32) } else { x }
}
