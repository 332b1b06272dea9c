use std::path::{Path, PathBuf};

use holdall_convert::{Loaded, load};
use holdall_diag::{Diagnostic, Failure, Report, Severity};
use holdall_package::{
    Container, Manifest, NewFile, PackageBuilder, digest,
    manifest::{
        Dataset, Direction, Evaluation, Evidence, FieldSchema, FoundLibrary, Profile, ProfileRole,
        Role, Subject, Target, Tool,
    },
    provenance, requirements,
    source_form::{ConvertForm, FieldForm, SOURCE_FORM_NAME, SourceForm},
};
use holdall_source::Source;
use serde_json::json;

use crate::{
    args::Common,
    cmd::{
        codes,
        inspect::package_text,
        pack_model::{self, Converted},
        scan::scan,
        sign::private_key,
    },
    render::{self, push},
    ui::{Exit, Ui},
};

/// Pack a model with everything a server and an auditor need.
///
/// Reads the folder's `holdall.toml`; scans, converts and proves the model; profiles the data; records
/// dependencies, code and data; writes the package whole or not at all. What was declared and what was
/// found must not contradict each other.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall pack . -o breast_cancer.holdall\n  holdall pack . -o \
                        breast_cancer.tar.gz --json\n\nExit status: 0 packed; 1 the model is \
                        dangerous, or a conversion is refused or differs; 2 when something cannot \
                        be read or contradicts itself.\n\nSOURCE_DATE_EPOCH, in seconds, becomes \
                        the time of making; otherwise none is recorded."
)]
pub(crate) struct Args {
    /// The folder with `holdall.toml`.
    folder: PathBuf,
    /// The package: `.holdall`, `.tar`, `.tar.gz`, or a folder.
    #[arg(short, long, value_name = "PACKAGE")]
    output: PathBuf,
    /// Sign it with this private key.
    #[arg(long, value_name = "PEM")]
    key: Option<PathBuf>,
}

/// A package in the making.
struct Packing<'a> {
    folder: &'a Path,
    form: SourceForm,
    builder: PackageBuilder,
    report: Report,
    added: Vec<String>,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let key = args.key.as_deref().map(private_key).transpose()?;
    let form = SourceForm::read(&Source::open(&args.folder.join(SOURCE_FORM_NAME))?)?;
    let manifest = manifest_of(&form)?;
    let builder = PackageBuilder::new(manifest);
    let mut packing =
        Packing { folder: &args.folder, form, builder, report: Report::new(), added: Vec::new() };
    let model = packing.source(&packing.form.model.path)?;
    let scanned = scan(&model, common)?;
    if !matches!(scanned.verdict, "safe" | "review") {
        for (code, location, message) in &scanned.findings {
            ui.note(&format!("{}: {location}: {message} [{code}]", scanned.name));
        }
        ui.note(&format!("error: the model is {}: it is not packed", scanned.verdict));
        ui.document(&json!({
            "schema": "holdall/pack/1",
            "package": args.output.display().to_string(),
            "manifest": {},
            "findings": packing.refusals(&scanned.findings),
        }));
        return Ok(Exit::No);
    }
    let loaded = load(&model, None, common.limits())?;
    packing.report.append(loaded.report.clone());
    packing.model(&loaded, &model)?;
    let mut proofs = Vec::new();
    for conversion in packing.form.convert.clone() {
        let Some(text) = packing.convert(&conversion, &loaded, &model, common, ui)? else {
            ui.report(&packing.report);
            ui.document(&json!({
                "schema": "holdall/pack/1",
                "package": args.output.display().to_string(),
                "manifest": {},
                "findings": render::report_json(&packing.report),
            }));
            return Ok(Exit::No);
        };
        proofs.push(text);
    }
    packing.profiles(&loaded)?;
    packing.dependencies(&loaded)?;
    packing.provenance()?;
    packing.files()?;
    ui.report(&packing.report);
    let container = Container::of_name(&args.output).unwrap_or(Container::Folder);
    let Packing { builder, report, .. } = packing;
    let manifest = builder.write(&args.output, container, key.as_ref())?;
    ui.document(&json!({
        "schema": "holdall/pack/1",
        "package": args.output.display().to_string(),
        "manifest": serde_json::to_value(&manifest).unwrap_or_default(),
        "findings": render::report_json(&report),
    }));
    let mut text = package_text(&manifest, key.is_some());
    for proof in proofs {
        push(&mut text, format_args!("{proof}\n"));
    }
    push(&mut text, format_args!("\nscan      {}\n", scanned.verdict));
    push(&mut text, format_args!("wrote {}\n", args.output.display()));
    ui.text(&text);
    Ok(Exit::Yes)
}

/// What the author declares, as the manifest says it.
fn manifest_of(form: &SourceForm) -> Result<Manifest, Failure> {
    let mut manifest = Manifest::new(&form.name, form.version.clone());
    manifest.description.clone_from(&form.description);
    manifest.license.clone_from(&form.license);
    manifest.authors.clone_from(&form.authors);
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
    Ok(Some(pack_model::rfc3339(seconds)))
}

