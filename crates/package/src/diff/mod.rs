//! The differences between two packages, and the version that follows from them.
//!
//! MAJOR: data or target became incompatible. MINOR: the model performs better. PIPELINE: anything else
//! about how it was made changed. The rules look at manifests only; what needs the files themselves (drift
//! of profiles, tensors) is added by the caller.

mod compare;
mod rules;

use serde::Serialize;

pub use self::compare::compare;

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Inputs and outputs.
    Schema,
    /// Figures of performance.
    Metrics,
    /// Files.
    Files,
    /// Tensors inside weight files.
    Weights,
    /// What is needed to load the model.
    Dependencies,
    /// Operator sets.
    Opsets,
    /// Parameters of the training.
    Parameters,
    /// Where code and data came from.
    Provenance,
    /// Data profiles.
    Profiles,
    /// Words about the model.
    About,
}

impl Area {
    /// Its name, as in the JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Metrics => "metrics",
            Self::Files => "files",
            Self::Weights => "weights",
            Self::Dependencies => "dependencies",
            Self::Opsets => "opsets",
            Self::Parameters => "parameters",
            Self::Provenance => "provenance",
            Self::Profiles => "profiles",
            Self::About => "about",
        }
    }
}

/// Which part of the version a difference moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// None.
    None,
    /// PIPELINE.
    Pipeline,
    /// MINOR.
    Minor,
    /// MAJOR.
    Major,
}

impl Level {
    /// Its name, as in the JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pipeline => "pipeline",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The version that follows an older one.
    pub fn next(self, old: &semver::Version) -> semver::Version {
        match self {
            Self::None => old.clone(),
            Self::Pipeline => semver::Version::new(old.major, old.minor, old.patch + 1),
            Self::Minor => semver::Version::new(old.major, old.minor + 1, 0),
            Self::Major => semver::Version::new(old.major + 1, 0, 0),
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What kind of thing differs.
    pub area: Area,
    /// Which thing.
    pub what: String,
    /// How it was; nothing when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// How it is; nothing when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// What it means, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Which part of the version it moves.
    pub level: Level,
}

/// The version that follows, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextVersion {
    /// Which part moves.
    pub level: Level,
    /// The version of the older package.
    pub old: semver::Version,
    /// The version that the newer one should have.
    pub next: semver::Version,
    /// The differences that ask for it.
    pub reasons: Vec<String>,
}

/// The version that follows from differences: that of the weightiest.
pub fn next_version(old: &semver::Version, differences: &[Difference]) -> NextVersion {
    let level = differences.iter().map(|d| d.level).max().unwrap_or(Level::None);
    let asking = differences.iter().filter(|d| level != Level::None && d.level == level);
    let reasons = asking.map(|d| {
        let why = d.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        match (&d.old, &d.new) {
            (Some(old), Some(new)) => format!("{} {} → {}{why}", d.what, old, new),
            (None, Some(_)) => format!("{} is new{why}", d.what),
            (Some(_) | None, None) => format!("{} is gone{why}", d.what),
        }
    });
    NextVersion { level, old: old.clone(), next: level.next(old), reasons: reasons.collect() }
}
