//! A package in the making: everything that is declared and found, and the files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use holdall_codec::Summary;
use holdall_convert::{Loaded, load};
use holdall_diag::{Diagnostic, Failure, Report, Severity};
use holdall_package::{
    Manifest, NewFile, PackageBuilder, digest, lock,
    manifest::{
        Dataset, Evaluation, Evidence, FoundLibrary, Machine, OperatorSets, Person, Profile,
        ProfileRole, Role, Runtime, Subject, Target, Tool, Training,
    },
    provenance, requirements,
    source_form::{ConvertForm, PipelineForm, SourceForm},
};
use holdall_source::Source;
use serde_json::json;

use super::{
    golden,
    model::{self, Converted},
    schema,
};
use crate::{
    args::{Common, ModelArgs},
    cmd::{codes, inspect::summarize},
    ui::Ui,
};

/// Where the files of the project are.
pub(super) enum Base {
    /// Below this folder, under their names.
    Folder(PathBuf),
    /// Anywhere, as the command line names them.
    Files(BTreeMap<String, PathBuf>),
}

impl Base {
    pub(super) fn folder(path: &Path) -> Self {
        Self::Folder(path.to_path_buf())
    }

    /// Where the file called `name` in the package is.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(name),
            Self::Files(places) => places.get(name).cloned().unwrap_or_else(|| name.into()),
        }
    }

    pub(super) fn open(&self, name: &str) -> Result<Source, Failure> {
        Source::open(&self.place(name))
    }

    /// The folder whose repository the code is in, and what a data path is relative to.
    fn project(&self, name: &str) -> (PathBuf, String) {
        match self {
            Self::Folder(folder) => (folder.clone(), name.to_owned()),
            Self::Files(_) => {
                let place = self.place(name);
                let folder = place.parent().filter(|p| !p.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
                (folder, name.to_owned())
            }
        }
    }
}

/// A package in the making.
pub(super) struct Packing {
    pub(super) base: Base,
    pub(super) form: SourceForm,
    pub(super) builder: PackageBuilder,
    pub(super) report: Report,
    added: Vec<String>,
}

/// A package that is ready to be written.
pub(super) struct Packed {
    pub(super) builder: PackageBuilder,
    pub(super) report: Report,
    /// One line for each proof.
    pub(super) proofs: Vec<String>,
}

impl Packing {
    pub(super) fn new(base: Base, form: SourceForm) -> Result<Self, Failure> {
        let builder = PackageBuilder::new(manifest_of(&form)?);
        Ok(Self { base, form, builder, report: Report::new(), added: Vec::new() })
    }

    pub(super) fn model_source(&self) -> Result<Source, Failure> {
        self.base.open(&self.form.model.path)
    }

    /// Finds out everything and adds every file; the findings when a conversion is refused or differs.
    pub(super) fn everything(
        mut self,
        model: &Source,
        common: &Common,
        ui: &Ui,
    ) -> Result<Result<Packed, Report>, Failure> {
        let loaded = load(model, None, common.limits())?;
        self.report.append(loaded.report.clone());
        let summary = summary_of(model, common)?;
        self.model(&loaded, &summary, model)?;
        let mut proofs = Vec::new();
        for conversion in self.form.convert.clone() {
            let Some(text) = self.convert(&conversion, &loaded, model, common, ui)? else {
                return Ok(Err(self.report));
            };
            proofs.push(text);
        }
        self.profiles(&loaded)?;
        self.golden(&loaded)?;
        self.dependencies(&loaded)?;
        self.provenance()?;
        self.files()?;
        Ok(Ok(Packed { builder: self.builder, report: self.report, proofs }))
    }

    pub(super) fn add(&mut self, name: &str, file: NewFile) -> Result<(), Failure> {
        if self.added.iter().any(|added| added == name) {
            return Ok(());
        }
        self.added.push(name.to_owned());
        self.builder.add(name, file)
    }

    pub(super) fn refusals(&self, findings: &[(String, String, String)]) -> serde_json::Value {
        let file = &self.form.model.path;
        findings
            .iter()
            .map(|(code, location, message)| {
                json!({
                    "code": code,
                    "severity": Severity::Error.as_str(),
                    "message": format!("{location}: {message}"),
                    "location": { "file": file },
                })
            })
            .collect()
    }

