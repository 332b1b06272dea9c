//! Which releases write and load which versions, from `data/onnx_versions.json`.

use std::sync::LazyLock;

use serde_json::Value;

static TABLE: LazyLock<Value> = LazyLock::new(|| {
    // The file is part of the source; a test reads it.
    serde_json::from_str(include_str!("../../../data/onnx_versions.json")).unwrap_or_default()
});

/// The newest IR version of any release of onnx.
pub(crate) fn newest_ir() -> i64 {
    let ir = TABLE.get("ir").and_then(Value::as_object);
    ir.into_iter().flat_map(serde_json::Map::keys).filter_map(|k| k.parse().ok()).max().unwrap_or(0)
}

/// The releases of onnxruntime, oldest first.
pub(crate) fn runtimes() -> impl Iterator<Item = Runtime<'static>> {
    let rows = TABLE.get("onnxruntime").and_then(Value::as_array);
    rows.into_iter().flatten().filter_map(|row| {
        let number = |key: &str| row.get(key).and_then(Value::as_i64);
        Some(Runtime {
            release: row.get("onnxruntime")?.as_str()?,
            ir: number("max_ir")?,
            ai_onnx: number("ai.onnx")?,
            ai_onnx_ml: number("ai.onnx.ml"),
        })
    })
}

/// The newest versions that a release of onnxruntime loads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runtime<'t> {
    pub(crate) release: &'t str,
    pub(crate) ir: i64,
    pub(crate) ai_onnx: i64,
    /// `None` where the release does not look at it.
    pub(crate) ai_onnx_ml: Option<i64>,
}
