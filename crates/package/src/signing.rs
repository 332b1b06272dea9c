use holdall_diag::{Failure, Location};
use holdall_sign::{PrivateKey, Resource, SIGNATURE_NAME, SignOptions};
use rayon::prelude::*;

use crate::{
    Container, Entry, MANIFEST_NAME, PackageReader,
    archive::{ArchiveWriter, Item, OciWriter, write_file},
    codes,
    digest::{Digests, pump, pump_here, stream_failure},
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
    // An archive keeps the choice between stored and deflated that its manifest leads to.
    let manifest = package.entry(MANIFEST_NAME).map(|_| package.manifest()).transpose()?;
    let finish =
        |digests: &[(Entry, Digests)]| bundle(&resources(digests), request.subject, request.key);
    let item = |signature: &[u8]| Item {
        name: SIGNATURE_NAME,
        size: signature.len() as u64,
        role: Role::Other,
    };
    if package.container() == Container::Folder {
        return write_file(&path.join(SIGNATURE_NAME), &finish(&digests(package)?)?);
    }
    if package.container() == Container::Oci {
        let signature = finish(&digests(package)?)?;
        let mut layout = OciWriter::amend(path, SIGNATURE_NAME)?;
        layout
            .blob(item(&signature), None, &mut |writer| pump(&mut signature.as_slice(), writer))
            .map_err(|error| stream_failure(error, Location::file(package.name())))?;
        return layout.commit(manifest.as_ref());
    }
    let role = |name: &str| {
        manifest.as_ref().and_then(|m| m.artifact(name)).map_or(Role::Other, |found| found.role)
    };
    let mut writer = ArchiveWriter::create(path, package.container())?;
    let mut found = Vec::new();
    package.visit(&mut |entry, reader| {
        if entry.name() != SIGNATURE_NAME {
            let item = Item { name: entry.name(), size: entry.size(), role: role(entry.name()) };
            found.push((entry.clone(), writer.entry(item, reader)?));
        }
        Ok(())
    })?;
    let signature = finish(&found)?;
    writer.entry(item(&signature), &mut signature.as_slice())?;
    writer.commit(manifest.as_ref())
}

pub(crate) fn bundle(
    resources: &[Resource],
    subject: &str,
    key: &PrivateKey,
) -> Result<Vec<u8>, Failure> {
    holdall_sign::sign(resources, &SignOptions::new(subject), key)
}

/// Files from this on are hashed one after the other, each on all cores.
const LARGE: u64 = 64 << 20;

/// The digests of every file, read once; small files of a container with random access side by side.
pub(crate) fn digests(package: &PackageReader) -> Result<Vec<(Entry, Digests)>, Failure> {
    let failed = |entry: &Entry, error| stream_failure(error, package.location(entry));
    let mut nowhere = std::io::sink();
    let mut found = Vec::new();
    if !package.random_access() {
        package.visit(&mut |entry, reader| {
            let digests = pump(reader, &mut nowhere).map_err(|error| failed(entry, error))?;
            found.push((entry.clone(), digests));
            Ok(())
        })?;
        return Ok(found);
    }
    let (large, small): (Vec<_>, Vec<_>) =
        package.entries().iter().enumerate().partition(|(_, entry)| entry.size() >= LARGE);
    let mut numbered: Vec<(usize, Digests)> = small
        .into_par_iter()
        .map(|(at, entry)| {
            let mut reader = package.stream(entry)?;
            let digests = pump_here(&mut reader, &mut std::io::sink());
            Ok::<_, Failure>((at, digests.map_err(|error| failed(entry, error))?))
        })
        .collect::<Result<_, _>>()?;
    for (at, entry) in large {
        let digests = pump(&mut *package.stream(entry)?, &mut nowhere);
        numbered.push((at, digests.map_err(|error| failed(entry, error))?));
    }
    numbered.sort_by_key(|(at, _)| *at);
    let entries = package.entries().iter().cloned();
    Ok(entries.zip(numbered.into_iter().map(|(_, digests)| digests)).collect())
}

/// What a signature covers: every file but the signature itself.
pub(crate) fn resources(found: &[(Entry, Digests)]) -> Vec<Resource> {
    let covered = found.iter().filter(|(entry, _)| entry.name() != SIGNATURE_NAME);
    covered
        .map(|(entry, digests)| Resource {
            name: entry.name().to_owned(),
            sha256: digests.sha256.0,
        })
        .collect()
}
