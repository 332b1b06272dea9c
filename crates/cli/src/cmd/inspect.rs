use std::path::Path;

use holdall_codec::{Options, ReadOptions, Summary};
use holdall_diag::Failure;
use holdall_package::{
    MANIFEST_NAME, Manifest, PackageReader, SIGNATURE_NAME,
    interchange::{cyclonedx, spdx3},
    provenance::State,
};
use holdall_source::Source;
use serde_json::{Map, Value, json};

use crate::{
    args::{Common, ModelArgs},
    cmd::codes,
    render::{self, push},
    ui::{Exit, Ui},
};

/// Say what a model file or a package holds.
///
/// Weights are not read: the cost does not depend on the size of the file where the format allows.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall inspect model.joblib\n  holdall inspect \
                        breast_cancer.holdall --json\n  holdall inspect breast_cancer.holdall \
                        --bom cyclonedx\n\nExit status: 0; 2 when the file cannot be \
                        read.")]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Print the bill of materials of a package instead.
    #[arg(long, value_name = "STANDARD", help_heading = "Output")]
    bom: Option<Bom>,
}

/// Standards for bills of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Bom {
    /// CycloneDX 1.6 with a model card.
    Cyclonedx,
    /// SPDX 3.0.1 with the AI and dataset profiles.
    Spdx,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if args.model.from.is_none()
        && let Some(package) = open_package(&args.model.model, common)?
    {
        return match args.bom {
            Some(bom) => bill(bom, &package, ui),
            None => inspect_package(&package, ui),
        };
    }
    if args.bom.is_some() {
        return Err(Failure::usage(codes::ARGUMENT, "only a package has a bill of materials")
            .with_help("`holdall pack` makes a package of a model"));
    }
    let source = args.model.source()?;
    let summary = summarize(&source, &args.model, common)?;
    ui.document(&summary_json(&summary));
    ui.text(&summary_text(&summary));
    for risk in &summary.risks {
        ui.diagnostic(risk);
    }
    Ok(Exit::Yes)
}

/// A package, when the path is one: a folder, or an archive with a manifest.
pub(crate) fn open_package(path: &Path, common: &Common) -> Result<Option<PackageReader>, Failure> {
    if !path.is_dir() {
        let source = Source::open(path)?;
        let head = source.head(512)?;
        let is_archive = head.starts_with(b"PK\x03\x04")
            || head.starts_with(&[0x1f, 0x8b])
            || head.get(257..262) == Some(b"ustar");
        if !is_archive {
            return Ok(None);
        }
    }
    let is_package = matches!(
        path.extension().and_then(|extension| extension.to_str()),
        Some("holdall" | "tar" | "gz" | "tgz")
    );
    match PackageReader::open(path, common.limits()) {
        Ok(package) if package.entry(MANIFEST_NAME).is_some() || path.is_dir() => Ok(Some(package)),
        Err(failure) if is_package => Err(failure),
        // Model files may be archives themselves.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// The summary of a model file.
pub(crate) fn summarize(
    source: &Source,
    model: &ModelArgs,
    common: &Common,
) -> Result<Summary, Failure> {
    let spec = model.spec();
    let reader = match &spec {
        Some(spec) => holdall_convert::reader(&spec.id)?,
        None => holdall_convert::detect(source)?,
    };
    let declared = reader.format().read_options;
    let options = spec.map_or(Ok(Options::none()), |spec| spec.options(declared))?;
    reader
        .inspect(
            source,
            &ReadOptions { limits: common.limits(), options, inner: Some(holdall_convert::detect) },
        )
        .map_err(|failure| failure.in_file(source.name()))
}

pub(crate) fn summary_json(summary: &Summary) -> Value {
    let facts: Map<String, Value> = summary.facts.iter().cloned().collect();
    let libraries: Vec<Value> = summary
        .libraries
        .iter()
        .map(|library| {
            json!({
                "name": library.name,
                "version": library.version,
                "needed_to_load": library.needed_to_load,
            })
        })
        .collect();
    json!({
        "schema": "holdall/inspect/1",
        "format": summary.format,
        "format_version": summary.format_version,
        "producer": summary.producer,
        "inputs": summary.inputs.iter().map(render::endpoint_json).collect::<Vec<_>>(),
        "outputs": summary.outputs.iter().map(render::endpoint_json).collect::<Vec<_>>(),
        "summary": facts,
        "libraries": libraries,
        "risks": summary.risks.iter().map(render::diagnostic_json).collect::<Vec<_>>(),
    })
}

/// Lines of a list before it is cut.
const SHOWN: usize = 12;
/// Characters of a fact before it is cut.
const WIDE: usize = 160;

fn summary_text(summary: &Summary) -> String {
    let mut out = String::new();
    let version = summary.format_version.as_ref().map_or_else(String::new, |v| format!(" {v}"));
    push(&mut out, format_args!("{:<15} {}{version}\n", "format", summary.format));
    if let Some(producer) = &summary.producer {
        push(&mut out, format_args!("{:<15} {producer}\n", "producer"));
    }
    for (title, endpoints) in [("input", &summary.inputs), ("output", &summary.outputs)] {
        for endpoint in endpoints.iter().take(SHOWN) {
            push(&mut out, format_args!("{title:<15} {}\n", render::endpoint(endpoint)));
        }
        if endpoints.len() > SHOWN {
            push(&mut out, format_args!("{title:<15} … {} in all\n", endpoints.len()));
        }
    }
    for (name, value) in &summary.facts {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| format!("{key} {}", plain(value)))
                .collect::<Vec<_>>()
                .join(", "),
            Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        };
        // Long lists are cut; `--json` has all of them.
        let cut: String = text.chars().take(WIDE).collect();
        let more = if cut.len() < text.len() { " …" } else { "" };
        push(&mut out, format_args!("{name:<15} {cut}{more}\n"));
    }
    for library in &summary.libraries {
        let version = library.version.as_deref().unwrap_or("of unknown version");
        let need = if library.needed_to_load { "needed to load" } else { "named" };
        push(&mut out, format_args!("{:<15} {} {version} ({need})\n", "library", library.name));
    }
    out
}

