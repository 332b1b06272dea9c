use holdall_diag::Failure;
use holdall_sign::{PrivateKey, Resource, SignOptions, is_signature_file};

use crate::{
    Entry, PackageReader,
    digest::{Digests, pump},
    seals::read_each,
};

pub(crate) fn bundle(
    resources: &[Resource],
    subject: &str,
    key: &PrivateKey,
) -> Result<Vec<u8>, Failure> {
    holdall_sign::sign(resources, &SignOptions::new(subject), key)
}

/// The digests of every file, read once.
pub(crate) fn digests(package: &PackageReader) -> Result<Vec<(Entry, Digests)>, Failure> {
    read_each(package, &|_| true, &|entry, reader| pump(reader, &mut std::io::sink(), entry.size()))
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
