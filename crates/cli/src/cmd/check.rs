use std::path::PathBuf;

use holdall_codec::Summary;
use holdall_compat::{
    ArtifactNeeds, Needs, OnnxNeeds, PythonLibrary, Requirement, Server, Status, Verdict,
};
use holdall_diag::Failure;
use holdall_package::{PackageReader, manifest::Role};
use holdall_source::Source;
use serde_json::json;

use crate::{
    args::{Common, ModelArgs},
    cmd::inspect::{open_package, summarize},
    render::push,
    ui::{Exit, Ui},
};

/// Say whether a server can run a package, before it loads it.
///
/// Facts are read from the bytes of the model files, not from what their author declared. What the
/// server document does not say is answered with unknown, never with ok.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall check breast_cancer.holdall --server server.json\n  \
                        holdall check breast_cancer.holdall --server onnxruntime@1.20\n\nExit \
                        status: 0 compatible or unknown; 1 incompatible (with --strict also \
                        unknown); 2 when package or server cannot be read.")]
pub(crate) struct Args {
    /// The package, or a bare model file.
    package: PathBuf,
    /// A `server.json`, or a preset such as `onnxruntime@1.20`.
    #[arg(long, value_name = "SERVER")]
    server: String,
    /// Count unknown as failed.
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let server = server(&args.server)?;
    let needs = if let Some(package) = open_package(&args.package, common)? {
        package_needs(&package, common)?
    } else {
        let source = Source::open(&args.package)?;
        Needs { artifacts: vec![artifact_needs(&source, common)?], ..Needs::default() }
    };
    let findings = holdall_compat::check(&needs, &server);
    let verdict = holdall_compat::verdict(&findings, args.strict);
    ui.document(&json!({
        "schema": "holdall/check/1",
        "server": server.name,
        "verdict": verdict,
        "findings": findings,
    }));
    let mut out = String::new();
    for finding in &findings {
        push(
            &mut out,
            format_args!(
                "{:<7}  {}: {} [{}]\n",
                finding.status.as_str(),
                finding.subject,
                finding.message,
                finding.rule
            ),
        );
        if let (Some(fix), true) = (&finding.fix, finding.status != Status::Ok) {
            push(&mut out, format_args!("         fix: {fix}\n"));
        }
    }
    let answer = match verdict {
        Verdict::Compatible => "can run",
        Verdict::Incompatible => "cannot run",
        Verdict::Unknown => "may not be able to run",
    };
    push(&mut out, format_args!("{} {answer} {}\n", server.name, args.package.display()));
    ui.text(&out);
    Ok(Exit::yes_if(verdict != Verdict::Incompatible))
}

fn server(text: &str) -> Result<Server, Failure> {
    if text.contains('@') && !std::path::Path::new(text).exists() {
        return Server::preset(text);
    }
    let source = Source::open(std::path::Path::new(text))?;
    Server::from_json(&source.bytes()?).map_err(|failure| failure.in_file(source.name()))
}

fn package_needs(package: &PackageReader, common: &Common) -> Result<Needs, Failure> {
    let manifest = package.manifest()?;
    let mut needs = Needs {
        python: manifest.dependencies.python.clone(),
        requirements: manifest
            .dependencies
            .requirements
            .iter()
            .map(|requirement| Requirement {
                name: requirement.name.clone(),
                specifiers: requirement.specifier.clone(),
                marker: requirement.marker.clone(),
            })
            .collect(),
        artifacts: Vec::new(),
    };
    for artifact in &manifest.artifacts {
        if matches!(artifact.role, Role::Model | Role::ConvertedModel) {
            let source = package.read(&artifact.path)?;
            let mut found = artifact_needs(&source, common)?;
            found.path.clone_from(&artifact.path);
            needs.artifacts.push(found);
        }
    }
    Ok(needs)
}

fn artifact_needs(source: &Source, common: &Common) -> Result<ArtifactNeeds, Failure> {
    let model = ModelArgs { model: PathBuf::from(source.name()), from: None };
    let summary = summarize(source, &model, common)?;
    Ok(ArtifactNeeds {
        path: source.name().to_owned(),
        format: summary.format.to_owned(),
        onnx: onnx_needs(&summary),
        libraries: summary
            .libraries
            .iter()
            .map(|library| PythonLibrary {
                name: library.name.clone(),
                version: library.version.clone(),
                needed_to_load: library.needed_to_load,
            })
            .collect(),
    })
}

fn onnx_needs(summary: &Summary) -> Option<OnnxNeeds> {
    let fact = |name: &str| summary.facts.iter().find(|(key, _)| key == name).map(|(_, v)| v);
    let ir = fact("ir_version")?.as_i64()?;
    let opsets = fact("opsets")?.as_object()?;
    let opsets = opsets.iter().filter_map(|(domain, v)| Some((domain.clone(), v.as_i64()?)));
    (summary.format == "onnx").then(|| OnnxNeeds { ir, opsets: opsets.collect() })
}
