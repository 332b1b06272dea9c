//! `holdall.toml`: what a project says about its model, kept in its repository.

use holdall_diag::{Failure, Location};
use holdall_source::Source;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    codes,
    manifest::{Direction, Domain, Role},
};

/// The name of the file.
pub const SOURCE_FORM_NAME: &str = "holdall.toml";

/// The whole file. Paths are relative to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceForm {
    /// Name of the model.
    pub name: String,
    /// MAJOR.MINOR.PIPELINE.
    pub version: semver::Version,
    /// One sentence on what it does.
    pub description: Option<String>,
    /// SPDX licence expression.
    pub license: Option<String>,
    /// People to ask.
    #[serde(default)]
    pub authors: Vec<String>,
    /// What it is for.
    pub task: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The model.
    pub model: ModelForm,
    /// What to convert it to.
    #[serde(default)]
    pub convert: Vec<ConvertForm>,
    /// What to prove conversions with.
    pub prove: Option<ProveForm>,
    /// What the author says about inputs and outputs.
    #[serde(default)]
    pub schema: SchemaForm,
    /// What it needs.
    #[serde(default)]
    pub dependencies: DependenciesForm,
    /// Where it came from.
    #[serde(default)]
    pub provenance: ProvenanceForm,
    /// How well it does.
    #[serde(default)]
    pub evaluation: Vec<EvaluationForm>,
    /// What to profile.
    pub profile: Option<ProfileForm>,
    /// The servers it is meant for.
    #[serde(default)]
    pub targets: Vec<TargetForm>,
    /// Further files to carry.
    #[serde(default)]
    pub files: Vec<FileForm>,
}

/// `[model]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelForm {
    /// The file.
    pub path: String,
    /// Its format, when it must not be found by content.
    pub format: Option<String>,
}

/// `[[convert]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertForm {
    /// The format, with options: `onnx:opset=17`.
    pub to: String,
    /// The name of the result in the package.
    pub path: String,
    /// What the author says is fine.
    #[serde(default)]
    pub allow: Vec<Allowance>,
}

/// What a conversion may do beyond exact rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowance {
    /// Answers that differ a little.
    Approximate,
    /// Leaving out what has a meaning.
    Drop,
}

/// `[prove]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProveForm {
    /// The file with rows.
    pub rows: String,
}

/// `[schema]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaForm {
    /// What is said about inputs.
    #[serde(default)]
    pub inputs: Vec<FieldForm>,
    /// What is said about outputs.
    #[serde(default)]
    pub outputs: Vec<FieldForm>,
}

/// One field of `[schema]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldForm {
    /// The name that the model has for it.
    pub name: String,
    /// Unit of measurement.
    pub unit: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// The values it may have: a list, or a table with `min` and `max`.
    pub domain: Option<Domain>,
}

/// `[dependencies]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependenciesForm {
    /// Python versions.
    pub python: Option<String>,
    /// The requirements file.
    pub requirements: Option<String>,
}

/// `[provenance]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceForm {
    /// The pipeline or script.
    pub pipeline: Option<String>,
    /// Parameters of the training.
    #[serde(default)]
    pub parameters: toml::Table,
    /// The data.
    #[serde(default)]
    pub datasets: Vec<DatasetForm>,
}

impl ProvenanceForm {
    /// The parameters as the manifest has them; dates become text.
    pub fn parameters(&self) -> impl Iterator<Item = (String, Value)> {
        self.parameters.iter().map(|(key, value)| (key.clone(), json(value)))
    }
}

/// The depth is bounded by that of the TOML reader.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        // JSON has no infinities; as text they stay visible.
        toml::Value::Float(number) if !number.is_finite() => number.to_string().into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(key, value)| (key.clone(), json(value))).collect()
        }
    }
}

/// `[[provenance.datasets]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetForm {
    /// `train`, `validation`, `test`, or another use.
    pub role: String,
    /// The file; this or `uri`.
    pub path: Option<String>,
    /// The address; this or `path`.
    pub uri: Option<String>,
    /// The column to be learnt.
    pub target: Option<String>,
    /// How the split was made.
    pub split: Option<String>,
    /// Seed of the split.
    pub seed: Option<i64>,
    /// Version in its own store.
    pub version: Option<String>,
}

/// `[[evaluation]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationForm {
    /// What was measured.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// The data set it was measured on.
    pub dataset: String,
    /// Which way is better.
    pub direction: Direction,
    /// The figure that must be reached.
    pub threshold: Option<f64>,
    /// Unit of the figure.
    pub unit: Option<String>,
    /// Confidence interval.
    pub interval: Option<[f64; 2]>,
    /// The part of the data set.
    pub slice: Option<String>,
}

/// `[profile]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileForm {
    /// The file with the data.
    pub input: String,
    /// The column that is no input.
    pub target: Option<String>,
}

/// `[[targets]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetForm {
    /// A description of the server, or a preset.
    pub server: String,
}

/// `[[files]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// The file.
    pub path: String,
    /// What it is for.
    pub role: Role,
}

impl SourceForm {
    /// Reads the file strictly: unknown keys and contradictions fail with `package/source-form` and,
    /// where the syntax tells it, the line.
    pub fn read(source: &Source) -> Result<Self, Failure> {
        let bytes = source.bytes()?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            refuse("the file is not UTF-8").at(source.location()).caused_by(error)
        })?;
        let form: Self = parse(text).map_err(|failure| failure.in_file(source.name()))?;
        form.check().map_err(|failure| failure.in_file(source.name()))?;
        Ok(form)
    }

    fn check(&self) -> Result<(), Failure> {
        let at = |failure: Failure, path: String| {
            Err(failure.at(Location::path(holdall_diag::PathKind::Object, path)))
        };
        for (index, dataset) in self.provenance.datasets.iter().enumerate() {
            if dataset.path.is_some() == dataset.uri.is_some() {
                let failure = refuse("expected one of `path` and `uri`");
                return at(failure, format!("provenance.datasets[{index}]"));
            }
        }
        for (index, evaluation) in self.evaluation.iter().enumerate() {
            let bounds = evaluation.interval.unwrap_or([evaluation.value; 2]);
            let figures = [evaluation.value, bounds[0], bounds[1]];
            let threshold = evaluation.threshold.unwrap_or(0.0);
            if !threshold.is_finite() || figures.iter().any(|f| !f.is_finite()) {
                return at(refuse("expected finite figures"), format!("evaluation[{index}]"));
            }
            if bounds[0] > bounds[1] {
                let failure = refuse("expected the lower end of `interval` first");
                return at(failure, format!("evaluation[{index}]"));
            }
        }
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let location = error.span().map_or_else(Location::none, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            let line = before.matches('\n').count() as u64 + 1;
            let column = before.rsplit('\n').next().map_or(0, str::len) as u64 + 1;
            Location::line(line, column)
        });
        refuse(error.message()).at(location).caused_by(error)
    })
}

fn refuse(message: &str) -> Failure {
    Failure::malformed(codes::SOURCE_FORM, message)
}