/// A nested value in a line of text; the depth of facts is that of the code that makes them.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{key} {}", plain(value)));
            format!("({})", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The document of the standard itself, with and without `--json`.
fn bill(bom: Bom, package: &PackageReader, ui: &Ui) -> Result<Exit, Failure> {
    let manifest = package.manifest()?;
    let document = match bom {
        Bom::Cyclonedx => cyclonedx::export(&manifest),
        Bom::Spdx => spdx3::export(&manifest),
    };
    ui.document(&document);
    ui.text(&format!("{document:#}\n"));
    Ok(Exit::Yes)
}

fn inspect_package(package: &PackageReader, ui: &Ui) -> Result<Exit, Failure> {
    let manifest = package.manifest()?;
    let signed = package.entry(SIGNATURE_NAME).is_some();
    ui.document(&json!({
        "schema": "holdall/inspect-package/1",
        "format": "holdall",
        "signed": signed,
        "manifest": serde_json::to_value(&manifest).unwrap_or_default(),
    }));
    ui.text(&package_text(&manifest, signed));
    Ok(Exit::Yes)
}

/// The readable summary of a package.
pub(crate) fn package_text(manifest: &Manifest, signed: bool) -> String {
    let mut out = format!("{} {}", manifest.name, manifest.version);
    if let Some(task) = &manifest.task {
        push(&mut out, format_args!(" · {task}"));
    }
    out.push_str(if signed { " · signed\n" } else { " · not signed\n" });
    if let Some(description) = &manifest.description {
        push(&mut out, format_args!("{description}\n"));
    }
    out.push_str("\nfiles\n");
    for artifact in &manifest.artifacts {
        let digest: String = artifact.sha256.to_string().chars().take(12).collect();
        push(
            &mut out,
            format_args!(
                "  {:<28} {:>9}  sha256 {digest}…  {}\n",
                artifact.path,
                render::bytes(artifact.size),
                artifact.format.as_deref().unwrap_or("")
            ),
        );
    }
    section(&mut out, "inputs", &manifest.inputs, |field| {
        format!("{} {}", field.name, field.dtype)
    });
    section(&mut out, "outputs", &manifest.outputs, |field| {
        format!("{} {}", field.name, field.dtype)
    });
    section(&mut out, "needs", &manifest.dependencies.requirements, |requirement| {
        format!("{}{}", requirement.name, requirement.specifier)
    });
    section(&mut out, "named in the bytes", &manifest.dependencies.found, |library| {
        let version = library.version.as_deref().unwrap_or("of unknown version");
        format!("{} {version} ({})", library.name, library.artifact)
    });
    if let Some(code) = &manifest.provenance.code {
        let state = match code.state {
            State::Clean => "clean",
            State::Dirty => "dirty",
            State::Unknown => "clean or dirty is unknown",
        };
        push(&mut out, format_args!("\ncode      {} {} ({state})\n", code.vcs, code.commit));
    }
    section(&mut out, "data", &manifest.provenance.datasets, |data| {
        let place = data.path.as_deref().or(data.uri.as_deref()).unwrap_or("-");
        let rows = data.rows.map_or_else(String::new, |rows| format!(", {rows} rows"));
        format!("{}: {place}{rows}", data.role)
    });
    section(&mut out, "evaluation", &manifest.evaluation, |figure| {
        let bar = figure.threshold.map_or_else(String::new, |t| format!(" (needs {t})"));
        format!("{} on {}: {:.4}{bar}", figure.metric, figure.dataset, figure.value)
    });
    section(&mut out, "proofs", &manifest.evidence, |proof| {
        format!("{} → {}: {}", proof.source.path, proof.target.path, proof.verdict)
    });
    out
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    push(out, format_args!("\n{title}\n"));
    for item in items.iter().take(SHOWN) {
        push(out, format_args!("  {}\n", line(item)));
    }
    if items.len() > SHOWN {
        push(out, format_args!("  … {} in all\n", items.len()));
    }
}
