//! What is said on the command line about a model that has no `holdall.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_package::{
    manifest::{Direction, Role},
    source_form::{
        Allowance, ConvertForm, DatasetForm, EvaluationForm, FileForm, ModelForm, ProveForm,
        SourceForm, TargetForm,
    },
};

use super::packing::Base;
use crate::cmd::{codes, convert::Allow};

/// Declarations as flags.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Flags {
    /// Name of the model.
    #[arg(long, help_heading = "What it is")]
    name: Option<String>,
    /// Its version, MAJOR.MINOR.PIPELINE.
    #[arg(long, value_name = "VERSION", help_heading = "What it is")]
    model_version: Option<semver::Version>,
    /// One sentence on what it does.
    #[arg(long, value_name = "TEXT", help_heading = "What it is")]
    description: Option<String>,
    /// SPDX licence expression.
    #[arg(long, value_name = "SPDX", help_heading = "What it is")]
    license: Option<String>,
    /// Who made it, as `Name <address>`. May be repeated.
    #[arg(long, value_name = "PERSON", help_heading = "What it is")]
    author: Vec<String>,
    /// What it is for, such as `classification`.
    #[arg(long, help_heading = "What it is")]
    task: Option<String>,
    /// A word to find it by. May be repeated.
    #[arg(long, help_heading = "What it is")]
    tag: Vec<String>,
    /// Python versions that load it, such as `>=3.11`.
    #[arg(long, value_name = "SPECIFIER", help_heading = "What it needs")]
    python: Option<String>,
    /// The file with what is needed to load it.
    #[arg(long, value_name = "FILE", help_heading = "What it needs")]
    requirements: Option<PathBuf>,
    /// The lock file.
    #[arg(long, value_name = "FILE", help_heading = "What it needs")]
    lock: Option<PathBuf>,
    /// A server that it is meant for. May be repeated.
    #[arg(long, value_name = "SERVER", help_heading = "What it needs")]
    target: Vec<String>,
    /// Data that it was made or judged with, as `train=train.csv` or `test=s3://…`. The first `train` file
    /// is profiled. May be repeated.
    #[arg(long, value_name = "ROLE=DATA", help_heading = "Where it came from")]
    data: Vec<String>,
    /// The script that made it.
    #[arg(long, value_name = "FILE", help_heading = "Where it came from")]
    pipeline: Option<PathBuf>,
    /// A figure, as `accuracy@test=0.93:higher`. May be repeated.
    #[arg(long, value_name = "FIGURE", help_heading = "How well it does")]
    metric: Vec<String>,
    /// Convert it as well, and prove the conversion, such as `onnx:opset=17`. May be repeated.
    #[arg(long, value_name = "FORMAT", help_heading = "Conversion")]
    to: Vec<String>,
    /// Rows to prove conversions with.
    #[arg(long, value_name = "CSV", help_heading = "Conversion")]
    rows: Option<PathBuf>,
    /// What conversions may do beyond exact rewrites.
    #[arg(long, value_delimiter = ',', help_heading = "Conversion")]
    allow: Vec<Allow>,
    /// A further file, as `documentation=card.md`. May be repeated.
    #[arg(long, value_name = "ROLE=FILE", help_heading = "Files")]
    file: Vec<String>,
}

fn usage(message: String) -> Failure {
    Failure::usage(codes::ARGUMENT, message)
}

impl Flags {
    /// Flags that name files, which a `holdall.toml` or a package has itself.
    fn names_files(&self) -> bool {
        self.requirements.is_some()
            || self.lock.is_some()
            || self.pipeline.is_some()
            || self.rows.is_some()
            || [&self.data, &self.metric, &self.to, &self.file, &self.target]
                .iter()
                .any(|list| !list.is_empty())
            || !self.allow.is_empty()
            || self.python.is_some()
    }

    /// With `holdall.toml`, only the words about the model may be overruled.
    pub(super) fn refuse_files_for(&self, what: &str) -> Result<(), Failure> {
        if !self.names_files() {
            return Ok(());
        }
        Err(usage(format!("{what} says itself what it needs, came from and is measured by"))
            .with_help("write it there; flags are for a bare model file"))
    }

    /// A package says everything itself.
    pub(super) fn refuse_for(&self, what: &str) -> Result<(), Failure> {
        let words = [&self.name, &self.description, &self.license, &self.task];
        let any = words.iter().any(|word| word.is_some())
            || self.model_version.is_some()
            || !self.author.is_empty()
            || !self.tag.is_empty();
        if any {
            return Err(usage(format!("{what} keeps its manifest"))
                .with_help("to say something else, pack from the sources"));
        }
        self.refuse_files_for(what)
    }

    /// Puts the words about the model over those of the file.
    pub(super) fn overlay(&self, form: &mut SourceForm) {
        if let Some(name) = &self.name {
            form.name.clone_from(name);
        }
        if let Some(version) = &self.model_version {
            form.version.clone_from(version);
        }
        for (target, value) in [
            (&mut form.description, &self.description),
            (&mut form.license, &self.license),
            (&mut form.task, &self.task),
        ] {
            if value.is_some() {
                target.clone_from(value);
            }
        }
        form.authors.extend(self.author.iter().cloned());
        form.tags.extend(self.tag.iter().cloned());
    }

