//! binary64 numbers as the binary32 neighbour on a given side.

use super::to_f32;

/// The largest binary32 that is not above `value`.
///
/// `x ≤ t` and `x > t` decide every binary32 `x` alike for `t` and for this.
pub(in crate::lower) fn down_to_f32(value: f64) -> f32 {
    let near = to_f32(value);
    if f64::from(near) > value { near.next_down() } else { near }
}

/// The smallest binary32 that is not below `value`, for `x < t` and `x ≥ t`.
pub(in crate::lower) fn up_to_f32(value: f64) -> f32 {
    let near = to_f32(value);
    if f64::from(near) < value { near.next_up() } else { near }
}
