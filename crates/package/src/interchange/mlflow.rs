//! MLflow model folders: `MLmodel` with flavours, and the environment files beside it.

use holdall_diag::Failure;
use holdall_source::Source;
use serde_json::{Map, Value, json};

use super::{Draft, at, document};
use crate::{
    Manifest, codes,
    manifest::{Artifact, FieldSchema, Role},
    yaml,
};

/// The name of the file.
pub const NAME: &str = "MLmodel";

/// Reads an `MLmodel`. Requirements beside it are found by whoever looks at the folder.
pub fn import(source: &Source) -> Result<Draft, Failure> {
    let document = document(source)?;
    let flavors = document.get("flavors").and_then(Value::as_object).ok_or_else(|| {
        Failure::malformed(codes::YAML, "expected a key `flavors`").at(source.location())
    })?;
    let file = |flavor: &Value| {
        ["pickled_model", "data", "model_path", "saved_model", "artifact_path"]
            .iter()
            .find_map(|key| flavor.get(*key)?.as_str().map(str::to_owned))
    };
    let own = flavors.iter().find(|(name, _)| name.as_str() != "python_function");
    let any = flavors.get("python_function");
    let mut draft = Draft {
        name: at(&document, "/name").or_else(|| at(&document, "/artifact_path")),
        model: own.and_then(|(_, flavor)| file(flavor)).or_else(|| any.and_then(file)),
        python: any.and_then(|f| at(f, "/python_version")).and_then(|version| minor(&version)),
        tags: own.map(|(name, _)| name.clone()).into_iter().collect(),
        ..Draft::default()
    };
    if let Some(run) = at(&document, "/run_id") {
        draft.pipeline = Some(("mlflow".to_owned(), Some(run)));
    }
    if let Some(version) = at(&document, "/mlflow_version") {
        draft.remarks.push(format!("written by mlflow {version}"));
    }
    if document.get("signature").is_some() {
        draft
            .remarks
            .push("MLmodel has a signature; the schema is read from the model itself".to_owned());
    }
    if let Some(Value::Object(metadata)) = document.get("metadata") {
        let said = metadata.iter().map(|(k, v)| format!("metadata {k} = {v}"));
        draft.remarks.extend(said);
    }
    Ok(draft)
}

fn minor(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    Some(format!("=={major}.{minor}.*"))
}

