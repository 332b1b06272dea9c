//! Media types by extension.

use std::path::Path;

/// Whether a file of this name is text, which is worth compressing.
pub(crate) fn is_text(name: &str) -> bool {
    let media = of_name(name);
    media.starts_with("text/")
        || matches!(media, "application/json" | "application/toml" | "application/yaml")
}

/// The media type of a file by its name.
pub(crate) fn of_name(name: &str) -> &'static str {
    let extension = Path::new(name).extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "json" | "ipynb" | "jsonl" => "application/json",
        "toml" => "application/toml",
        "yaml" | "yml" => "application/yaml",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "txt" | "cfg" | "ini" | "lock" | "sh" => "text/plain",
        "py" => "text/x-python",
        "html" => "text/html",
        "xml" | "pmml" => "text/xml",
        "parquet" => "application/vnd.apache.parquet",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
