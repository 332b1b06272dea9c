//! What the manifest of a package says, as attestations, and whether attestations say what it says.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_package::{
    MANIFEST_NAME, Manifest,
    manifest::{Dataset, Direction, Evaluation, Subject},
};
use holdall_sign::attest::{
    Attestation, Kind, ProofResult, Proofs, Provenance, Resource, TestResult,
};
use serde_json::{Map, Value, json};

use crate::cmd::codes;

/// What the parameters of a build mean: the keys of the manifest.
const BUILD_TYPE: &str = "https://holdall.dev/build/pack/v1";

/// Who built it when nobody says: a run of the command that vouches for nothing.
const LOCAL_BUILDER: &str = "https://holdall.dev/builder/local";

/// An attestation that the command line can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum AttestArg {
    /// How the model was built: SLSA provenance v1.
    Slsa,
    /// The evaluation against its thresholds: in-toto test result.
    TestResult,
    /// The proofs of conversion.
    Proof,
}

/// What attestations are made from.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) manifest: &'a Manifest,
    /// SHA-256 of the manifest, in hex.
    pub(crate) manifest_sha256: String,
    pub(crate) builder: Option<&'a str>,
    /// Root digest of the model, in hex.
    pub(crate) root: String,
}

impl Facts<'_> {
    /// One attestation. Fails when the manifest has nothing to attest.
    pub(crate) fn attest(&self, what: AttestArg) -> Result<Attestation, Failure> {
        let (name, root) = (&self.manifest.name, &self.root);
        match what {
            AttestArg::Slsa => Attestation::new(Kind::Provenance, name, root, &self.provenance()),
            AttestArg::TestResult => {
                let result = self.test_result().ok_or_else(|| {
                    nothing("test-result", "no evaluation with a threshold")
                        .with_help("give `threshold` to a figure under `evaluation`")
                })?;
                Attestation::new(Kind::TestResult, name, root, &result)
            }
            AttestArg::Proof => {
                let proofs = self.proofs().ok_or_else(|| {
                    nothing("proof", "no proof of conversion")
                        .with_help("`pack` makes one for every `convert` of `holdall.toml`")
                })?;
                Attestation::new(Kind::Proof, name, root, &proofs)
            }
        }
    }

    /// Why an attestation contradicts the manifest, if it does.
    pub(crate) fn contradiction(&self, attestation: &Attestation) -> Option<String> {
        match attestation.kind()? {
            Kind::TestResult => {
                let said: TestResult = match attestation.read() {
                    Ok(said) => said,
                    Err(failure) => return Some(failure.diagnostic().message.clone()),
                };
                let ours = self.test_result();
                (!ours.is_some_and(|ours| ours.agrees(&said)))
                    .then(|| "its result is not that of the manifest's evaluation".to_owned())
            }
            Kind::Proof => {
                let said: Proofs = match attestation.read() {
                    Ok(said) => said,
                    Err(failure) => return Some(failure.diagnostic().message.clone()),
                };
                (self.proofs() != Some(said))
                    .then(|| "its proofs are not those of the manifest".to_owned())
            }
            Kind::Provenance | Kind::Bom => None,
        }
    }

    fn manifest_file(&self) -> Resource {
        Resource::file(MANIFEST_NAME, &self.manifest_sha256)
    }

    fn test_result(&self) -> Option<TestResult> {
        let judged = self.manifest.evaluation.iter().filter_map(judge);
        let (passed, failed): (Vec<_>, Vec<_>) = judged.partition(|(_, passed)| *passed);
        let names = |tests: Vec<(String, bool)>| tests.into_iter().map(|(name, _)| name).collect();
        (!passed.is_empty() || !failed.is_empty())
            .then(|| TestResult::new(self.manifest_file(), names(passed), names(failed)))
    }

    fn proofs(&self) -> Option<Proofs> {
        let file = |subject: &Subject| Resource::file(&subject.path, subject.sha256.to_string());
        let proofs: Vec<ProofResult> = self
            .manifest
            .evidence
            .iter()
            .map(|evidence| ProofResult {
                kind: evidence.kind.clone(),
                evidence: self.artifact(&evidence.path),
                source: file(&evidence.source),
                target: file(&evidence.target),
                verdict: evidence.verdict.clone(),
            })
            .collect();
        (!proofs.is_empty()).then(|| Proofs { manifest: self.manifest_file(), proofs })
    }

    fn artifact(&self, path: &str) -> Resource {
        match self.manifest.artifact(path) {
            Some(found) => Resource::file(path, found.sha256.to_string()),
            None => Resource { name: Some(path.to_owned()), ..Resource::default() },
        }
    }

    fn provenance(&self) -> Provenance {
        let manifest = self.manifest;
        let history = &manifest.provenance;
        let mut chosen = Map::new();
        chosen.insert("name".to_owned(), manifest.name.as_str().into());
        chosen.insert("version".to_owned(), manifest.version.to_string().into());
        if let Some(pipeline) = &history.pipeline {
            chosen.insert("pipeline".to_owned(), pipeline.name.as_str().into());
        }
        if !history.parameters.is_empty() {
            chosen.insert("parameters".to_owned(), json!(history.parameters));
        }
        let mut dependencies = Vec::new();
        dependencies.extend(manifest.code().map(|code| {
            let uri = code.url.as_ref().map(|url| format!("git+{url}@{}", code.commit));
            let mut notes = BTreeMap::from([("state".to_owned(), json!(code.state))]);
            if !code.path.is_empty() {
                notes.insert("path".to_owned(), code.path.as_str().into());
            }
            Resource {
                name: uri.is_none().then(|| "code".to_owned()),
                uri,
                digest: BTreeMap::from([("gitCommit".to_owned(), code.commit.clone())]),
                annotations: notes,
            }
        }));
        dependencies.extend(history.datasets.iter().map(dataset));
        dependencies.extend(history.parents.iter().map(|parent| {
            let sha256 = parent.sha256.iter().map(|d| ("sha256".to_owned(), d.to_string()));
            let version = parent.version.iter().map(|v| ("version".to_owned(), json!(v)));
            Resource {
                name: Some(parent.name.clone()),
                uri: parent.uri.clone(),
                digest: sha256.collect(),
                annotations: version.collect(),
            }
        }));
        let tools = history.tools.iter().map(|tool| (tool.name.clone(), json!(tool.version)));
        let evidence = manifest.evidence.iter().map(|evidence| self.artifact(&evidence.path));
        Provenance {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: chosen,
            internal_parameters: Map::new(),
            dependencies,
            builder: self.builder.unwrap_or(LOCAL_BUILDER).to_owned(),
            builder_versions: tools.collect(),
            invocation: history
                .pipeline
                .as_ref()
                .and_then(|p| p.url.clone().or_else(|| p.run.clone())),
            finished: manifest.created.clone(),
            byproducts: evidence.collect(),
        }
    }
}