/// The files that make an unpacked package an MLflow model folder: name and text of each.
///
/// Fails with `package/yaml` when no model of the package is one that an MLflow flavour loads.
pub fn export(manifest: &Manifest) -> Result<Vec<(&'static str, String)>, Failure> {
    let models =
        manifest.artifacts.iter().filter(|a| matches!(a.role, Role::Model | Role::ConvertedModel));
    let mut found: Vec<(u8, &Artifact, &'static str)> =
        models.filter_map(|a| flavor_of(a).map(|(rank, name)| (rank, a, name))).collect();
    found.sort_by_key(|(rank, _, _)| *rank);
    let Some((_, model, flavor)) = found.first() else {
        return Err(Failure::unsupported(
            codes::YAML,
            "no model of this package is one that a flavour of MLflow loads",
        )
        .with_help("add an ONNX form with `[[convert]]` and pack again"));
    };
    let version = library_version(manifest, flavor);
    let mut own = json!({ "code": null });
    if let Some(own) = own.as_object_mut() {
        let key = if *flavor == "sklearn" { "pickled_model" } else { "data" };
        own.insert(key.to_owned(), model.path.as_str().into());
        match *flavor {
            "sklearn" => {
                own.insert("serialization_format".to_owned(), "pickle".into());
                own.insert("sklearn_version".to_owned(), version);
            }
            "onnx" => {
                own.insert("onnx_version".to_owned(), version);
                own.insert("providers".to_owned(), json!(["CPUExecutionProvider"]));
            }
            "xgboost" => {
                own.insert("model_class".to_owned(), "xgboost.core.Booster".into());
                let binary = model.format.as_deref() == Some("xgboost-ubj");
                let format = if binary { "ubj" } else { "json" };
                own.insert("model_format".to_owned(), format.into());
                own.insert("xgb_version".to_owned(), version);
            }
            "catboost" => {
                let json = model.format.as_deref() == Some("catboost-json");
                own.insert("model_type".to_owned(), "CatBoost".into());
                own.insert("save_format".to_owned(), if json { "json" } else { "cbm" }.into());
                own.insert("catboost_version".to_owned(), version);
            }
            _ => {
                own.insert("model_class".to_owned(), "lightgbm.basic.Booster".into());
                own.insert("lgb_version".to_owned(), version);
            }
        }
    }
    let python = python_version(manifest);
    let mut flavors = Map::new();
    let environment = json!({ "conda": "conda.yaml", "virtualenv": "python_env.yaml" });
    let key = if *flavor == "sklearn" { "model_path" } else { "data" };
    let mut function = json!({
        "env": environment,
        "loader_module": format!("mlflow.{flavor}"),
        "python_version": python,
    });
    if let Some(function) = function.as_object_mut() {
        function.insert(key.to_owned(), model.path.as_str().into());
    }
    flavors.insert((*flavor).to_owned(), own);
    flavors.insert("python_function".to_owned(), function);
    let mut document = json!({
        "flavors": flavors,
        "mlflow_version": MLFLOW_VERSION,
        "metadata": { "name": manifest.name, "version": manifest.version.to_string() },
    });
    if let (Some(created), Some(document)) = (&manifest.created, document.as_object_mut()) {
        let time = created.replace('T', " ").replace('Z', ".000000");
        document.insert("utc_time_created".to_owned(), time.into());
    }
    // An ONNX flavour answers with the tensors of the graph, whose schema is not that of the columns.
    let tensors = manifest.inputs.iter().any(|field| !field.shape.is_empty());
    if *flavor != "onnx" && !tensors && !manifest.inputs.is_empty() {
        let signature = json!({
            "inputs": columns(&manifest.inputs),
            "outputs": Value::Null,
            "params": Value::Null,
        });
        if let Some(document) = document.as_object_mut() {
            document.insert("signature".to_owned(), signature);
        }
    }
    let requirements = requirements(manifest, flavor);
    let conda = json!({
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [format!("python={python}"), "pip", { "pip": requirements }],
    });
    let environment = json!({
        "python": python,
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    });
    Ok(vec![
        (NAME, yaml::write(&document)),
        ("conda.yaml", yaml::write(&conda)),
        ("python_env.yaml", yaml::write(&environment)),
        ("requirements.txt", requirements.join("\n") + "\n"),
    ])
}

/// The version of the layout that is written.
const MLFLOW_VERSION: &str = "2.22.0";

/// The flavour that loads a file, with the better ones first.
fn flavor_of(artifact: &Artifact) -> Option<(u8, &'static str)> {
    let extension = artifact.path.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    match artifact.format.as_deref()? {
        "onnx" => Some((1, "onnx")),
        "xgboost-json" | "xgboost-ubj" => Some((0, "xgboost")),
        "lightgbm-text" => Some((0, "lightgbm")),
        "catboost-cbm" | "catboost-json" => Some((0, "catboost")),
        // MLflow unpickles; a joblib file is none.
        "sklearn-pickle" if matches!(extension.as_deref(), Some("pkl" | "pickle")) => {
            Some((0, "sklearn"))
        }
        _ => None,
    }
}

fn library_version(manifest: &Manifest, flavor: &str) -> Value {
    let name = if flavor == "sklearn" { "scikit-learn" } else { flavor };
    let found = manifest.dependencies.found.iter().find(|f| f.name == name);
    let version = found.and_then(|f| f.version.clone()).or_else(|| {
        let required = manifest.dependencies.requirements.iter().find(|r| r.name == name)?;
        required.specifier.strip_prefix("==").map(str::to_owned)
    });
    version.map_or(Value::Null, Value::from)
}

fn python_version(manifest: &Manifest) -> String {
    let specifier = manifest.dependencies.python.as_deref().unwrap_or_default();
    let digits: String = specifier
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    if digits.is_empty() { "3.11".to_owned() } else { digits.trim_end_matches('.').to_owned() }
}

fn requirements(manifest: &Manifest, flavor: &str) -> Vec<String> {
    let mut lines = vec!["mlflow".to_owned()];
    let runtimes = match flavor {
        "onnx" => vec!["onnx", "onnxruntime"],
        "sklearn" => vec!["scikit-learn"],
        other => vec![other],
    };
    // An ONNX model needs nothing of what its original was made with.
    let needed = manifest
        .dependencies
        .requirements
        .iter()
        .filter(|r| flavor != "onnx" || runtimes.contains(&r.name.as_str()));
    lines.extend(needed.map(|r| {
        let extras =
            if r.extras.is_empty() { String::new() } else { format!("[{}]", r.extras.join(",")) };
        let url = r.url.as_ref().map_or_else(String::new, |url| format!(" @ {url}"));
        let marker = r.marker.as_ref().map_or_else(String::new, |m| format!(" ; {m}"));
        format!("{}{extras}{}{url}{marker}", r.name, r.specifier)
    }));
    for name in runtimes {
        if manifest.dependencies.requirements.iter().all(|r| r.name != name) {
            lines.push(name.to_owned());
        }
    }
    lines
}

/// The inputs as MLflow writes them: a JSON text inside the YAML.
fn columns(fields: &[FieldSchema]) -> String {
    let columns: Vec<Value> = fields
        .iter()
        .map(|field| {
            let kind = match field.dtype.as_str() {
                "f64" => "double",
                "f32" => "float",
                "i64" => "long",
                "i32" => "integer",
                "bool" => "boolean",
                _ => "string",
            };
            let required = field.missing.as_deref() == Some("rejected");
            json!({ "type": kind, "name": field.name, "required": required })
        })
        .collect();
    Value::Array(columns).to_string()
}
