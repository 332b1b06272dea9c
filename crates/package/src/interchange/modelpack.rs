//! The configuration of the CNCF ModelPack specification (v0.0.7): `config.json` of an OCI layout.

use holdall_diag::Failure;
use holdall_source::Source;
use serde_json::{Map, Value, json};

use super::{Draft, DraftData, at, list, text};
use crate::{Manifest, codes, json, manifest::Role};

/// The configuration of a package. `digests` are those of the layers in order; raw layers are their own
/// uncompressed form. Without a manifest only the layers are said.
///
/// What ModelPack has no field for (schema, dependencies, evaluation, provenance beyond addresses) stays
/// in `holdall.json`, which is a layer itself.
pub fn config(manifest: Option<&Manifest>, digests: &[&str]) -> Value {
    let mut descriptor = Map::new();
    let mut config = Map::new();
    if let Some(manifest) = manifest {
        let mut say = |key: &str, value: Value| {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                descriptor.insert(key.to_owned(), value);
            }
        };
        let optional = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        let code = manifest.provenance.code.as_ref();
        say("createdAt", optional(&manifest.created));
        say("authors", manifest.people.iter().map(ToString::to_string).collect());
        say("name", manifest.name.as_str().into());
        say("version", manifest.version.to_string().into());
        say("title", manifest.name.as_str().into());
        say("description", optional(&manifest.description));
        say("sourceURL", code.and_then(|c| c.url.as_deref()).map_or(Value::Null, Value::from));
        say("revision", code.map_or(Value::Null, |c| c.commit.as_str().into()));
        let datasets = manifest.provenance.datasets.iter();
        say("datasetsURL", datasets.filter_map(|d| d.uri.as_deref()).collect());
        say("licenses", manifest.license.iter().map(String::as_str).collect());
        let models = manifest.artifacts.iter();
        let model = models.clone().find(|a| a.role == Role::Model);
        let model = model.or_else(|| models.clone().find(|a| a.role == Role::ConvertedModel));
        if let Some(format) = model.and_then(|m| m.format.as_deref()) {
            config.insert("format".to_owned(), format.into());
        }
    }
    json!({
        "descriptor": descriptor,
        "config": config,
        "modelfs": { "type": "layers", "diffIds": digests },
    })
}

/// Reads a ModelPack configuration.
pub fn import(source: &Source) -> Result<Draft, Failure> {
    let document: Value = json::read(text(source)?.as_bytes(), codes::YAML)
        .map_err(|failure| failure.in_file(source.name()))?;
    if document.get("modelfs").is_none() || document.get("descriptor").is_none() {
        return Err(Failure::malformed(
            codes::YAML,
            "expected the keys `descriptor` and `modelfs`",
        )
        .at(source.location()));
    }
    let licenses = list(&document, "/descriptor/licenses");
    let mut draft = Draft {
        name: at(&document, "/descriptor/name"),
        version: at(&document, "/descriptor/version"),
        description: at(&document, "/descriptor/description"),
        license: (!licenses.is_empty()).then(|| licenses.join(" AND ")),
        authors: list(&document, "/descriptor/authors"),
        ..Draft::default()
    };
    draft.tags.extend(at(&document, "/descriptor/family"));
    for uri in list(&document, "/descriptor/datasetsURL") {
        draft.datasets.push(DraftData { role: "train".to_owned(), path: None, uri: Some(uri) });
    }
    for (key, what) in [("sourceURL", "source"), ("revision", "revision"), ("docURL", "documents")]
    {
        let said = at(&document, &format!("/descriptor/{key}"));
        draft.remarks.extend(said.map(|said| format!("{what} {said}")));
    }
    Ok(draft)
}
