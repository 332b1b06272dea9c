//! Number text: shortest form that reads back to the same bits, and what PMML files hold.

/// A binary64 as text that reads back to the same bits. Very large and very small ones are written
/// with an exponent; infinities and NaN as XML Schema spells them.
pub(crate) fn text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "INF" } else { "-INF" }.to_owned()
    } else if size > 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:E}")
    } else {
        format!("{value}")
    }
}

/// The nearest binary32, widened.
#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
pub(crate) fn round_f32(value: f64) -> f64 {
    f64::from(value as f32)
}

/// The largest binary32 that is not above the value, widened.
#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
pub(crate) fn floor_f32(value: f64) -> f64 {
    let near = value as f32;
    f64::from(if f64::from(near) > value { near.next_down() } else { near })
}

/// The smallest binary32 that is not below the value, widened.
#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
pub(crate) fn ceil_f32(value: f64) -> f64 {
    let near = value as f32;
    f64::from(if f64::from(near) < value { near.next_up() } else { near })
}

/// Parses a binary64, with the blanks and spellings that files have.
pub(crate) fn parse_f64(text: &str) -> Option<f64> {
    let text = text.trim();
    match text {
        "INF" | "Infinity" | "+INF" => Some(f64::INFINITY),
        "-INF" | "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok(),
    }
}

/// Parses a binary32 directly, without rounding twice.
pub(crate) fn parse_f32(text: &str) -> Option<f64> {
    match parse_f64(text)? {
        wide if wide.is_finite() => text.trim().parse::<f32>().ok().map(f64::from),
        wide => Some(wide),
    }
}

/// Parses an integer; `3.0` is one.
pub(crate) fn parse_i64(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        let whole = value.trunc().total_cmp(&value).is_eq() && value.abs() < 2.0_f64.powi(53);
        #[expect(clippy::cast_possible_truncation, reason = "range and wholeness are checked")]
        whole.then_some(value as i64)
    })
}

/// Parses a truth value.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "TRUE" | "True" | "1" => Some(true),
        "false" | "FALSE" | "False" | "0" => Some(false),
        _ => None,
    }
}
