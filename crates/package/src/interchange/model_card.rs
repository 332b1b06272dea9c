//! Hugging Face model cards: `README.md` with YAML front matter, figures in `model-index`.

use std::fmt::Write;

use holdall_diag::{Failure, Location};
use holdall_source::Source;
use serde_json::{Map, Value, json};

use super::{Draft, DraftData, DraftFigure, at, list, text};
use crate::{Manifest, codes, manifest::Role, yaml};

/// The name of the file.
pub const NAME: &str = "README.md";

/// Reads a card; nothing when the file has no front matter, as any other `README.md`.
pub fn import(source: &Source) -> Result<Option<Draft>, Failure> {
    let text = text(source)?;
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return Ok(None);
    };
    let Some((front, _)) = rest.split_once("\n---") else {
        return Err(Failure::malformed(codes::YAML, "the front matter has no end `---`")
            .at(Location::line(1, 1).in_file(source.name())));
    };
    let document =
        yaml::read(front, codes::YAML).map_err(|failure| failure.in_file(source.name()))?;
    let license = at(&document, "/license").filter(|license| license != "other");
    let mut draft = Draft {
        license: license.or_else(|| at(&document, "/license_name")),
        task: at(&document, "/pipeline_tag"),
        tags: list(&document, "/tags"),
        parents: list(&document, "/base_model"),
        ..Draft::default()
    };
    draft.tags.extend(at(&document, "/library_name"));
    let hub = |id: String| DraftData {
        role: "train".to_owned(),
        path: None,
        uri: Some(format!("https://huggingface.co/datasets/{id}")),
    };
    draft.datasets = list(&document, "/datasets").into_iter().map(hub).collect();
    let models = document.get("model-index").and_then(Value::as_array).into_iter().flatten();
    for model in models {
        draft.name = draft.name.take().or_else(|| at(model, "/name"));
        for result in model.get("results").and_then(Value::as_array).into_iter().flatten() {
            let dataset = at(result, "/dataset/split").or_else(|| at(result, "/dataset/name"));
            let dataset = dataset.unwrap_or_else(|| "test".to_owned());
            for metric in result.get("metrics").and_then(Value::as_array).into_iter().flatten() {
                let value = metric.get("value").and_then(Value::as_f64);
                if let (Some(metric), Some(value)) = (at(metric, "/type"), value) {
                    draft.figures.push(DraftFigure { metric, value, dataset: dataset.clone() });
                }
            }
        }
    }
    Ok(Some(draft))
}

/// Licences that the hub has a name for are those of SPDX in lower case.
const HUB_LICENSES: [&str; 18] = [
    "apache-2.0",
    "mit",
    "bsd-2-clause",
    "bsd-3-clause",
    "gpl-3.0",
    "gpl-2.0",
    "lgpl-3.0",
    "agpl-3.0",
    "mpl-2.0",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "cc0-1.0",
    "unlicense",
    "isc",
    "zlib",
    "artistic-2.0",
    "ecl-2.0",
];

/// The card of a package. Required by the hub for figures: a task and a data set with type and name.
pub fn export(manifest: &Manifest) -> String {
    let mut front = Map::new();
    let mut say = |key: &str, value: Value| {
        if !value.is_null() && !value.as_array().is_some_and(Vec::is_empty) {
            front.insert(key.to_owned(), value);
        }
    };
    if let Some(license) = &manifest.license {
        let lower = license.to_ascii_lowercase();
        let lower = lower
            .strip_suffix("-only")
            .or_else(|| lower.strip_suffix("-or-later"))
            .unwrap_or(&lower);
        if HUB_LICENSES.contains(&lower) {
            say("license", lower.into());
        } else {
            say("license", "other".into());
            say("license_name", license.as_str().into());
        }
    }
    let library = manifest.artifacts.iter().find(|a| a.role == Role::Model).and_then(|a| {
        Some(match a.format.as_deref()? {
            "sklearn-pickle" | "sklearn-skops" => "sklearn",
            "xgboost-json" | "xgboost-ubj" => "xgboost",
            "lightgbm-text" => "lightgbm",
            other => other,
        })
    });
    say("library_name", library.map_or(Value::Null, Value::from));
    let task = manifest.task.as_deref().map(|task| match task {
        "classification" => "tabular-classification",
        "regression" => "tabular-regression",
        other => other,
    });
    say("pipeline_tag", task.map_or(Value::Null, Value::from));
    say("tags", manifest.tags.iter().map(String::as_str).collect());
    let parents = manifest.provenance.parents.iter();
    say("base_model", parents.map(|parent| parent.name.as_str()).collect());
    let results: Vec<Value> = manifest
        .evaluation
        .iter()
        .map(|figure| {
            let metric =
                json!({ "type": figure.metric, "value": figure.value, "name": figure.metric });
            let dataset =
                json!({ "type": figure.dataset, "name": figure.dataset, "split": figure.dataset });
            let task = task.unwrap_or("other");
            json!({ "task": { "type": task }, "dataset": dataset, "metrics": [metric] })
        })
        .collect();
    if !results.is_empty() {
        say("model-index", json!([{ "name": manifest.name, "results": results }]));
    }
    let mut out =
        format!("---\n{}---\n\n# {}\n\n", yaml::write(&Value::Object(front)), manifest.name);
    if let Some(description) = &manifest.description {
        push(&mut out, format_args!("{description}\n\n"));
    }
    push(&mut out, format_args!("Version {}.\n", manifest.version));
    let people: Vec<String> = manifest.people.iter().map(ToString::to_string).collect();
    if !people.is_empty() {
        push(&mut out, format_args!("Made by {}.\n", people.join(", ")));
    }
    for (title, fields) in [("Inputs", &manifest.inputs), ("Outputs", &manifest.outputs)] {
        if fields.is_empty() {
            continue;
        }
        push(
            &mut out,
            format_args!("\n## {title}\n\n| name | type | unit | meaning |\n|---|---|---|---|\n"),
        );
        for field in fields {
            let text = |said: &Option<String>| cell(said.as_deref().unwrap_or_default());
            let (unit, meaning) = (text(&field.unit), text(&field.description));
            let name = cell(&field.name);
            push(&mut out, format_args!("| {name} | {} | {unit} | {meaning} |\n", field.dtype));
        }
    }
    if !manifest.provenance.datasets.is_empty() {
        out.push_str("\n## Data\n\n| use | where | rows | digest |\n|---|---|---|---|\n");
        for data in &manifest.provenance.datasets {
            let place = data.path.as_deref().or(data.uri.as_deref()).unwrap_or_default();
            let rows = data.rows.map_or_else(String::new, |rows| rows.to_string());
            let digest = data.sha256.map_or_else(String::new, |hex| format!("sha256 {hex}"));
            let (role, place) = (cell(&data.role), cell(place));
            push(&mut out, format_args!("| {role} | {place} | {rows} | {digest} |\n"));
        }
    }
    out
}

/// The text of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _infallible = out.write_fmt(text);
}
