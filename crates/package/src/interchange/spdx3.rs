//! SPDX 3.0.1 as JSON-LD: the model as an AI package, data as dataset packages, files and libraries.

use serde_json::{Map, Value, json};

use super::cyclonedx::libraries;
use crate::{
    Manifest,
    manifest::{Dataset, Role},
};

/// SPDX wants a time; without one in the manifest it is the beginning of time, as for archives.
const NO_TIME: &str = "1970-01-01T00:00:00Z";
/// The value for what a package does not say.
const NO_ASSERTION: &str = "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertionElement";

/// The bill of materials of a package. Identifiers are made from digests, so that equal packages give
/// equal documents.
pub fn export(manifest: &Manifest) -> Value {
    let mut graph = Graph::new(manifest);
    graph.people(manifest);
    graph.model(manifest);
    graph.files(manifest);
    graph.libraries(manifest);
    graph.data(manifest);
    graph.document(manifest)
}

struct Graph {
    base: String,
    elements: Vec<Value>,
    agent: String,
    created: String,
}

impl Graph {
    fn new(manifest: &Manifest) -> Self {
        let files = manifest.artifacts.iter().map(|a| format!("{}  {}", a.sha256, a.path));
        let list = files.collect::<Vec<_>>().join("\n");
        let head = format!("{} {}\n{list}", manifest.name, manifest.version);
        let digest = crate::digest::of_bytes(head.as_bytes()).sha256;
        Self {
            base: format!("urn:spdx.dev:holdall:{digest}"),
            elements: Vec::new(),
            agent: String::new(),
            created: manifest.created.clone().unwrap_or_else(|| NO_TIME.to_owned()),
        }
    }

    fn id(&self, part: &str) -> String {
        // Names of files have characters that an address may not have.
        let safe: String = part
            .bytes()
            .map(|b| match b {
                b if b.is_ascii_alphanumeric() || b"-_./".contains(&b) => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            })
            .collect();
        format!("{}#{safe}", self.base)
    }

    fn add(&mut self, kind: &str, part: &str, fields: Value) -> String {
        let id = self.id(part);
        let mut element = json!({ "type": kind, "spdxId": id, "creationInfo": "_:creation" });
        if let (Some(element), Value::Object(fields)) = (element.as_object_mut(), fields) {
            element.extend(fields);
        }
        self.elements.push(element);
        id
    }

    fn relate(&mut self, from: &str, kind: &str, to: &[String]) {
        if !to.is_empty() {
            let part = format!("relation-{}", self.elements.len());
            let fields = json!({ "from": from, "relationshipType": kind, "to": to });
            self.add("Relationship", &part, fields);
        }
    }

    fn people(&mut self, manifest: &Manifest) {
        let first = manifest.people.first();
        for (index, person) in manifest.people.iter().enumerate() {
            let mut fields = json!({ "name": person.name });
            if let (Some(email), Some(fields)) = (&person.email, fields.as_object_mut()) {
                let identifier = json!([{
                    "type": "ExternalIdentifier",
                    "externalIdentifierType": "email",
                    "identifier": email,
                }]);
                fields.insert("externalIdentifier".to_owned(), identifier);
            }
            self.add("Agent", &format!("agent-{index}"), fields);
        }
        self.agent = match first {
            Some(_) => self.id("agent-0"),
            None => self.add("SoftwareAgent", "agent-0", json!({ "name": "holdall" })),
        };
    }

    fn model(&mut self, manifest: &Manifest) {
        let mut fields = Map::new();
        let mut say = |key: &str, value: Value| {
            fields.insert(key.to_owned(), value);
        };
        say("name", manifest.name.as_str().into());
        if let Some(description) = &manifest.description {
            say("description", description.as_str().into());
            say("ai_informationAboutApplication", description.as_str().into());
        }
        say("software_packageVersion", manifest.version.to_string().into());
        say("software_primaryPurpose", "model".into());
        let url = manifest.provenance.code.as_ref().and_then(|code| code.url.as_deref());
        // The profile wants an address; the code is the nearest that a manifest knows.
        let address = url
            .filter(|url| url.contains("://"))
            .unwrap_or("https://spdx.org/rdf/3.0.1/terms/Core/NoAssertion");
        say("software_downloadLocation", address.into());
        say("releaseTime", self.created.as_str().into());
        say("suppliedBy", self.agent.as_str().into());
        if let Some(task) = &manifest.task {
            say("ai_domain", json!([task]));
        }
        let formats: Vec<&str> = manifest
            .artifacts
            .iter()
            .filter(|a| matches!(a.role, Role::Model | Role::ConvertedModel))
            .filter_map(|a| a.format.as_deref())
            .collect();
        if !formats.is_empty() {
            say("ai_typeOfModel", formats.into());
        }
        let entry = |key: &str, value: String| json!({ "type": "DictionaryEntry", "key": key, "value": value });
        let parameters = manifest.provenance.parameters.iter();
        let parameters: Vec<Value> =
            parameters.map(|(key, value)| entry(key, value.to_string())).collect();
        if !parameters.is_empty() {
            say("ai_hyperparameter", parameters.into());
        }
        let figures = manifest.evaluation.iter().map(|figure| {
            let slice = figure.slice.as_ref().map_or_else(String::new, |s| format!(" ({s})"));
            (format!("{} on {}{slice}", figure.metric, figure.dataset), figure)
        });
        let metrics: Vec<Value> =
            figures.clone().map(|(key, f)| entry(&key, f.value.to_string())).collect();
        let thresholds: Vec<Value> =
            figures.filter_map(|(key, f)| Some(entry(&key, f.threshold?.to_string()))).collect();
        for (key, list) in [("ai_metric", metrics), ("ai_metricDecisionThreshold", thresholds)] {
            if !list.is_empty() {
                say(key, list.into());
            }
        }
        let model = self.add("ai_AIPackage", "model", Value::Object(fields));
        if let Some(license) = &manifest.license {
            let fields = json!({ "simplelicensing_licenseExpression": license });
            let id = self.add("simplelicensing_LicenseExpression", "license", fields);
            self.relate(&model, "hasDeclaredLicense", &[id]);
        }
    }

