//! CycloneDX 1.6: a machine-learning bill of materials with a model card.

use serde_json::{Map, Value, json};

use crate::{
    MANIFEST_NAME, Manifest,
    manifest::{Dataset, Evaluation, FieldSchema},
};

/// The bill of materials of a package: the model with its card, every file, every library, every data
/// set, and what depends on what. Nothing in it depends on when or where it is made.
pub fn export(manifest: &Manifest) -> Value {
    let mut components: Vec<Value> = Vec::new();
    let mut depends: Vec<Value> = Vec::new();
    for artifact in &manifest.artifacts {
        let reference = format!("file:{}", artifact.path);
        components.push(json!({
            "type": "file",
            "bom-ref": reference,
            "name": artifact.path,
            "mime-type": artifact.media_type,
            "hashes": [
                { "alg": "SHA-256", "content": artifact.sha256.to_string() },
                { "alg": "BLAKE3", "content": artifact.blake3.to_string() },
            ],
        }));
        depends.push(reference.into());
    }
    for (name, version) in libraries(manifest) {
        let at = version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
        let purl = format!("pkg:pypi/{name}{at}");
        let mut component =
            json!({ "type": "library", "bom-ref": purl, "name": name, "purl": purl });
        if let (Some(component), Some(version)) = (component.as_object_mut(), version) {
            component.insert("version".to_owned(), version.into());
        }
        components.push(component);
        depends.push(purl.into());
    }
    for (index, dataset) in manifest.provenance.datasets.iter().enumerate() {
        components.push(data(index, dataset));
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata(manifest),
        "components": components,
        "dependencies": [{ "ref": reference(manifest), "dependsOn": depends }],
    })
}

fn reference(manifest: &Manifest) -> String {
    format!("model:{}@{}", manifest.name, manifest.version)
}

fn metadata(manifest: &Manifest) -> Value {
    let tools: Vec<Value> = manifest
        .provenance
        .tools
        .iter()
        .map(|tool| json!({ "type": "application", "name": tool.name, "version": tool.version }))
        .collect();
    let mut metadata = json!({ "tools": { "components": tools }, "component": model(manifest) });
    if let (Some(created), Some(metadata)) = (&manifest.created, metadata.as_object_mut()) {
        metadata.insert("timestamp".to_owned(), created.as_str().into());
    }
    metadata
}

fn model(manifest: &Manifest) -> Value {
    let mut component = Map::new();
    let mut say = |key: &str, value: Value| {
        component.insert(key.to_owned(), value);
    };
    say("type", "machine-learning-model".into());
    say("bom-ref", reference(manifest).into());
    say("name", manifest.name.as_str().into());
    say("version", manifest.version.to_string().into());
    if let Some(description) = &manifest.description {
        say("description", description.as_str().into());
    }
    if let Some(license) = &manifest.license {
        say("licenses", json!([{ "expression": license }]));
    }
    let people: Vec<Value> = manifest
        .people
        .iter()
        .map(|person| match &person.email {
            Some(email) => json!({ "name": person.name, "email": email }),
            None => json!({ "name": person.name }),
        })
        .collect();
    if !people.is_empty() {
        say("authors", people.into());
    }
    if !manifest.tags.is_empty() {
        say("tags", manifest.tags.iter().map(String::as_str).collect());
    }
    let code = manifest.provenance.code.as_ref();
    if let Some(url) = code.and_then(|code| code.url.as_ref()) {
        let commit = code.map_or("", |code| code.commit.as_str());
        say("externalReferences", json!([{ "type": "vcs", "url": url, "comment": commit }]));
    }
    say("modelCard", card(manifest));
    say("properties", properties(manifest));
    Value::Object(component)
}

/// What has no place of its own in CycloneDX: the typed schema, operator sets, the commit.
fn properties(manifest: &Manifest) -> Value {
    let property = |name: String, value: String| json!({ "name": name, "value": value });
    let mut all = vec![property("holdall:manifest".to_owned(), MANIFEST_NAME.to_owned())];
    for (kind, fields) in [("input", &manifest.inputs), ("output", &manifest.outputs)] {
        all.extend(fields.iter().map(|field: &FieldSchema| {
            let text = serde_json::to_string(field).unwrap_or_default();
            property(format!("holdall:{kind}:{}", field.name), text)
        }));
    }
    for sets in &manifest.dependencies.operator_sets {
        let opsets = sets.opsets.iter();
        all.extend(opsets.map(|(domain, version)| {
            property(format!("holdall:opset:{}:{domain}", sets.artifact), version.to_string())
        }));
    }
    if let Some(code) = &manifest.provenance.code {
        all.push(property("holdall:commit".to_owned(), code.commit.clone()));
    }
    all.into()
}