impl Packing<'_> {
    fn source(&self, path: &str) -> Result<Source, Failure> {
        Source::open(&self.folder.join(path))
    }

    fn add(&mut self, name: &str, file: NewFile) -> Result<(), Failure> {
        if self.added.iter().any(|added| added == name) {
            return Ok(());
        }
        self.added.push(name.to_owned());
        self.builder.add(name, file)
    }

    fn refusals(&self, findings: &[(String, String, String)]) -> serde_json::Value {
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
    fn model(&mut self, loaded: &Loaded, source: &Source) -> Result<(), Failure> {
        if let Some(declared) = &self.form.model.format
            && declared != loaded.format.id
        {
            return Err(contradiction(format!(
                "`{}` is declared to be `{declared}`, its content is `{}`",
                self.form.model.path, loaded.format.id
            )));
        }
        let path = self.form.model.path.clone();
        let file = NewFile::new(source.clone(), Role::Model).with_format(loaded.format.id, None);
        self.add(&path, file)?;
        let (inputs, outputs) = pack_model::schema(loaded)?;
        let manifest = self.builder.manifest_mut();
        manifest.inputs = declared_on(inputs, &self.form.schema.inputs, "input")?;
        manifest.outputs = declared_on(outputs, &self.form.schema.outputs, "output")?;
        for figure in &self.form.evaluation {
            let Some(threshold) = figure.threshold else { continue };
            let missed = match figure.direction {
                Direction::Higher => figure.value < threshold,
                Direction::Lower => figure.value > threshold,
            };
            if missed {
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
            Some(prove) => self.folder.join(&prove.rows).display().to_string(),
            None => "auto".to_owned(),
        };
        let Converted { bytes, format, proven } =
            match pack_model::convert(form, loaded, model, &rows, common, ui)? {
                Ok(converted) => converted,
                Err(report) => {
                    self.report.append(report);
                    return Ok(None);
                }
            };
        let target = Source::from_bytes(form.path.as_str(), bytes);
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
        let file = NewFile::new(target, Role::ConvertedModel).with_format(format, None);
        self.add(&form.path, file)?;
        if let Some(prove) = &self.form.prove {
            let name = prove.rows.clone();
            let rows = self.source(&name)?;
            self.add(&name, NewFile::new(rows, Role::Sample))?;
        }
        Ok(Some(format!("{}: {}", form.path, proven.text)))
    }

    /// Profiles of the training data and of the model's answers on it.
    fn profiles(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let Some(form) = self.form.profile.clone() else { return Ok(()) };
        let data = self.source(&form.input)?;
        let (input, output) = pack_model::profiles(loaded, &data)?;
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

    /// Declared requirements, and libraries named in the bytes; they must not contradict each other.
    fn dependencies(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let path = self.form.model.path.clone();
        let found = loaded.libraries.iter().map(|library| FoundLibrary {
            name: library.name.clone(),
            version: library.version.clone(),
            artifact: path.clone(),
            needed_to_load: library.needed_to_load,
        });
        self.builder.manifest_mut().dependencies.found = found.collect();
        let Some(file) = self.form.dependencies.requirements.clone() else { return Ok(()) };
        let source = self.source(&file)?;
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
        dependencies.requirements_file = Some(file.clone());
        self.add(&file, NewFile::new(source, Role::Environment))
    }

    /// Pointers to code and data.
    fn provenance(&mut self) -> Result<(), Failure> {
        let code = provenance::code_pointer(self.folder)?;
        let mut datasets = Vec::new();
        for form in &self.form.provenance.datasets {
            let mut dataset = Dataset {
                role: form.role.clone(),
                path: form.path.clone(),
                uri: form.uri.clone(),
                version: form.version.clone(),
                target: form.target.clone(),
                split: form.split.clone(),
                seed: form.seed,
                ..Dataset::default()
            };
            if let Some(path) = &form.path {
                provenance::data_facts(&self.source(path)?, &mut dataset)?;
            }
            datasets.push(dataset);
        }
        let parameters = self.form.provenance.parameters().collect();
        let pipeline = self.form.provenance.pipeline.clone();
        let manifest = self.builder.manifest_mut();
        manifest.provenance.code = code;
        manifest.provenance.datasets = datasets;
        manifest.provenance.parameters = parameters;
        manifest.provenance.pipeline.clone_from(&pipeline);
        if let Some(path) = pipeline.filter(|path| self.folder.join(path).is_file()) {
            let source = self.source(&path)?;
            self.add(&path, NewFile::new(source, Role::Code))?;
        }
        Ok(())
    }

    /// Further files, and the servers the package is meant for.
    fn files(&mut self) -> Result<(), Failure> {
        for file in self.form.files.clone() {
            let source = self.source(&file.path)?;
            self.add(&file.path, NewFile::new(source, file.role))?;
        }
        for target in self.form.targets.clone() {
            let server = target.server;
            if self.folder.join(&server).is_file() {
                let source = self.source(&server)?;
                self.add(&server, NewFile::new(source, Role::Target))?;
            }
            self.builder.manifest_mut().targets.push(Target { server });
        }
        Ok(())
    }
}

fn contradiction(message: String) -> Failure {
    Failure::usage(codes::CONTRADICTION, message)
        .with_help("correct `holdall.toml` or the file it names")
}

/// The found schema with the author's additions; an addition for a name that was not found is a
/// contradiction.
fn declared_on(
    mut found: Vec<FieldSchema>,
    declared: &[FieldForm],
    what: &str,
) -> Result<Vec<FieldSchema>, Failure> {
    for form in declared {
        let Some(field) = found.iter_mut().find(|field| field.name == form.name) else {
            let names: Vec<&str> = found.iter().map(|field| field.name.as_str()).collect();
            return Err(contradiction(format!(
                "{what} `{}` is declared; the model has {}",
                form.name,
                names.join(", ")
            )));
        };
        field.description.clone_from(&form.description);
        field.unit.clone_from(&form.unit);
        field.domain.clone_from(&form.domain);
    }
    Ok(found)
}

fn json_file(name: &str, document: &serde_json::Value) -> Source {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    Source::from_bytes(name, text)
}