/// A figure with a threshold as a test: its name, and whether it passed. A figure that is no number fails.
fn judge(figure: &Evaluation) -> Option<(String, bool)> {
    let threshold = figure.threshold?;
    let (sign, passed) = match figure.direction {
        Direction::Higher => (">=", figure.value >= threshold),
        Direction::Lower => ("<=", figure.value <= threshold),
    };
    let slice = figure.slice.as_ref().map_or_else(String::new, |slice| format!(" ({slice})"));
    Some((format!("{} on {}{slice} {sign} {threshold}", figure.metric, figure.dataset), passed))
}

fn dataset(data: &Dataset) -> Resource {
    let sha256 = data.sha256.iter().map(|digest| ("sha256".to_owned(), digest.to_string()));
    let md5 = data.md5.iter().map(|digest| ("md5".to_owned(), digest.clone()));
    let mut notes: BTreeMap<String, Value> = BTreeMap::new();
    notes.insert("role".to_owned(), data.role.as_str().into());
    for (key, value) in [("version", &data.version), ("split", &data.split)] {
        notes.extend(value.iter().map(|text| (key.to_owned(), json!(text))));
    }
    notes.extend(data.rows.iter().map(|rows| ("rows".to_owned(), json!(rows))));
    notes.extend(data.seed.iter().map(|seed| ("seed".to_owned(), json!(seed))));
    Resource {
        name: Some(data.path.clone().unwrap_or_else(|| data.role.clone())),
        uri: data.uri.clone(),
        digest: sha256.chain(md5).collect(),
        annotations: notes,
    }
}

fn nothing(what: &str, why: &str) -> Failure {
    Failure::usage(codes::ARGUMENT, format!("there is nothing to attest as `{what}`: {why}"))
}
