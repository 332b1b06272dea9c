//! Drift between the profiles of two packages, column by column.

use holdall_diag::{Failure, Location};
use holdall_package::{
    diff::{Area, Difference, Level},
    manifest::ProfileRole,
};
use holdall_profile::{ColumnProfile, Profile};

use super::Side;
use crate::cmd::codes;

/// A shift of the mean by less than this share of the standard deviation is not worth a line.
const SHIFT: f64 = 0.1;
/// A change of a share by less than this is not worth a line.
const SHARE: f64 = 0.02;

/// What moved between the input and output profiles of both sides.
pub(super) fn drift(old: &Side, new: &Side) -> Result<Vec<Difference>, Failure> {
    let mut found = Vec::new();
    for (role, side) in [(ProfileRole::Input, "input"), (ProfileRole::Output, "output")] {
        let (Some(was), Some(is)) = (read(old, role)?, read(new, role)?) else { continue };
        if was == is {
            continue;
        }
        let before = found.len();
        for column in &was.columns {
            match is.columns.iter().find(|c| c.name == column.name) {
                Some(now) => columns(side, column, now, &mut found),
                None => found.push(difference(side, &column.name, "there", "gone", None)),
            }
        }
        for column in is.columns.iter().filter(|c| was.columns.iter().all(|w| w.name != c.name)) {
            found.push(difference(side, &column.name, "not there", "new", None));
        }
        if found.len() == before && was.rows != is.rows {
            let (old, new) = (was.rows.to_string(), is.rows.to_string());
            found.push(difference(side, "rows", &old, &new, Some("no column drifted".to_owned())));
        }
    }
    Ok(found)
}

fn read(side: &Side, role: ProfileRole) -> Result<Option<Profile>, Failure> {
    let Some(entry) = side.manifest.profiles.iter().find(|profile| profile.role == role) else {
        return Ok(None);
    };
    let source = side.package.read(&entry.path)?;
    let profile = serde_json::from_slice(&source.bytes()?).map_err(|error| {
        let place = Location::file(side.name.as_str()).in_entry(entry.path.as_str());
        Failure::malformed(codes::PROFILE, format!("not a profile: {error}")).at(place)
    })?;
    Ok(Some(profile))
}

fn difference(side: &str, what: &str, old: &str, new: &str, why: Option<String>) -> Difference {
    Difference {
        area: Area::Profiles,
        what: format!("{side} `{what}`"),
        old: Some(old.to_owned()),
        new: Some(new.to_owned()),
        why,
        level: Level::None,
    }
}

fn columns(side: &str, was: &ColumnProfile, is: &ColumnProfile, found: &mut Vec<Difference>) {
    let name = &was.name;
    let (before, now) = (missing(was), missing(is));
    if (before - now).abs() >= SHARE {
        let (old, new) = (format!("{:.1} %", before * 100.0), format!("{:.1} %", now * 100.0));
        let what = format!("{name}: missing");
        found.push(difference(side, &what, &old, &new, None));
    }
    if let (Some(a), Some(b)) = (&was.numeric, &is.numeric) {
        let shift = (b.mean - a.mean) / a.std;
        // A constant column that moves at all has moved by any measure.
        let moved = if a.std > 0.0 { shift.abs() >= SHIFT } else { (a.mean - b.mean).abs() > 0.0 };
        if moved {
            let why = format!("{shift:+.2} standard deviations");
            let what = format!("{name}: mean");
            let (old, new) = (a.mean.to_string(), b.mean.to_string());
            found.push(difference(side, &what, &old, &new, Some(why)));
        }
        let spread = b.std / a.std;
        if a.std > 0.0 && !(1.0 / 1.2..=1.2).contains(&spread) {
            let why = format!("{spread:.2} times");
            let what = format!("{name}: standard deviation");
            let (old, new) = (a.std.to_string(), b.std.to_string());
            found.push(difference(side, &what, &old, &new, Some(why)));
        }
    }
    for category in &was.top {
        let now = is.top.iter().find(|c| c.value == category.value).map_or(0, |c| c.count);
        let (before, now) = (share(category.count, was.count), share(now, is.count));
        if was.numeric.is_none() && (before - now).abs() >= SHARE {
            let (old, new) = (format!("{:.1} %", before * 100.0), format!("{:.1} %", now * 100.0));
            let what = format!("{name}: {}", category.value);
            found.push(difference(side, &what, &old, &new, None));
        }
    }
}

fn missing(column: &ColumnProfile) -> f64 {
    share(column.missing, column.count + column.missing)
}

fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shares are shown with three digits")]
    let (part, whole) = (part as f64, whole.max(1) as f64);
    part / whole
}
