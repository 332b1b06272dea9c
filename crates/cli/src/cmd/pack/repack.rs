//! Packing a package again.

use std::path::Path;

use holdall_diag::Failure;
use holdall_package::{
    Container, MANIFEST_NAME, PackageReader, RepackRequest,
    diff::{Area, compare, next_version},
    repack,
    source_form::SOURCE_FORM_NAME,
};
use holdall_sign::PrivateKey;
use serde_json::json;

use super::document;
use crate::{
    args::Common,
    cmd::{
        diff,
        inspect::{open_package, package_text},
    },
    render::push,
    ui::{Exit, Ui},
};

/// What is asked for.
pub(super) struct Request<'a> {
    pub(super) output: &'a Path,
    pub(super) container: Container,
    pub(super) key: Option<&'a PrivateKey>,
    pub(super) reuse: bool,
    pub(super) bump: Option<&'a diff::Side>,
}

/// The package, when the source is one. A folder with a `holdall.toml` is a project.
pub(super) fn package(source: &Path, common: &Common) -> Result<Option<PackageReader>, Failure> {
    if source.is_dir() && source.join(SOURCE_FORM_NAME).exists() {
        return Ok(None);
    }
    let package = open_package(source, common)?;
    Ok(package.filter(|package| package.entry(MANIFEST_NAME).is_some()))
}

pub(super) fn run(
    package: &PackageReader,
    request: &Request<'_>,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let mut bumped = None;
    if let Some(old) = request.bump {
        let mut found = compare(old.manifest(), &package.manifest()?);
        found.retain(|difference| difference.area != Area::Files);
        bumped = Some(next_version(&old.manifest().version, &found));
    }
    let again = RepackRequest {
        target: request.output,
        container: request.container,
        key: request.key,
        reuse_digests: request.reuse,
    };
    let manifest = repack(package, &again, &|manifest| {
        if let Some(next) = &bumped {
            manifest.version.clone_from(&next.next);
        }
    })?;
    ui.document(&document(request.output, Some(&manifest), &json!([])));
    let mut text = package_text(&manifest, request.key.is_some());
    if let Some(next) = &bumped {
        push(&mut text, format_args!("\n{}", diff::line(next)));
    }
    push(&mut text, format_args!("\nwrote {}\n", request.output.display()));
    ui.text(&text);
    Ok(Exit::Yes)
}
