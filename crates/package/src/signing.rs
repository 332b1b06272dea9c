use holdall_diag::Failure;
use holdall_sign::{PrivateKey, Resource, SignOptions, is_signature_file};
use rayon::prelude::*;

use crate::{
    Entry, PackageReader,
    digest::{Digests, pump, pump_here, stream_failure},
};

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