    fn files(&mut self, manifest: &Manifest) {
        let mut files = Vec::new();
        for artifact in &manifest.artifacts {
            let purpose = match artifact.role {
                Role::Model | Role::ConvertedModel | Role::Weights => "model",
                Role::Code | Role::Preprocessing => "source",
                Role::Sample => "data",
                Role::Documentation => "documentation",
                Role::Profile | Role::Evidence => "evidence",
                Role::Environment | Role::Target => "configuration",
                Role::Other => "file",
            };
            let hash = |algorithm: &str, value: String| json!({ "type": "Hash", "algorithm": algorithm, "hashValue": value });
            let fields = json!({
                "name": artifact.path,
                "software_primaryPurpose": purpose,
                "contentType": artifact.media_type,
                "verifiedUsing": [
                    hash("sha256", artifact.sha256.to_string()),
                    hash("blake3", artifact.blake3.to_string()),
                ],
            });
            files.push(self.add("software_File", &format!("file-{}", artifact.path), fields));
        }
        let model = self.id("model");
        self.relate(&model, "contains", &files);
    }

    fn libraries(&mut self, manifest: &Manifest) {
        let mut ids = Vec::new();
        for (name, version) in libraries(manifest) {
            let at = version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
            let mut fields = json!({
                "name": name,
                "software_primaryPurpose": "library",
                "software_packageUrl": format!("pkg:pypi/{name}{at}"),
            });
            if let (Some(version), Some(fields)) = (version, fields.as_object_mut()) {
                fields.insert("software_packageVersion".to_owned(), version.into());
            }
            ids.push(self.add("software_Package", &format!("library-{name}"), fields));
        }
        let model = self.id("model");
        self.relate(&model, "dependsOn", &ids);
    }

    fn data(&mut self, manifest: &Manifest) {
        let (mut trained, mut tested) = (Vec::new(), Vec::new());
        for (index, dataset) in manifest.provenance.datasets.iter().enumerate() {
            let id = self.dataset(index, dataset);
            if dataset.role == "test" { tested.push(id) } else { trained.push(id) }
        }
        let model = self.id("model");
        self.relate(&model, "trainedOn", &trained);
        self.relate(&model, "testedOn", &tested);
    }

    fn dataset(&mut self, index: usize, dataset: &Dataset) -> String {
        let place = dataset.path.as_deref().or(dataset.uri.as_deref()).unwrap_or("data");
        let mut fields = json!({
            "name": place,
            "description": format!("{} data", dataset.role),
            "software_primaryPurpose": "data",
            "software_downloadLocation": dataset.uri.as_deref().unwrap_or("https://spdx.org/rdf/3.0.1/terms/Core/NoAssertion"),
            "releaseTime": self.created,
            "builtTime": self.created,
            "originatedBy": [self.agent],
            "dataset_datasetType": ["noAssertion"],
        });
        if let Some(fields) = fields.as_object_mut() {
            if let Some(sha256) = &dataset.sha256 {
                let hash = json!([{
                    "type": "Hash",
                    "algorithm": "sha256",
                    "hashValue": sha256.to_string(),
                }]);
                fields.insert("verifiedUsing".to_owned(), hash);
            }
            if let Some(version) = &dataset.version {
                fields.insert("software_packageVersion".to_owned(), version.as_str().into());
            }
            if let Some(size) = dataset.size {
                fields.insert("dataset_datasetSize".to_owned(), size.into());
            }
        }
        self.add("dataset_DatasetPackage", &format!("data-{index}"), fields)
    }

    fn document(mut self, manifest: &Manifest) -> Value {
        let mut all: Vec<Value> =
            self.elements.iter().filter_map(|element| element.get("spdxId").cloned()).collect();
        if all.is_empty() {
            all.push(NO_ASSERTION.into());
        }
        let model = self.id("model");
        let profiles = ["core", "software", "simpleLicensing", "ai", "dataset"];
        let fields = json!({
            "name": format!("{} {}", manifest.name, manifest.version),
            "profileConformance": profiles,
            "rootElement": [model],
            "element": all,
        });
        self.add("SpdxDocument", "document", fields);
        let mut graph = vec![json!({
            "type": "CreationInfo",
            "@id": "_:creation",
            "specVersion": "3.0.1",
            "created": self.created,
            "createdBy": [self.agent],
        })];
        graph.extend(self.elements);
        json!({
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": graph,
        })
    }
}