    /// The form for a bare model, and where its files are.
    pub(super) fn form(&self, model: &Path) -> Result<(Base, SourceForm), Failure> {
        let mut files = Files::default();
        let name = files.add(model)?;
        let stem = model.file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into());
        let version = self.model_version.clone().unwrap_or(semver::Version::new(0, 1, 0));
        let mut form = SourceForm::new(stem, version, ModelForm { path: name, format: None });
        self.overlay(&mut form);
        form.dependencies.python.clone_from(&self.python);
        form.dependencies.requirements = files.optional(self.requirements.as_deref())?;
        form.dependencies.lock = files.optional(self.lock.as_deref())?;
        if let Some(path) = &self.pipeline {
            let name = files.add(path)?;
            form.provenance.pipeline = Some(holdall_package::source_form::PipelineForm::Name(name));
        }
        for data in &self.data {
            let dataset = dataset(data, &mut files)?;
            if form.profile.is_none() && dataset.role == "train" {
                form.profile =
                    dataset.path.clone().filter(|path| is_csv(path)).map(|input| {
                        holdall_package::source_form::ProfileForm { input, target: None }
                    });
            }
            form.provenance.datasets.push(dataset);
        }
        form.evaluation = self.metric.iter().map(|text| figure(text)).collect::<Result<_, _>>()?;
        form.prove = files.optional(self.rows.as_deref())?.map(|rows| ProveForm { rows });
        form.convert = self.conversions(&form.model.path);
        for target in &self.target {
            let path = Path::new(target);
            let server = if path.is_file() { files.add(path)? } else { target.clone() };
            form.targets.push(TargetForm { server });
        }
        for file in &self.file {
            let (role, path) = pair(file, "ROLE=FILE")?;
            let role: Role = serde_json::from_value(role.into())
                .map_err(|error| usage(format!("`{role}` is no role of a file: {error}")))?;
            form.files.push(FileForm { path: files.add(Path::new(path))?, role });
        }
        form.check().map_err(|failure| {
            // There is no file to point into: the flags were wrong.
            usage(failure.diagnostic().message.clone())
        })?;
        Ok((Base::Files(files.places), form))
    }

    fn conversions(&self, model: &str) -> Vec<ConvertForm> {
        let stem = model.rsplit_once('.').map_or(model, |(stem, _)| stem);
        let allow: Vec<Allowance> = self
            .allow
            .iter()
            .map(|allow| match allow {
                Allow::Approximate => Allowance::Approximate,
                Allow::Drop => Allowance::Drop,
            })
            .collect();
        self.to
            .iter()
            .map(|to| {
                let id = to.split(':').next().unwrap_or(to);
                let path = format!("{stem}.{id}");
                ConvertForm { to: to.clone(), path, allow: allow.clone() }
            })
            .collect()
    }
}

fn is_csv(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"))
}

/// Files named on the command line go into the package under their own names.
#[derive(Default)]
struct Files {
    places: BTreeMap<String, PathBuf>,
}

impl Files {
    fn add(&mut self, path: &Path) -> Result<String, Failure> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            usage(format!("expected the name of a file, found `{}`", path.display()))
        })?;
        if let Some(known) = self.places.insert(name.to_owned(), path.to_path_buf())
            && known != path
        {
            return Err(usage(format!(
                "`{}` and `{}` would both be `{name}` in the package",
                known.display(),
                path.display()
            ))
            .with_help("write a `holdall.toml`: `holdall pack --init FOLDER` makes one"));
        }
        Ok(name.to_owned())
    }

    fn optional(&mut self, path: Option<&Path>) -> Result<Option<String>, Failure> {
        path.map(|path| self.add(path)).transpose()
    }
}

fn pair<'t>(text: &'t str, shape: &str) -> Result<(&'t str, &'t str), Failure> {
    text.split_once('=')
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .ok_or_else(|| usage(format!("expected `{shape}`, found `{text}`")))
}

fn dataset(text: &str, files: &mut Files) -> Result<DatasetForm, Failure> {
    let (role, place) = pair(text, "ROLE=DATA")?;
    let mut dataset = DatasetForm { role: role.to_owned(), ..DatasetForm::default() };
    if place.contains("://") {
        dataset.uri = Some(place.to_owned());
    } else {
        dataset.path = Some(files.add(Path::new(place))?);
    }
    Ok(dataset)
}

/// `NAME@DATASET=VALUE:DIRECTION`.
fn figure(text: &str) -> Result<EvaluationForm, Failure> {
    let shape = "NAME@DATASET=VALUE:higher|lower";
    let wrong = || usage(format!("expected `{shape}`, found `{text}`"));
    let (what, rest) = pair(text, shape)?;
    let (metric, dataset) = what.split_once('@').ok_or_else(wrong)?;
    let (value, direction) = rest.split_once(':').ok_or_else(wrong)?;
    let direction = match direction {
        "higher" => Direction::Higher,
        "lower" => Direction::Lower,
        _ => return Err(wrong()),
    };
    let value = value.parse().map_err(|_not_a_number: std::num::ParseFloatError| wrong())?;
    Ok(EvaluationForm {
        metric: metric.to_owned(),
        value,
        dataset: dataset.to_owned(),
        direction,
        threshold: None,
        unit: None,
        interval: None,
        interval_level: None,
        slice: None,
    })
}
