//! `diff`: what differs between two packages, and the version that follows.

mod models;
mod profiles;
mod weights;

use std::path::{Path, PathBuf};

use holdall_diag::Failure;
use holdall_package::{
    Manifest, PackageBuilder, PackageReader,
    diff::{Area, Difference, NextVersion, compare, next_version},
};
use serde_json::json;

use crate::{
    args::Common,
    render::push,
    ui::{Exit, Ui},
};

/// Say what differs between two packages or two ONNX models; for packages, which version follows from it.
///
/// Models are compared by versions, interface, nodes, attributes, and weights with statistics.
/// Compares files, schema, dependencies, operator sets, parameters, figures, profiles and weights. MAJOR:
/// data or target became incompatible. MINOR: the model performs better. PIPELINE: it was made in another
/// way.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall diff breast_cancer.holdall breast_cancer.tar.gz\n  \
                        holdall diff breast_cancer.holdall breast_cancer.tar.gz --json\n  \
                        holdall diff model.onnx model.onnx\n\nExit status: 0 nothing differs; 1 \
                        something does; 2 when a package or model cannot be read.")]
pub(crate) struct Args {
    /// The older package or model.
    old: PathBuf,
    /// The newer package or model.
    new: PathBuf,
}

/// One side of a comparison.
pub(crate) struct Side {
    package: PackageReader,
    manifest: Manifest,
    name: String,
}

impl Side {
    /// What it says about itself.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// Opens a package and reads its manifest.
pub(crate) fn read_side(path: &Path, common: &Common) -> Result<Side, Failure> {
    let package = PackageReader::open(path, common.limits())?;
    let manifest = package.manifest()?;
    Ok(Side { package, manifest, name: path.display().to_string() })
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(exit) = models::run(&args.old, &args.new, common, ui)? {
        return Ok(exit);
    }
    let (old, new) = (read_side(&args.old, common)?, read_side(&args.new, common)?);
    let mut found = compare(&old.manifest, &new.manifest);
    found.extend(profiles::drift(&old, &new)?);
    found.extend(weights::tensors(&old, &new, common)?);
    found.sort_by_key(|difference| difference.area);
    let next = next_version(&old.manifest.version, &found);
    let side = |side: &Side| {
        json!({
            "package": side.name,
            "name": side.manifest.name,
            "version": side.manifest.version.to_string(),
        })
    };
    ui.document(&json!({
        "schema": "holdall/diff/1",
        "equal": found.is_empty(),
        "old": side(&old),
        "new": side(&new),
        "differences": found,
        "version": {
            "level": next.level.as_str(),
            "next": next.next.to_string(),
            "reasons": next.reasons,
        },
    }));
    ui.text(&text(&old, &new, &found, &next));
    Ok(Exit::yes_if(found.is_empty()))
}

fn text(old: &Side, new: &Side, found: &[Difference], next: &NextVersion) -> String {
    if found.is_empty() {
        return format!("{} and {} say and hold the same\n", old.name, new.name);
    }
    let mut out = String::new();
    let mut area: Option<Area> = None;
    for difference in found {
        if area != Some(difference.area) {
            let gap = if area.is_some() { "\n" } else { "" };
            push(&mut out, format_args!("{gap}{}\n", difference.area.as_str()));
            area = Some(difference.area);
        }
        let (mark, sides) = match (&difference.old, &difference.new) {
            (Some(old), Some(new)) => ("~", format!("{old} → {new}")),
            (None, Some(new)) => ("+", new.clone()),
            (Some(old), None) => ("-", old.clone()),
            (None, None) => ("~", String::new()),
        };
        let why = difference.why.as_ref().map_or_else(String::new, |why| format!("  ({why})"));
        push(&mut out, format_args!("  {mark} {}: {sides}{why}\n", difference.what));
    }
    push(
        &mut out,
        format_args!("\nversion  {} → {}  ({})\n", next.old, next.next, next.level.as_str()),
    );
    for reason in next.reasons.iter().take(SHOWN) {
        push(&mut out, format_args!("  {reason}\n"));
    }
    if next.reasons.len() > SHOWN {
        push(&mut out, format_args!("  … {} in all\n", next.reasons.len()));
    }
    if new.manifest.version != next.next {
        push(&mut out, format_args!("  the newer package says {}\n", new.manifest.version));
    }
    out
}

/// Reasons that are shown; `--json` has all.
const SHOWN: usize = 12;

/// Gives a package in the making the version that follows from its differences to an older one; the line
/// that says so. Digests are not known yet, so the files do not count: what makes them differ does.
pub(crate) fn bump(old: &Side, builder: &mut PackageBuilder) -> String {
    let manifest = builder.manifest_mut();
    let found = differences_before_writing(old, manifest);
    let next = next_version(&old.manifest.version, &found);
    manifest.version = next.next.clone();
    line(&next)
}

/// The line that says which version was given, and why.
pub(crate) fn line(next: &NextVersion) -> String {
    let why = match next.reasons.as_slice() {
        [] => "nothing that counts differs".to_owned(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}; {} more", rest.len()),
    };
    format!("version   {} → {} ({}: {why})\n", next.old, next.next, next.level.as_str())
}

fn differences_before_writing(old: &Side, manifest: &Manifest) -> Vec<Difference> {
    let mut found = compare(&old.manifest, manifest);
    found.retain(|difference| difference.area != Area::Files);
    found
}