    /// The model itself, its schema, and what the author adds to it.
    fn model(
        &mut self,
        loaded: &Loaded,
        summary: &Summary,
        source: &Source,
    ) -> Result<(), Failure> {
        if let Some(declared) = &self.form.model.format
            && declared != loaded.format.id
        {
            return Err(contradiction(format!(
                "`{}` is declared to be `{declared}`, its content is `{}`",
                self.form.model.path, loaded.format.id
            )));
        }
        let path = self.form.model.path.clone();
        let file = NewFile::new(source.clone(), Role::Model)
            .with_format(loaded.format.id, summary.format_version.clone());
        self.add(&path, file)?;
        self.operators(&path, summary);
        let (inputs, outputs) = schema::schema(loaded, summary)?;
        let manifest = self.builder.manifest_mut();
        manifest.inputs = schema::declared_on(inputs, &self.form.schema.inputs, "input")?;
        manifest.outputs = schema::declared_on(outputs, &self.form.schema.outputs, "output")?;
        for figure in &manifest.evaluation {
            if let (Some(false), Some(threshold)) = (figure.reached(), figure.threshold) {
                self.report.push(Diagnostic::warning(
                    codes::CONTRADICTION,
                    format!(
                        "{} on {} is {}, its threshold {threshold} is not reached",
                        figure.metric, figure.dataset, figure.value
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Operator sets and the runtime that they ask for, where the bytes say so.
    fn operators(&mut self, path: &str, summary: &Summary) {
        let fact = |name: &str| summary.facts.iter().find(|(key, _)| key == name).map(|(_, v)| v);
        let dependencies = &mut self.builder.manifest_mut().dependencies;
        if let Some(opsets) = fact("opsets").and_then(serde_json::Value::as_object) {
            let opsets =
                opsets.iter().filter_map(|(domain, v)| Some((domain.clone(), v.as_i64()?)));
            dependencies.operator_sets.push(OperatorSets {
                artifact: path.to_owned(),
                ir_version: fact("ir_version").and_then(serde_json::Value::as_i64),
                opsets: opsets.collect(),
            });
        }
        if let Some(version) = fact("onnxruntime").and_then(serde_json::Value::as_str) {
            dependencies.runtimes.push(Runtime {
                name: "onnxruntime".to_owned(),
                specifier: format!(">={version}"),
                artifact: Some(path.to_owned()),
            });
        }
    }

    /// Converts, proves and adds; nothing when the plan was not accepted or the target differs.
    fn convert(
        &mut self,
        form: &ConvertForm,
        loaded: &Loaded,
        model: &Source,
        common: &Common,
        ui: &Ui,
    ) -> Result<Option<String>, Failure> {
        let rows = match &self.form.prove {
            Some(prove) => self.base.place(&prove.rows).display().to_string(),
            None => "auto".to_owned(),
        };
        let Converted { bytes, format, proven } =
            match model::convert(form, loaded, model, &rows, common, ui)? {
                Ok(converted) => converted,
                Err(report) => {
                    self.report.append(report);
                    return Ok(None);
                }
            };
        let target = Source::from_bytes(form.path.as_str(), bytes);
        let summary = summary_of(&target, common)?;
        self.operators(&form.path, &summary);
        let evidence_path = format!("evidence/{}.json", form.path.replace('/', "_"));
        let subject = |path: &str, source: &Source| {
            Ok::<_, Failure>(Subject { path: path.to_owned(), sha256: digest::of(source)?.sha256 })
        };
        let evidence = Evidence {
            kind: "conversion-proof".to_owned(),
            path: evidence_path.clone(),
            source: subject(&self.form.model.path, model)?,
            target: subject(&form.path, &target)?,
            verdict: proven.verdict.to_owned(),
        };
        self.builder.manifest_mut().evidence.push(evidence);
        let document = json_file(&evidence_path, &proven.evidence);
        self.add(&evidence_path, NewFile::new(document, Role::Evidence))?;
        let file =
            NewFile::new(target, Role::ConvertedModel).with_format(format, summary.format_version);
        self.add(&form.path, file)?;
        if let Some(prove) = &self.form.prove {
            let name = prove.rows.clone();
            let rows = self.base.open(&name)?;
            self.add(&name, NewFile::new(rows, Role::Sample))?;
        }
        Ok(Some(format!("{}: {}", form.path, proven.text)))
    }

    /// Profiles of the training data and of the model's answers on it.
    fn profiles(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let Some(form) = self.form.profile.clone() else { return Ok(()) };
        let data = self.base.open(&form.input)?;
        let (input, output) = model::profiles(loaded, &data)?;
        for (name, role, profile) in
            [("input", ProfileRole::Input, input), ("output", ProfileRole::Output, output)]
        {
            let path = format!("profiles/{name}.json");
            let document = serde_json::to_value(&profile).unwrap_or_default();
            let file = NewFile::new(json_file(&path, &document), Role::Profile);
            self.add(&path, file)?;
            let profile = Profile { name: form.input.clone(), path, role };
            self.builder.manifest_mut().profiles.push(profile);
        }
        Ok(())
    }

    /// Requests with their answers: the author's, which the model must give, or the model's own.
    fn golden(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        for form in self.form.golden.clone() {
            let found = golden::golden(&form, loaded, &self.base)?;
            let requests = self.base.open(&form.requests)?;
            self.add(&form.requests, NewFile::new(requests, Role::Sample))?;
            self.add(&found.golden.expected.clone(), NewFile::new(found.expected, Role::Sample))?;
            self.builder.manifest_mut().golden.push(found.golden);
        }
        Ok(())
    }

    /// Declared requirements, and libraries named in the bytes; they must not contradict each other.
    fn dependencies(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let path = self.form.model.path.clone();
        let found = loaded.libraries.iter().map(|library| FoundLibrary {
            name: library.name.clone(),
            version: library.version.clone(),
            artifact: path.clone(),
            needed_to_load: library.needed_to_load,
        });
        let form = self.form.dependencies.clone();
        let dependencies = &mut self.builder.manifest_mut().dependencies;
        dependencies.found = found.collect();
        dependencies.runtimes.extend(form.runtimes);
        dependencies.system = form.system;
        let machine = Machine {
            cpu: form.machine.cpu,
            accelerator: form.machine.accelerator,
            accelerator_memory: form.machine.accelerator_memory,
            memory: form.machine.memory,
            least_memory: None,
            disk: None,
        };
        dependencies.machine = Some(machine);
        if let Some(file) = form.requirements {
            self.requirements(&file, loaded)?;
        }
        if let Some(file) = form.training {
            let source = self.base.open(&file)?;
            let requirements = requirements::parse(&source)?;
            let training = Training { file: file.clone(), requirements };
            self.builder.manifest_mut().dependencies.training = Some(training);
            self.add(&file, NewFile::new(source, Role::Environment))?;
        }
        if let Some(file) = form.lock {
            self.lock(&file, loaded)?;
        }
        Ok(())
    }

    fn requirements(&mut self, file: &str, loaded: &Loaded) -> Result<(), Failure> {
        let path = self.form.model.path.clone();
        let source = self.base.open(file)?;
        let requirements = requirements::parse(&source)?;
        for library in &loaded.libraries {
            let declared = requirements.iter().find(|r| r.name == library.name);
            if let (Some(declared), Some(version)) = (declared, &library.version)
                && holdall_compat::version_fits(&declared.specifier, version) == Some(false)
            {
                return Err(contradiction(format!(
                    "`{file}` asks for {}{}, the bytes of `{path}` were written by {version}",
                    declared.name, declared.specifier
                )));
            }
            if declared.is_none() && library.needed_to_load {
                self.report.push(
                    Diagnostic::warning(
                        codes::CONTRADICTION,
                        format!("`{path}` needs {} to be loaded; `{file}` lacks it", library.name),
                    )
                    .with_help(format!("add {} to `{file}`", library.name)),
                );
            }
        }
        let dependencies = &mut self.builder.manifest_mut().dependencies;
        dependencies.requirements = requirements;
        dependencies.requirements_file = Some(file.to_owned());
        self.add(file, NewFile::new(source, Role::Environment))
    }

    /// The lock must have what is required, in the versions asked for and found.
    fn lock(&mut self, file: &str, loaded: &Loaded) -> Result<(), Failure> {
        let source = self.base.open(file)?;
        let lock = lock::parse(&source, file)?;
        let path = &self.form.model.path;
        for locked in &lock.packages {
            let (name, version) = (&locked.name, &locked.version);
            let dependencies = &self.builder.manifest_mut().dependencies;
            let required = dependencies.requirements.iter().find(|r| r.name == *name);
            if let Some(required) = required
                && holdall_compat::version_fits(&required.specifier, version) == Some(false)
            {
                return Err(contradiction(format!(
                    "{name}{} is required, `{file}` has {version}",
                    required.specifier
                )));
            }
            let named = loaded.libraries.iter().find(|library| library.name == *name);
            if let Some(wrote) = named.and_then(|library| library.version.as_ref())
                && holdall_compat::version_fits(&format!("=={wrote}"), version) == Some(false)
            {
                return Err(contradiction(format!(
                    "`{file}` has {name} {version}, the bytes of `{path}` were written by {wrote}"
                )));
            }
        }
        self.builder.manifest_mut().dependencies.lock = Some(lock);
        self.add(file, NewFile::new(source, Role::Environment))
    }

    /// Pointers to code and data.
    fn provenance(&mut self) -> Result<(), Failure> {
        let (project, _) = self.base.project(&self.form.model.path);
        let code = provenance::code_pointer(&project)?;
        let mut datasets = Vec::new();
        for form in &self.form.provenance.datasets {
            let mut dataset = Dataset {
                role: form.role.clone(),
                path: form.path.clone(),
                uri: form.uri.clone(),
                version: form.version.clone(),
                sha256: form.sha256,
                rows: form.rows,
                target: form.target.clone(),
                split: form.split.clone(),
                seed: form.seed,
                ..Dataset::default()
            };
            if let Some(path) = &form.path {
                let (folder, path) = self.base.project(path);
                provenance::data_facts(&folder, &path, &mut dataset)?;
            }
            datasets.push(dataset);
        }
        let form = &self.form.provenance;
        let parameters = form.parameters().collect();
        let pipeline = form.pipeline.as_ref().map(PipelineForm::pipeline);
        let (parents, tools) = (form.parents.clone(), form.tools.clone());
        let provenance = &mut self.builder.manifest_mut().provenance;
        provenance.code = code;
        provenance.datasets = datasets;
        provenance.parameters = parameters;
        provenance.parents = parents;
        provenance.tools.extend(tools);
        provenance.pipeline.clone_from(&pipeline);
        if let Some(path) = pipeline.map(|p| p.name)
            && self.base.place(&path).is_file()
        {
            let source = self.base.open(&path)?;
            self.add(&path, NewFile::new(source, Role::Code))?;
        }
        Ok(())
    }

    /// Further files, and the servers the package is meant for.
    fn files(&mut self) -> Result<(), Failure> {
        for file in self.form.files.clone() {
            let source = self.base.open(&file.path)?;
            self.add(&file.path, NewFile::new(source, file.role))?;
        }
        for target in self.form.targets.clone() {
            let server = target.server;
            if self.base.place(&server).is_file() {
                let source = self.base.open(&server)?;
                self.add(&server, NewFile::new(source, Role::Target))?;
            }
            self.builder.manifest_mut().targets.push(Target { server });
        }
        Ok(())
    }
}

/// What the author declares, as the manifest says it.
fn manifest_of(form: &SourceForm) -> Result<Manifest, Failure> {
    let mut manifest = Manifest::new(&form.name, form.version.clone());
    manifest.description.clone_from(&form.description);
    manifest.license.clone_from(&form.license);
    let authors = form.authors.iter().map(|text| Person::from_text(text, Some("author")));
    manifest.people = authors.chain(form.people.iter().cloned()).collect();
    manifest.task.clone_from(&form.task);
    manifest.tags.clone_from(&form.tags);
    manifest.created = created()?;
    manifest.evaluation = form
        .evaluation
        .iter()
        .map(|figure| Evaluation {
            metric: figure.metric.clone(),
            value: figure.value,
            dataset: figure.dataset.clone(),
            direction: figure.direction,
            threshold: figure.threshold,
            unit: figure.unit.clone(),
            interval: figure.interval,
            interval_level: figure.interval_level,
            slice: figure.slice.clone(),
        })
        .collect();
    manifest.dependencies.python.clone_from(&form.dependencies.python);
    let this = Tool { name: "holdall".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    manifest.provenance.tools.push(this);
    Ok(manifest)
}

/// The time of making from `SOURCE_DATE_EPOCH`, as RFC 3339.
fn created() -> Result<Option<String>, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Failure::usage(codes::SOURCE_DATE, "SOURCE_DATE_EPOCH must be a number of seconds")
    })?;
    Ok(Some(model::rfc3339(seconds)))
}

fn summary_of(source: &Source, common: &Common) -> Result<Summary, Failure> {
    let args = ModelArgs { model: PathBuf::from(source.name()), from: None };
    summarize(source, &args, common)
}

pub(super) fn contradiction(message: String) -> Failure {
    Failure::usage(codes::CONTRADICTION, message)
        .with_help("correct `holdall.toml` or the file it names")
}

fn json_file(name: &str, document: &serde_json::Value) -> Source {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    Source::from_bytes(name, text)
}