fn card(manifest: &Manifest) -> Value {
    let mut parameters = Map::new();
    if let Some(task) = &manifest.task {
        parameters.insert("task".to_owned(), task.as_str().into());
        let supervised = ["classification", "regression"].iter().any(|kind| task.contains(kind));
        if supervised {
            parameters.insert("approach".to_owned(), json!({ "type": "supervised" }));
        }
    }
    let count = manifest.provenance.datasets.len();
    let datasets: Vec<Value> =
        (0..count).map(|index| json!({ "ref": format!("data:{index}") })).collect();
    let formats = |fields: &[FieldSchema]| -> Vec<Value> {
        fields.iter().map(|f| json!({ "format": format!("{}: {}", f.name, f.dtype) })).collect()
    };
    for (key, list) in [
        ("datasets", datasets),
        ("inputs", formats(&manifest.inputs)),
        ("outputs", formats(&manifest.outputs)),
    ] {
        if !list.is_empty() {
            parameters.insert(key.to_owned(), list.into());
        }
    }
    let mut card = json!({ "modelParameters": parameters });
    let metrics: Vec<Value> = manifest.evaluation.iter().map(metric).collect();
    if let (false, Some(card)) = (metrics.is_empty(), card.as_object_mut()) {
        card.insert("quantitativeAnalysis".to_owned(), json!({ "performanceMetrics": metrics }));
    }
    card
}

fn metric(figure: &Evaluation) -> Value {
    let slice = match &figure.slice {
        Some(slice) => format!("{}: {slice}", figure.dataset),
        None => figure.dataset.clone(),
    };
    let mut metric =
        json!({ "type": figure.metric, "value": figure.value.to_string(), "slice": slice });
    if let (Some([low, high]), Some(metric)) = (figure.interval, metric.as_object_mut()) {
        let interval = json!({ "lowerBound": low.to_string(), "upperBound": high.to_string() });
        metric.insert("confidenceInterval".to_owned(), interval);
    }
    metric
}

fn data(index: usize, dataset: &Dataset) -> Value {
    let place = dataset.path.as_deref().or(dataset.uri.as_deref()).unwrap_or("data");
    let mut content = json!({ "type": "dataset", "name": place });
    if let (Some(uri), Some(content)) = (&dataset.uri, content.as_object_mut()) {
        content.insert("contents".to_owned(), json!({ "url": uri }));
    }
    let mut component = json!({
        "type": "data",
        "bom-ref": format!("data:{index}"),
        "name": place,
        "description": format!("{} data", dataset.role),
        "data": [content],
    });
    let Some(fields) = component.as_object_mut() else { return component };
    if let Some(version) = &dataset.version {
        fields.insert("version".to_owned(), version.as_str().into());
    }
    let mut hashes = Vec::new();
    if let Some(sha256) = &dataset.sha256 {
        hashes.push(json!({ "alg": "SHA-256", "content": sha256.to_string() }));
    }
    // The digest of a DVC folder is not that of bytes.
    if let Some(md5) = dataset.md5.as_ref().filter(|md5| md5.len() == 32) {
        hashes.push(json!({ "alg": "MD5", "content": md5 }));
    }
    if !hashes.is_empty() {
        fields.insert("hashes".to_owned(), hashes.into());
    }
    component
}

/// Libraries by name, with their exact versions where these are known: from the lock, from the bytes of a
/// model, or from a requirement that allows one version only.
pub(super) fn libraries(manifest: &Manifest) -> Vec<(String, Option<String>)> {
    let dependencies = &manifest.dependencies;
    let mut found: std::collections::BTreeMap<String, Option<String>> = dependencies
        .requirements
        .iter()
        .map(|r| {
            let exact = r.specifier.strip_prefix("==").filter(|v| !v.contains(['*', ',']));
            (r.name.clone(), exact.map(str::to_owned))
        })
        .collect();
    for library in &dependencies.found {
        let version = found.entry(library.name.clone()).or_default();
        *version = version.take().or_else(|| library.version.clone());
    }
    for locked in dependencies.lock.iter().flat_map(|lock| &lock.packages) {
        found.insert(locked.name.clone(), Some(locked.version.clone()));
    }
    found.into_iter().collect()
}
