//! `holdall.toml`: what a project says about its model, kept in its repository.

use holdall_diag::{Failure, Location};
use holdall_source::Source;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

use crate::{
    codes,
    digest::Hex32,
    manifest::{
        Direction, Domain, Parent, Person, Pipeline, Role, Runtime, Shape, SystemLibrary, Tool,
    },
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
    /// Who made it, each as `Name <address>`.
    #[serde(default)]
    pub authors: Vec<String>,
    /// People to ask.
    #[serde(default)]
    pub people: Vec<Person>,
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
    /// Requests with the answers that a server must give.
    #[serde(default)]
    pub golden: Vec<GoldenForm>,
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
    /// Element type, held against the model's.
    pub dtype: Option<String>,
    /// Shape, held against the model's.
    pub shape: Option<Vec<Shape>>,
    /// Unit of measurement.
    pub unit: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// The values it may have: a list, or a table with `min` and `max`.
    pub domain: Option<Domain>,
    /// What the model does when it is missing, held against the model's.
    pub missing: Option<String>,
}

/// `[dependencies]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependenciesForm {
    /// Python versions.
    pub python: Option<String>,
    /// The file with what is needed to load the model.
    pub requirements: Option<String>,
    /// The file with what was there when the model was trained.
    pub training: Option<String>,
    /// The lock file.
    pub lock: Option<String>,
    /// Runtimes that load the model.
    #[serde(default)]
    pub runtimes: Vec<Runtime>,
    /// Libraries of the system.
    #[serde(default)]
    pub system: Vec<SystemLibrary>,
    /// What the machine must have.
    #[serde(default)]
    pub machine: MachineForm,
}

/// `[dependencies.machine]`; sizes such as `"2 GiB"`, or a number of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineForm {
    /// Instruction sets and their extensions.
    #[serde(default)]
    pub cpu: Vec<String>,
    /// The accelerator.
    pub accelerator: Option<String>,
    /// Memory of the accelerator.
    #[serde(default, deserialize_with = "size")]
    pub accelerator_memory: Option<u64>,
    /// Memory, as the author measured it.
    #[serde(default, deserialize_with = "size")]
    pub memory: Option<u64>,
}

/// A number of bytes, or one with a unit: `512 MiB`, `2 GB`.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Bytes(u64),
        Text(String),
    }
    let text = match Either::deserialize(deserializer)? {
        Either::Bytes(bytes) => return Ok(Some(bytes)),
        Either::Text(text) => text,
    };
    parse_size(&text).map(Some).ok_or_else(|| {
        D::Error::custom(format!("expected a size such as `512 MiB` or `2 GB`, found `{text}`"))
    })
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// `[provenance]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceForm {
    /// The pipeline or script: a text, or a table with `name`, `run` and `url`.
    pub pipeline: Option<PipelineForm>,
    /// Parameters of the training.
    #[serde(default)]
    pub parameters: toml::Table,
    /// The data.
    #[serde(default)]
    pub datasets: Vec<DatasetForm>,
    /// Models that it was made from.
    #[serde(default)]
    pub parents: Vec<Parent>,
    /// Tools that took part.
    #[serde(default)]
    pub tools: Vec<Tool>,
}

/// The pipeline, in short or at length.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PipelineForm {
    /// The script or the name.
    Name(String),
    /// With its run.
    Whole(Pipeline),
}

impl PipelineForm {
    /// The pipeline as the manifest has it.
    pub fn pipeline(&self) -> Pipeline {
        match self {
            Self::Name(name) => Pipeline { name: name.clone(), ..Pipeline::default() },
            Self::Whole(pipeline) => pipeline.clone(),
        }
    }
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetForm {
    /// `train`, `validation`, `test`, or another use.
    pub role: String,
    /// The file or folder in the project.
    pub path: Option<String>,
    /// The address elsewhere; this or `path` or both.
    pub uri: Option<String>,
    /// SHA-256, held against the file's.
    pub sha256: Option<Hex32>,
    /// Rows, held against the file's.
    pub rows: Option<u64>,
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
    /// How much of the probability lies in it.
    pub interval_level: Option<f64>,
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

/// `[[golden]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenForm {
    /// The file with rows to send.
    pub requests: String,
    /// The file with the expected answers; without it, those of the model are recorded.
    pub expected: Option<String>,
    /// How far a number may be off, whatever its size.
    #[serde(default = "absolute")]
    pub absolute: f64,
    /// How far a number may be off, as a share of its size.
    #[serde(default = "relative")]
    pub relative: f64,
}

fn absolute() -> f64 {
    1e-7
}

fn relative() -> f64 {
    1e-6
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
    /// A form that says a name, a version and the model.
    pub fn new(name: impl Into<String>, version: semver::Version, model: ModelForm) -> Self {
        Self {
            name: name.into(),
            version,
            description: None,
            license: None,
            authors: Vec::new(),
            people: Vec::new(),
            task: None,
            tags: Vec::new(),
            model,
            convert: Vec::new(),
            prove: None,
            schema: SchemaForm::default(),
            dependencies: DependenciesForm::default(),
            provenance: ProvenanceForm::default(),
            evaluation: Vec::new(),
            profile: None,
            golden: Vec::new(),
            targets: Vec::new(),
            files: Vec::new(),
        }
    }

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

    /// Whether what is said makes sense by itself; files are not looked at.
    pub fn check(&self) -> Result<(), Failure> {
        let at = |failure: Failure, path: String| {
            Err(failure.at(Location::path(holdall_diag::PathKind::Object, path)))
        };
        if self.name.trim().is_empty() {
            return at(refuse("expected a name"), "name".to_owned());
        }
        if let Some(license) = &self.license
            && let Err(error) = spdx::Expression::parse(license)
        {
            let term = license.get(error.span.clone()).unwrap_or_default();
            let message =
                format!("`{license}` is no SPDX licence expression: at `{term}`: {}", error.reason);
            let failure = refuse(&message)
                .with_help("a licence that SPDX does not list is written `LicenseRef-<name>`");
            return at(failure, "license".to_owned());
        }
        for (index, golden) in self.golden.iter().enumerate() {
            let allowed = [golden.absolute, golden.relative];
            if allowed.iter().any(|bound| !bound.is_finite() || *bound < 0.0) {
                let failure = refuse("expected finite bounds that are not negative");
                return at(failure, format!("golden[{index}]"));
            }
        }
        for (index, dataset) in self.provenance.datasets.iter().enumerate() {
            if dataset.path.is_none() && dataset.uri.is_none() {
                let failure = refuse("expected `path`, `uri` or both");
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
            if evaluation.interval_level.is_some_and(|level| !(0.0..1.0).contains(&level)) {
                let failure = refuse("expected an `interval_level` between 0 and 1");
                return at(failure, format!("evaluation[{index}]"));
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
