use serde_json::{Value, json};

use super::{documents::full, *};
use crate::{
    interchange::{Draft, cyclonedx, kitfile, mlflow, model_card, modelpack, spdx3},
    source_form::SourceForm,
    yaml,
};

fn manifest() -> Manifest {
    Manifest::read(full().to_string().as_bytes()).unwrap()
}

/// A published schema; nothing when the conformance data is not there, which is said.
fn published(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/conformance/schemas")
        .join(name);
    if !path.is_file() {
        eprintln!("not checked: {} is not there", path.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

/// Puts the licence list in the place of the reference to its file; our documents have nothing of what the
/// other files describe (signatures, cryptography), so that is refused.
fn inline(schema: &mut Value, licences: &Value) {
    match schema {
        Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
            Some("spdx.schema.json") => *schema = json!({ "enum": licences["enum"] }),
            Some(other) if other.contains(".schema.json") => *schema = json!(false),
            _ => map.values_mut().for_each(|value| inline(value, licences)),
        },
        Value::Array(items) => items.iter_mut().for_each(|value| inline(value, licences)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn cyclonedx_fits_its_schema() {
    let documents = [manifest(), Manifest::new("m", semver::Version::new(0, 1, 0))];
    let bom = cyclonedx::export(&documents[0]);
    let card = &bom["metadata"]["component"]["modelCard"];
    let metric = &card["quantitativeAnalysis"]["performanceMetrics"][0];
    assert_eq!(metric["value"], "0.5");
    assert_eq!(metric["confidenceInterval"]["lowerBound"], "0.25");
    assert_eq!(card["modelParameters"]["datasets"][0]["ref"], "data:0");
    let names: Vec<&Value> =
        bom["components"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["a/m.onnx", "numpy", "scikit-learn", "t.csv"]);
    let licences = published("spdx.schema.json");
    for name in ["cyclonedx-bom-1.6.schema.json", "cyclonedx-bom-1.7.schema.json"] {
        let (Some(mut schema), Some(licences)) = (published(name), &licences) else { return };
        inline(&mut schema, licences);
        for document in &documents {
            let mut bom = cyclonedx::export(document);
            if name.contains("1.7") {
                bom["specVersion"] = json!("1.7");
            }
            assert_eq!(faults(&schema, &bom), [""; 0], "{name}");
            bom["metadata"]["component"]["surplus"] = json!(1);
            assert_ne!(faults(&schema, &bom), [""; 0], "{name} takes anything");
        }
    }
}

#[test]
fn the_modelpack_configuration_fits_its_schema() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let config = modelpack::config(Some(&manifest()), &[&digest]);
    assert_eq!(config["descriptor"]["licenses"], json!(["MIT OR LicenseRef-x"]));
    let Some(schema) = published("modelpack-config.schema.json") else { return };
    assert_eq!(faults(&schema, &config), [""; 0]);
    assert_eq!(faults(&schema, &modelpack::config(None, &[&digest])), [""; 0]);
    assert_ne!(faults(&schema, &modelpack::config(None, &[])), [""; 0]);
    // What a real layout holds.
    let folder = tempfile::tempdir().unwrap();
    let path = pack(folder.path(), Container::Oci, "p.oci");
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let blob =
        |digest: &Value| read(&path.join("blobs").join(digest.as_str().unwrap().replace(':', "/")));
    let image = blob(&read(&path.join("index.json"))["manifests"][0]["digest"]);
    assert_eq!(image["artifactType"], "application/vnd.cncf.model.manifest.v1+json");
    let layers = image["layers"].as_array().unwrap();
    assert_eq!(layers.len(), files().len() + 1);
    let config = blob(&image["config"]["digest"]);
    assert_eq!(faults(&schema, &config), [""; 0]);
    let layers: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let listed: Vec<&Value> = config["modelfs"]["diffIds"].as_array().unwrap().iter().collect();
    assert_eq!(layers, listed);
}

#[test]
fn spdx_elements_refer_to_each_other_and_are_named_once() {
    for manifest in [manifest(), Manifest::new("m", semver::Version::new(0, 1, 0))] {
        let document = spdx3::export(&manifest);
        let graph = document["@graph"].as_array().unwrap();
        let mut ids: Vec<&str> =
            graph.iter().filter_map(|element| element["spdxId"].as_str()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for relation in graph.iter().filter(|element| element["type"] == "Relationship") {
            let to = relation["to"].as_array().unwrap().iter();
            for end in to.chain([&relation["from"]]) {
                assert!(ids.contains(&end.as_str().unwrap()), "{end}");
            }
        }
        let package = graph.iter().find(|e| e["type"] == "ai_AIPackage").unwrap();
        for key in [
            "releaseTime",
            "suppliedBy",
            "software_downloadLocation",
            "software_packageVersion",
            "software_primaryPurpose",
        ] {
            assert!(package[key].is_string(), "{key}");
        }
        assert_eq!(document, spdx3::export(&manifest));
    }
}

#[test]
fn a_kitfile_comes_back_as_it_went_out() {
    let text = kitfile::export(&manifest());
    let draft = kitfile::import(&Source::from_bytes("Kitfile", text.clone())).unwrap();
    assert_eq!(draft.name.as_deref(), Some("m"));
    assert_eq!(draft.version.as_deref(), Some("1.2.3"));
    assert_eq!(draft.model.as_deref(), Some("a/m.onnx"));
    assert_eq!(draft.license.as_deref(), Some("MIT OR LicenseRef-x"));
    assert!(draft.files.contains(&("holdall.json".to_owned(), Role::Documentation)), "{text}");
    assert_eq!(draft.parameters.len(), 2);
}

#[test]
fn model_cards_are_read_and_written() {
    let card = "---\nlicense: apache-2.0\ntags:\n- a\nbase_model: org/base\ndatasets: [squad]\n\
                model-index:\n- name: my\n  results:\n  - task:\n      type: t\n    dataset:\n      name: d\n      \
                type: d\n    metrics:\n    - type: accuracy\n      value: 0.9\n---\n# My\n";
    let read = |text: &str| model_card::import(&Source::from_bytes("README.md", text.to_owned()));
    let draft = read(card).unwrap().unwrap();
    assert_eq!(draft.parents, ["org/base"]);
    assert_eq!((draft.figures[0].metric.as_str(), draft.figures[0].value), ("accuracy", 0.9));
    assert!(draft.to_toml().contains("license = \"Apache-2.0\""));
    assert_eq!(read("# no card\n").unwrap(), None);
    assert_eq!(read("---\nlicense: mit\n").unwrap_err().code(), crate::codes::YAML);
    assert_eq!(read("---\na: [\n---\n").unwrap_err().code(), crate::codes::YAML);
    let ours = model_card::export(&manifest());
    let again = read(&ours).unwrap().unwrap();
    assert_eq!(again.license.as_deref(), Some("MIT OR LicenseRef-x"));
    assert_eq!((again.figures[0].metric.as_str(), again.figures[0].value), ("f1", 0.5));
}

#[test]
fn mlflow_folders_are_read_and_written() {
    // As mlflow 2.22 wrote it for a random forest.
    let text = "artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n      \
                virtualenv: python_env.yaml\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    \
                predict_fn: predict\n    python_version: 3.11.9\n  sklearn:\n    code: null\n    pickled_model: \
                model.pkl\n    serialization_format: cloudpickle\n    sklearn_version: 1.5.2\nmlflow_version: \
                2.22.0\nrun_id: 0a1b\nsignature:\n  inputs: '[{\"type\": \"double\", \"name\": \"x\"}]'\n  outputs: \
                null\n  params: null\nutc_time_created: '2025-01-01 00:00:00.000000'\n";
    let draft = mlflow::import(&Source::from_bytes("MLmodel", text.to_owned())).unwrap();
    assert_eq!(draft.model.as_deref(), Some("model.pkl"));
    assert_eq!(draft.python.as_deref(), Some("==3.11.*"));
    assert_eq!(draft.pipeline, Some(("mlflow".to_owned(), Some("0a1b".to_owned()))));
    let bad = mlflow::import(&Source::from_bytes("MLmodel", "a: 1".to_owned()));
    assert_eq!(bad.unwrap_err().code(), crate::codes::YAML);
    let files = mlflow::export(&manifest()).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"]);
    let again = mlflow::import(&Source::from_bytes("MLmodel", files[0].1.clone())).unwrap();
    assert_eq!(again.model.as_deref(), Some("a/m.onnx"));
    let none = Manifest::new("m", semver::Version::new(0, 1, 0));
    assert_eq!(mlflow::export(&none).unwrap_err().code(), crate::codes::YAML);
}

#[test]
fn a_catboost_flavour_is_read_and_written() {
    // As mlflow 2.22 writes it.
    let text = "artifact_path: model\nflavors:\n  catboost:\n    catboost_version: 1.2.5\n    code: null\n    data: \
                model.cb\n    model_type: CatBoostClassifier\n    save_format: cbm\n  python_function:\n    data: \
                model.cb\n    loader_module: mlflow.catboost\n    python_version: 3.11.9\nmlflow_version: 2.22.0\n";
    let draft = mlflow::import(&Source::from_bytes("MLmodel", text.to_owned())).unwrap();
    assert_eq!(draft.model.as_deref(), Some("model.cb"));
    assert_eq!(draft.tags, ["catboost"]);
    for (format, saved) in [("catboost-cbm", "cbm"), ("catboost-json", "json")] {
        let mut manifest = manifest();
        let model = manifest.artifacts.first_mut().unwrap();
        model.format = Some(format.to_owned());
        let files = mlflow::export(&manifest).unwrap();
        assert!(files[0].1.contains(&format!("save_format: {saved}")), "{}", files[0].1);
        assert!(files[0].1.contains("loader_module: mlflow.catboost"), "{}", files[0].1);
        let again = mlflow::import(&Source::from_bytes("MLmodel", files[0].1.clone())).unwrap();
        assert_eq!(again.tags, ["catboost"]);
    }
}

#[test]
fn drafts_are_source_forms_and_show_what_contradicts() {
    let mut draft = Draft {
        name: Some("n \"quoted\"\nline".to_owned()),
        license: Some("my own".to_owned()),
        model: Some("m.pkl".to_owned()),
        parameters: vec![
            ("a b".to_owned(), json!({ "x": [1, 2.5, "t"] })),
            ("n".to_owned(), json!(null)),
        ],
        ..Draft::default()
    };
    let other =
        Draft { name: Some("other".to_owned()), tags: vec!["t".to_owned()], ..Draft::default() };
    draft.merge(other, "Kitfile");
    draft.merge(
        kitfile::import(&Source::from_bytes(
            "Kitfile",
            "manifestVersion: v1\ndatasets:\n- name: train\n  path: ./train.csv\n".to_owned(),
        ))
        .unwrap(),
        "Kitfile",
    );
    let text = draft.to_toml();
    assert!(text.contains("# Found: Kitfile says name `other`"), "{text}");
    let form = SourceForm::read(&Source::from_bytes("holdall.toml", text.clone())).unwrap();
    assert_eq!(form.model.path, "m.pkl");
    assert_eq!(form.provenance.datasets[0].path.as_deref(), Some("train.csv"));
    assert_eq!(form.profile.unwrap().input, "train.csv");
    assert!(text.contains("`my own` is no SPDX licence"), "{text}");
}

#[test]
fn yaml_that_is_written_is_read_back() {
    let document = json!({
        "plain": "text", "yes": "no", "number": "1.5", "float": 0.1, "empty": "", "null": null,
        "flag": true, "list": [1, "two", [], {}, { "deep": ["x: y", "- z", "# c", "é\n"] }],
        "a: b": { "&c": "*d", "1": 2, "~": "~" },
    });
    let text = yaml::write(&document);
    assert_eq!(yaml::read(&text, crate::codes::YAML).unwrap(), document, "{text}");
}

#[test]
fn hostile_yaml_ends_in_a_failure() {
    let laughs = (1..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, i| {
        format!("{text}a{i}: &a{i} [*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}]\n", i - 1)
    });
    for bad in [laughs, "[".repeat(100_000), "a: b: c".to_owned(), "\0".to_owned()] {
        assert!(yaml::read(&bad, crate::codes::YAML).is_err());
    }
}
