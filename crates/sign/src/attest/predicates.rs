use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::Resource;

/// How a model was built. Serialises as the predicate of SLSA provenance v1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// A URI that says what the parameters mean.
    pub build_type: String,
    /// What the author chose.
    pub external_parameters: Map<String, Value>,
    /// What the builder chose.
    pub internal_parameters: Map<String, Value>,
    /// Code, data and models that went in.
    pub dependencies: Vec<Resource>,
    /// A URI of what built it, which says whom to believe.
    pub builder: String,
    /// Versions of the builder's tools.
    pub builder_versions: Map<String, Value>,
    /// The run of the pipeline.
    pub invocation: Option<String>,
    /// When the build ended, RFC 3339.
    pub finished: Option<String>,
    /// Files that came out beside the model.
    pub byproducts: Vec<Resource>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: &'a str,
    external_parameters: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    internal_parameters: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "<[Resource]>::is_empty")]
    resolved_dependencies: &'a [Resource],
}

#[derive(Serialize)]
struct RunDetails<'a> {
    builder: Builder<'a>,
    #[serde(skip_serializing_if = "RunMetadata::is_empty")]
    metadata: RunMetadata<'a>,
    #[serde(skip_serializing_if = "<[Resource]>::is_empty")]
    byproducts: &'a [Resource],
}

#[derive(Serialize)]
struct Builder<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    version: &'a Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_on: Option<&'a str>,
}

impl RunMetadata<'_> {
    fn is_empty(&self) -> bool {
        self.invocation_id.is_none() && self.finished_on.is_none()
    }
}

impl Serialize for Provenance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(
            "buildDefinition",
            &BuildDefinition {
                build_type: &self.build_type,
                external_parameters: &self.external_parameters,
                internal_parameters: &self.internal_parameters,
                resolved_dependencies: &self.dependencies,
            },
        )?;
        map.serialize_entry(
            "runDetails",
            &RunDetails {
                builder: Builder { id: &self.builder, version: &self.builder_versions },
                metadata: RunMetadata {
                    invocation_id: self.invocation.as_deref(),
                    finished_on: self.finished.as_deref(),
                },
                byproducts: &self.byproducts,
            },
        )?;
        map.end()
    }
}

/// How a model did on its tests: the predicate of in-toto test result v0.1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// `PASSED`, `WARNED` or `FAILED`.
    pub result: String,
    /// What the tests were configured by.
    pub configuration: Vec<Resource>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Names of the tests that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_tests: Vec<String>,
    /// Names of the tests that passed with a warning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned_tests: Vec<String>,
    /// Names of the tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
}

impl TestResult {
    /// The result that follows from which tests passed and failed.
    pub fn new(configuration: Resource, passed: Vec<String>, failed: Vec<String>) -> Self {
        Self {
            result: if failed.is_empty() { "PASSED" } else { "FAILED" }.to_owned(),
            configuration: vec![configuration],
            url: None,
            passed_tests: passed,
            warned_tests: Vec::new(),
            failed_tests: failed,
        }
    }

    /// Whether another result says the same: equal outcome over the same tests and configuration.
    pub fn agrees(&self, other: &Self) -> bool {
        self.result == other.result
            && self.configuration == other.configuration
            && self.passed_tests == other.passed_tests
            && self.failed_tests == other.failed_tests
    }
}

/// That models of a package answer as those they were converted from: `schemas/conversion-proof-1.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// The manifest that lists the evidence.
    pub manifest: Resource,
    /// The proofs, in the order of the manifest.
    pub proofs: Vec<ProofResult>,
}

/// One proof.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofResult {
    /// What kind of proof it is.
    pub kind: String,
    /// The file with rows, differences and coverage.
    pub evidence: Resource,
    /// What the proof starts from.
    pub source: Resource,
    /// What is held against it.
    pub target: Resource,
    /// The result, such as `equal`.
    pub verdict: String,
}
