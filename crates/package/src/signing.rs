use holdall_diag::{Failure, Location};
use holdall_sign::{PrivateKey, Resource, SIGNATURE_NAME, SignOptions, is_signature_file};
use rayon::prelude::*;

use crate::{
    Container, Entry, MANIFEST_NAME, PackageReader,
    archive::{ArchiveWriter, write_file},
    builder::is_stored,
    codes,
    digest::{Digests, pump, stream_failure},
    manifest::Role,
};

/// What is asked for when a package is signed.
#[derive(Debug)]
pub struct SignRequest<'a> {
    /// Name of the model; informative.
    pub subject: &'a str,
    /// The key.
    pub key: &'a PrivateKey,
}

/// Signs a package or a plain folder where it is, replacing a signature that is there.
///
/// A folder gets a file `model.sig`. An archive is written anew, atomically, with the same entries in
/// the same order and the signature last. Every byte is read once.
pub fn sign(package: &PackageReader, request: &SignRequest<'_>) -> Result<(), Failure> {
    let path = package.path().ok_or_else(|| {
        Failure::usage(codes::WRITE, "expected a package on disk to sign, found one in memory")
            .at(Location::file(package.name()))
    })?;
    if package.container() == Container::Folder {
        let digests = digests(package)?;
        let signature = bundle(&resources(&digests), request.subject, request.key)?;
        return write_file(&path.join(SIGNATURE_NAME), &signature);
    }
    // An archive keeps the choice between stored and deflated that its manifest leads to.
    let manifest = package.entry(MANIFEST_NAME).map(|_| package.manifest()).transpose()?;
    let role = |name: &str| {
        manifest.as_ref().and_then(|m| m.artifact(name)).map_or(Role::Other, |found| found.role)
    };
    let mut writer = ArchiveWriter::create(path, package.container())?;
    let mut found = Vec::new();
    package.visit(&mut |entry, reader| {
        if entry.name() != SIGNATURE_NAME {
            let stored = is_stored(entry.name(), role(entry.name()));
            let digests = writer.entry(entry.name(), entry.size(), stored, reader)?;
            found.push((entry.clone(), digests));
        }
        Ok(())
    })?;
    let signature = bundle(&resources(&found), request.subject, request.key)?;
    let mut reader = signature.as_slice();
    writer.entry(SIGNATURE_NAME, signature.len() as u64, false, &mut reader)?;
    writer.commit()
}

pub(crate) fn bundle(
    resources: &[Resource],
    subject: &str,
    key: &PrivateKey,
) -> Result<Vec<u8>, Failure> {
    holdall_sign::sign(resources, &SignOptions::new(subject), key)
}

/// The digests of every file, read once; files of a container with random access side by side.
pub(crate) fn digests(package: &PackageReader) -> Result<Vec<(Entry, Digests)>, Failure> {
    let hash = |entry: &Entry, reader: &mut (dyn std::io::Read + Send)| {
        let digests = pump(reader, &mut std::io::sink())
            .map_err(|error| stream_failure(error, package.location(entry)))?;
        Ok::<_, Failure>((entry.clone(), digests))
    };
    if package.random_access() {
        let entries = package.entries().par_iter();
        return entries.map(|entry| hash(entry, &mut *package.stream(entry)?)).collect();
    }
    let mut found = Vec::new();
    package.visit(&mut |entry, reader| {
        found.push(hash(entry, reader)?);
        Ok(())
    })?;
    Ok(found)
}

/// What a signature covers: every file but signatures and attestations.
pub(crate) fn resources(found: &[(Entry, Digests)]) -> Vec<Resource> {
    let covered = found.iter().filter(|(entry, _)| !is_signature_file(entry.name()));
    covered
        .map(|(entry, digests)| Resource {
            name: entry.name().to_owned(),
            sha256: digests.sha256.0,
        })
        .collect()
}
