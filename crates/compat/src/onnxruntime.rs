//! The newest stamps that each onnxruntime release loads, from `data/onnx_versions.json`, most of them
//! measured by loading models.

use std::sync::LazyLock;

use serde::Deserialize;

/// The newest stamps that a release loads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// The release these limits were found for.
    #[serde(rename = "onnxruntime")]
    pub release: String,
    /// Newest IR version.
    #[serde(rename = "max_ir")]
    pub ir: i64,
    /// Newest `ai.onnx` operator set.
    #[serde(rename = "ai.onnx")]
    pub ai_onnx: i64,
    /// Newest `ai.onnx.ml` operator set; `None` where the release does not look at it.
    #[serde(rename = "ai.onnx.ml")]
    pub ai_onnx_ml: Option<i64>,
    /// `probed` or `documented`.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    onnxruntime: Vec<Limits>,
}

static TABLE: LazyLock<Vec<Limits>> = LazyLock::new(|| {
    // The file is part of the source; a test reads it.
    serde_json::from_str::<Table>(include_str!("../../../data/onnx_versions.json"))
        .map(|table| table.onnxruntime)
        .unwrap_or_default()
});

/// The limits of a release, by its MAJOR.MINOR. Releases newer than the table have those of its last
/// row, as releases never stop loading what an earlier one loaded. `None` for text that is not a
/// version or a release before the table.
pub fn limits(version: &str) -> Option<&'static Limits> {
    let wanted = minor(version)?;
    TABLE.iter().rev().find(|row| minor(&row.release).is_some_and(|release| release <= wanted))
}

/// The oldest release that loads these stamps.
pub(crate) fn oldest(fits: impl Fn(&Limits) -> bool) -> Option<&'static str> {
    let newest_misfit = TABLE.iter().rposition(|row| !fits(row));
    let first = newest_misfit.map_or(0, |i| i + 1);
    TABLE.get(first).map(|row| row.release.as_str())
}

fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
