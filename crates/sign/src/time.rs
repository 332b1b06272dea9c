use std::fmt;

use holdall_diag::Failure;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::codes;

const DAY: i64 = 86_400;

/// A moment in seconds since 1970, in universal time. Where it comes from is the caller's business: this
/// crate looks at no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// Reads RFC 3339 (`2026-01-31T12:00:00Z`, with an offset too) or a day alone (its first second).
    pub fn parse(text: &str) -> Result<Self, Failure> {
        read(text).map(Self).ok_or_else(|| {
            Failure::usage(
                codes::TIME,
                format!(
                    "expected a time such as `2026-01-31` or `2026-01-31T12:00:00Z`, found `{text}`"
                ),
            )
        })
    }
}

/// The time span in which something may be used; an open end is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Option<Moment>,
    /// The last moment.
    pub not_after: Option<Moment>,
}

impl Validity {
    /// Why `at` lies outside, in words that follow the name of the thing.
    pub fn objection(&self, at: Moment) -> Option<String> {
        if let Some(start) = self.not_before.filter(|&start| at < start) {
            return Some(format!("is valid from {start} on, and the time of checking is {at}"));
        }
        let end = self.not_after.filter(|&end| at > end)?;
        Some(format!("expired at {end}, and the time of checking is {at}"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(day);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        read(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!("expected a time such as `2026-01-31`, found `{text}`"))
        })
    }
}

fn read(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let [year, month, day] = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() || [year.len(), month.len(), day.len()] != [4, 2, 2] {
        return None;
    }
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    if rest.is_empty() {
        return Some(days * DAY);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    digits(fraction)?;
    let mut parts = clock.split(':');
    let [hour, minute, second] = [parts.next()?, parts.next()?, parts.next()?].map(digits);
    let (hour, minute, second) = (hour?, minute?, second?);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            sign * (digits(hours)? * 3600 + digits(minutes)? * 60)
        }
    };
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset)
}

/// A short number in decimal digits alone.
fn digits(text: &str) -> Option<i64> {
    let plain = (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Year, month and day of a day number, in the proleptic Gregorian calendar whose years begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}
