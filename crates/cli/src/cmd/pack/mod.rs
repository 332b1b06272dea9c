//! `pack`: a package from a folder with `holdall.toml`, from a bare model, or from another package.

mod flags;
mod golden;
mod init;
mod model;
mod packing;
mod repack;
mod schema;

use std::path::PathBuf;

use holdall_diag::Failure;
use holdall_package::{Container, Manifest, source_form::SOURCE_FORM_NAME};
use holdall_source::Source;
use serde_json::json;

#[cfg(test)]
pub(crate) use self::model::rfc3339;
use self::packing::{Base, Packed, Packing};
use crate::{
    args::Common,
    cmd::{
        codes, diff,
        inspect::package_text,
        scan::scan,
        sign::{PasswordArgs, private_key},
    },
    render::{self, push},
    ui::{Exit, Ui},
};

/// Pack a model with everything a server and an auditor need.
///
/// Takes a folder with `holdall.toml`, a bare model with flags, or a package to pack again. Scans,
/// converts and proves the model; profiles the data; records dependencies, code and data; writes the
/// package whole or not at all. What was declared and what was found must not contradict each other.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  holdall pack . -o breast_cancer.holdall\n  holdall pack . -o \
                        breast_cancer.tar.gz --json\n  holdall pack model.joblib -o bare.holdall \
                        --name bare --data train=train.csv\n  holdall pack breast_cancer.holdall -o \
                        breast_cancer.oci\n\nExit status: 0 packed; 1 the model is dangerous, or a \
                        conversion is refused or differs; 2 when something cannot be read or \
                        contradicts itself.\n\nSOURCE_DATE_EPOCH, in seconds, becomes the time of \
                        making; otherwise none is recorded."
)]
pub(crate) struct Args {
    /// A folder with `holdall.toml`, a model file, or a package.
    source: PathBuf,
    /// The package: `.holdall`, `.tar`, `.tar.gz`, `.oci` (an OCI image layout), or a folder.
    #[arg(short, long, value_name = "PACKAGE", required_unless_present = "init")]
    output: Option<PathBuf>,
    /// Sign it with this private key.
    #[arg(long, value_name = "PEM")]
    key: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
    /// Write a commented `holdall.toml` into the folder from what is found there, and pack nothing.
    #[arg(long, conflicts_with_all = ["output", "key", "bump", "reuse_digests"])]
    init: bool,
    /// Give it the version that follows from its differences to this older package.
    #[arg(long, value_name = "PACKAGE")]
    bump: Option<PathBuf>,
    /// When packing a package again, trust the digests in its manifest instead of reading every byte for
    /// them. In a folder, those of files that are not newer than `holdall.json`.
    #[arg(long)]
    reuse_digests: bool,
    #[command(flatten)]
    declared: flags::Flags,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if args.init {
        return init::run(&args.source, common, ui);
    }
    let Some(output) = &args.output else {
        return Err(Failure::usage(codes::ARGUMENT, "expected the name of a package to write"));
    };
    let password = args.password.read()?;
    let key = args.key.as_deref().map(|path| private_key(path, password.as_deref()));
    let key = key.transpose()?;
    let container = Container::of_name(output).unwrap_or(Container::Folder);
    let bump = args.bump.as_deref().map(|old| diff::read_side(old, common)).transpose()?;
    if let Some(package) = repack::package(&args.source, common)? {
        args.declared.refuse_for("a package that is packed again")?;
        let request = repack::Request {
            output,
            container,
            key: key.as_ref(),
            reuse: args.reuse_digests,
            bump: bump.as_ref(),
        };
        return repack::run(&package, &request, ui);
    }
    if args.reuse_digests {
        return Err(Failure::usage(
            codes::ARGUMENT,
            "`--reuse-digests` is for a package that is packed again, this is none",
        )
        .with_help("a folder is a package when it has a `holdall.json` and no `holdall.toml`"));
    }
    let (base, form) = if args.source.is_dir() {
        let mut form = holdall_package::source_form::SourceForm::read(&Source::open(
            &args.source.join(SOURCE_FORM_NAME),
        )?)?;
        args.declared.refuse_files_for("a folder with `holdall.toml`")?;
        args.declared.overlay(&mut form);
        (Base::folder(&args.source), form)
    } else {
        args.declared.form(&args.source)?
    };
    let packing = Packing::new(base, form)?;
    let model = packing.model_source()?;
    let scanned = scan(&model, common)?;
    if !matches!(scanned.verdict, "safe" | "review") {
        for (code, location, message) in &scanned.findings {
            ui.note(&format!("{}: {location}: {message} [{code}]", scanned.name));
        }
        ui.note(&format!("error: the model is {}: it is not packed", scanned.verdict));
        let findings = packing.refusals(&scanned.findings);
        ui.document(&document(output, None, &findings));
        return Ok(Exit::No);
    }
    let packed = packing.everything(&model, common, ui)?;
    let Packed { mut builder, report, proofs } = match packed {
        Ok(packed) => packed,
        Err(report) => {
            ui.report(&report);
            ui.document(&document(output, None, &render::report_json(&report)));
            return Ok(Exit::No);
        }
    };
    ui.report(&report);
    let mut bumped = String::new();
    if let Some(old) = &bump {
        bumped = diff::bump(old, &mut builder);
    }
    let manifest = builder.write(output, container, key.as_ref())?;
    ui.document(&document(output, Some(&manifest), &render::report_json(&report)));
    let mut text = package_text(&manifest, key.is_some());
    for proof in proofs {
        push(&mut text, format_args!("{proof}\n"));
    }
    push(&mut text, format_args!("\nscan      {}\n{bumped}", scanned.verdict));
    push(&mut text, format_args!("wrote {}\n", output.display()));
    ui.text(&text);
    Ok(Exit::Yes)
}

/// The document of `--json`.
fn document(
    output: &std::path::Path,
    manifest: Option<&Manifest>,
    findings: &serde_json::Value,
) -> serde_json::Value {
    json!({
        "schema": "holdall/pack/1",
        "package": output.display().to_string(),
        "manifest": manifest.map_or_else(|| json!({}), |m| serde_json::to_value(m).unwrap_or_default()),
        "findings": findings,
    })
}
