//! The `Kitfile` of KitOps (v1.7): YAML with `package`, `model`, `code`, `datasets` and `docs`.

use holdall_diag::Failure;
use holdall_source::Source;
use serde_json::{Map, Value, json};

use super::{Draft, DraftData, at, document, list};
use crate::{
    Manifest, codes,
    manifest::{Artifact, Role},
    yaml,
};

/// The name of the file.
pub const NAME: &str = "Kitfile";

/// Reads a Kitfile.
pub fn import(source: &Source) -> Result<Draft, Failure> {
    let document = document(source)?;
    if document.get("manifestVersion").is_none() {
        return Err(Failure::malformed(codes::YAML, "expected a key `manifestVersion`")
            .at(source.location()));
    }
    let mut draft = Draft {
        name: at(&document, "/package/name").or_else(|| at(&document, "/model/name")),
        version: at(&document, "/package/version").or_else(|| at(&document, "/model/version")),
        description: at(&document, "/package/description"),
        license: at(&document, "/package/license").or_else(|| at(&document, "/model/license")),
        authors: list(&document, "/package/authors"),
        model: at(&document, "/model/path").map(|path| relative(&path)),
        ..Draft::default()
    };
    if let Some(Value::Object(parameters)) = document.pointer("/model/parameters") {
        draft.parameters = parameters.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    }
    let items =
        |key: &str| document.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for data in items("datasets") {
        let path = at(&data, "/path").map(|path| relative(&path));
        let name = at(&data, "/name").unwrap_or_default().to_ascii_lowercase();
        let known = ["train", "validation", "test"].into_iter().find(|role| name.contains(role));
        let role = known.map_or_else(|| "data".to_owned(), str::to_owned);
        draft.datasets.push(DraftData { role, path, uri: None });
    }
    for (key, role) in [("docs", Role::Documentation), ("code", Role::Code)] {
        let paths = items(key).iter().filter_map(|item| at(item, "/path")).collect::<Vec<_>>();
        draft.files.extend(paths.into_iter().map(|path| (relative(&path), role)));
    }
    let parts = document.pointer("/model/parts").and_then(Value::as_array).cloned();
    let paths = parts.unwrap_or_default().iter().filter_map(|p| at(p, "/path")).collect::<Vec<_>>();
    draft.files.extend(paths.into_iter().map(|path| (relative(&path), Role::Weights)));
    Ok(draft)
}

fn relative(path: &str) -> String {
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}

/// The Kitfile of a package. It has no place for dependencies, schema, figures and provenance: those stay
/// in `holdall.json`, which it lists with the documents.
pub fn export(manifest: &Manifest) -> String {
    let mut package = Map::new();
    let mut say = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            package.insert(key.to_owned(), value);
        }
    };
    say("name", Some(manifest.name.as_str().into()));
    say("version", Some(manifest.version.to_string().into()));
    say("description", manifest.description.as_deref().map(Value::from));
    say("license", manifest.license.as_deref().map(Value::from));
    let authors: Vec<String> = manifest.people.iter().map(|person| person.name.clone()).collect();
    say("authors", (!authors.is_empty()).then(|| authors.into()));
    let of = |roles: &[Role]| -> Vec<&Artifact> {
        manifest.artifacts.iter().filter(|a| roles.contains(&a.role)).collect()
    };
    let mut document = Map::new();
    document.insert("manifestVersion".to_owned(), "1.0.0".into());
    document.insert("package".to_owned(), Value::Object(package));
    let models = of(&[Role::Model, Role::ConvertedModel, Role::Weights]);
    if let Some((first, parts)) = models.split_first() {
        let mut model = json!({ "name": manifest.name, "path": first.path });
        let parts: Vec<Value> =
            parts.iter().map(|part| json!({ "name": part.path, "path": part.path })).collect();
        if let Some(model) = model.as_object_mut() {
            if let Some(format) = &first.format {
                model.insert("framework".to_owned(), format.as_str().into());
            }
            model.insert("version".to_owned(), manifest.version.to_string().into());
            if !parts.is_empty() {
                model.insert("parts".to_owned(), parts.into());
            }
            if !manifest.provenance.parameters.is_empty() {
                let parameters = serde_json::to_value(&manifest.provenance.parameters);
                model.insert("parameters".to_owned(), parameters.unwrap_or_default());
            }
        }
        document.insert("model".to_owned(), model);
    }
    let paths = |list: Vec<&Artifact>| -> Vec<Value> {
        list.iter().map(|a| json!({ "path": a.path })).collect()
    };
    let code = paths(of(&[Role::Code, Role::Preprocessing, Role::Environment]));
    let datasets: Vec<Value> =
        of(&[Role::Sample]).iter().map(|a| json!({ "name": a.path, "path": a.path })).collect();
    let mut docs =
        paths(of(&[Role::Documentation, Role::Profile, Role::Evidence, Role::Target, Role::Other]));
    docs.push(json!({ "path": crate::MANIFEST_NAME }));
    for (key, items) in [("code", code), ("datasets", datasets), ("docs", docs)] {
        if !items.is_empty() {
            document.insert(key.to_owned(), items.into());
        }
    }
    yaml::write(&Value::Object(document))
}
