//! Python names and versions: PEP 503, PEP 440.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

/// Name as PEP 503 normalises it.
pub(crate) fn normal_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' => {
                if !out.ends_with('-') {
                    out.push('-');
                }
            }
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Whether a version is in a set of PEP 440 specifiers, empty meaning any; `None` when either text is
/// not PEP 440.
pub fn contains(specifiers: &str, version: &str) -> Option<bool> {
    let version = Version::from_str(version).ok()?;
    if specifiers.trim().is_empty() {
        return Some(true);
    }
    Some(VersionSpecifiers::from_str(specifiers).ok()?.contains(&version))
}

/// MAJOR and MINOR of a version.
pub(crate) fn minor(version: &str) -> Option<(u64, u64)> {
    let version = Version::from_str(version).ok()?;
    let release = version.release();
    Some((release.first().copied()?, release.get(1).copied().unwrap_or(0)))
}

/// Which of two versions is older; `None` when either text is not PEP 440.
pub(crate) fn compare(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    Some(Version::from_str(a).ok()?.cmp(&Version::from_str(b).ok()?))
}
