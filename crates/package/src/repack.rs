//! A package from a package: another container, another signature, the same files.

use std::path::Path;

use holdall_diag::{Failure, Location};
use holdall_sign::{PrivateKey, is_signature_file};

use crate::{
    Container, MANIFEST_NAME, Manifest, NewFile, PackageBuilder, PackageReader,
    archive::{ArchiveWriter, Item},
    builder::seal,
    codes,
    manifest::{Artifact, Role},
};

/// What is asked for when a package is packed again.
#[derive(Debug)]
pub struct RepackRequest<'a> {
    /// Where it goes.
    pub target: &'a Path,
    /// What holds it there.
    pub container: Container,
    /// The key that signs it; without one the result is not signed, as a signature covers the old bytes.
    pub key: Option<&'a PrivateKey>,
    /// Whether digests of the manifest are trusted, so that the bytes are copied without being hashed. In
    /// a folder, those of files with the listed length that are not newer than the manifest.
    pub reuse_digests: bool,
}

/// Packs a package again, with `change` made to its manifest.
///
/// Fails with `package/digest` when a file is not the one that the manifest lists, unless the package is a
/// folder: there, files may be changed, added and removed, and the manifest follows them.
pub fn repack(
    package: &PackageReader,
    request: &RepackRequest<'_>,
    change: &dyn Fn(&mut Manifest),
) -> Result<Manifest, Failure> {
    let mut manifest = package.manifest()?;
    change(&mut manifest);
    if package.container() == Container::Folder {
        return follow(package, request, manifest);
    }
    let listed = std::mem::take(&mut manifest.artifacts);
    let mut writer = ArchiveWriter::create(request.target, request.container)?;
    package.visit(&mut |entry, reader| {
        let name = entry.name();
        if name == MANIFEST_NAME || is_signature_file(name) {
            return Ok(());
        }
        let refuse = |code, message: String| {
            let place = Location::file(package.name()).in_entry(name);
            Failure::malformed(code, message).at(place)
        };
        let artifact = listed.iter().find(|artifact| artifact.path == name).ok_or_else(|| {
            refuse(codes::UNLISTED, format!("`{name}` is not listed in the manifest"))
        })?;
        let item = Item { name, size: entry.size(), role: artifact.role };
        if request.reuse_digests && artifact.size == entry.size() {
            writer.known(item, artifact.digests(), reader)?;
        } else {
            let found = writer.entry(item, reader)?;
            if found != artifact.digests() {
                return Err(refuse(
                    codes::DIGEST,
                    format!(
                        "`{name}` has SHA-256 {}, the manifest lists {}",
                        found.sha256, artifact.sha256
                    ),
                ));
            }
        }
        manifest.artifacts.push(artifact.clone());
        Ok(())
    })?;
    if let Some(missing) = listed.iter().find(|a| package.entry(&a.path).is_none()) {
        let message = format!("`{}` is listed and not there", missing.path);
        return Err(Failure::malformed(codes::MISSING, message).at(Location::file(package.name())));
    }
    seal(manifest, writer, request.key)
}

/// A folder as it is now: the manifest follows its files.
fn follow(
    package: &PackageReader,
    request: &RepackRequest<'_>,
    mut manifest: Manifest,
) -> Result<Manifest, Failure> {
    let listed = std::mem::take(&mut manifest.artifacts);
    let mut builder = PackageBuilder::new(manifest);
    for entry in package.entries() {
        let name = entry.name();
        if name == MANIFEST_NAME || is_signature_file(name) {
            continue;
        }
        let mut file = NewFile::new(package.read(name)?, Role::Other);
        if let Some(artifact) = listed.iter().find(|artifact| artifact.path == name) {
            file.role = artifact.role;
            file.format.clone_from(&artifact.format);
            file.format_version.clone_from(&artifact.format_version);
            file.media_type = Some(artifact.media_type.clone());
            let trusted = request.reuse_digests && unchanged(package, artifact);
            file.known = trusted.then(|| artifact.digests());
        }
        builder.add(name, file)?;
    }
    builder.write(request.target, request.container, request.key)
}

/// Whether a file of a folder may be taken for the listed one without looking at its bytes.
fn unchanged(package: &PackageReader, artifact: &Artifact) -> bool {
    let same_size = package.entry(&artifact.path).is_some_and(|e| e.size() == artifact.size);
    let Some(root) = package.path().filter(|_| same_size) else { return false };
    let changed = |name: &str| std::fs::metadata(root.join(name)).and_then(|m| m.modified()).ok();
    changed(&artifact.path).zip(changed(MANIFEST_NAME)).is_some_and(|(file, list)| file <= list)
}
