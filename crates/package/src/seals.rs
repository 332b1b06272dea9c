//! Signatures and attestations on a package: what they need read, and how they come in.

use std::{collections::BTreeSet, io::Read};

use holdall_diag::{Failure, Location};
use holdall_sign::{Hashing, Resource, digest_stream, is_signature_file};
use rayon::prelude::*;

use crate::{
    Container, Entry, MANIFEST_NAME, PackageReader,
    archive::{ArchiveWriter, Item, OciWriter, changed, write_file},
    codes,
    digest::{Digests, pump, stream_failure},
    manifest::Role,
};

/// Reads every file that `select` chooses, once, and gives what `work` makes of each, in the order of the
/// container. Files of a container with random access are read side by side, the largest first.
pub fn read_each<T: Send>(
    package: &PackageReader,
    select: &(dyn Fn(&str) -> bool + Sync),
    work: &(dyn Fn(&Entry, &mut (dyn Read + Send)) -> std::io::Result<T> + Sync),
) -> Result<Vec<(Entry, T)>, Failure> {
    let one = |entry: &Entry, reader: &mut (dyn Read + Send)| {
        work(entry, reader).map_err(|error| stream_failure(error, package.location(entry)))
    };
    if !package.random_access() {
        let mut found = Vec::new();
        package.visit(&mut |entry, reader| {
            if select(entry.name()) {
                found.push((entry.clone(), one(entry, reader)?));
            }
            Ok(())
        })?;
        return Ok(found);
    }
    let chosen = package.entries().iter().enumerate().filter(|(_, entry)| select(entry.name()));
    let mut chosen: Vec<(usize, &Entry)> = chosen.collect();
    chosen.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.size()));
    let read: Result<Vec<_>, Failure> = chosen
        .into_par_iter()
        .with_max_len(1)
        .map(|(index, entry)| Ok((index, entry.clone(), one(entry, &mut *package.stream(entry)?)?)))
        .collect();
    let mut read = read?;
    read.sort_by_key(|(index, _, _)| *index);
    Ok(read.into_iter().map(|(_, entry, made)| (entry, made)).collect())
}

/// A file that comes into a package beside those that are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its name, for which [`is_signature_file`] holds.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The most that a signature file may weigh.
const MOST_BYTES: u64 = 64 << 20;

/// The most signature files of a package.
const MOST_FILES: usize = 1_000;

/// The signature files of a package: `model.sig` first, then those of the folder for further ones.
pub fn signature_files(package: &PackageReader) -> Result<Vec<Seal>, Failure> {
    let names = package.entries().iter().filter(|entry| is_signature_file(entry.name()));
    let (mut count, mut large) = (0, None);
    for entry in names {
        count += 1;
        large = large.or((entry.size() > MOST_BYTES).then_some(entry));
    }
    if let Some(entry) = large {
        let message = format!("the signature has {} bytes, {MOST_BYTES} are allowed", entry.size());
        return Err(Failure::limit(codes::DECOMPRESSED, message).at(package.location(entry)));
    }
    if count > MOST_FILES {
        let message = format!("there are {count} signature files, {MOST_FILES} are allowed");
        return Err(Failure::limit(codes::ENTRIES, message).at(Location::file(package.name())));
    }
    let read = read_each(package, &is_signature_file, &|_, reader| {
        let mut bytes = Vec::new();
        reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    })?;
    let mut seals: Vec<Seal> = read
        .into_iter()
        .map(|(entry, bytes)| Seal { name: entry.name().to_owned(), bytes })
        .collect();
    // `model.sig` sorts before `model.sig.d/…`.
    seals.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(seals)
}

/// Makes signature files from the digests of all other files, and names those that go.
pub type MakeSeals<'a> = dyn FnMut(&[Resource]) -> Result<(Vec<Seal>, Vec<String>), Failure> + 'a;

/// How signatures come into a package.
pub struct Sealing<'a> {
    /// The digests of a file when they are trusted to be known, so that it need not be hashed.
    pub known: &'a dyn Fn(&Entry) -> Option<Digests>,
    /// Makes the new signature files.
    pub make: &'a mut MakeSeals<'a>,
}

impl std::fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealing")
    }
}

/// Puts signature files into a package where it is.
///
/// A folder gets the files one by one. An archive is written anew, atomically, with the same entries in the
/// same order and the signatures last; every byte is read once, and hashed where its digest is not known.
pub fn seal(package: &PackageReader, sealing: &mut Sealing<'_>) -> Result<(), Failure> {
    let path = package.path().ok_or_else(|| {
        Failure::usage(codes::WRITE, "expected a package on disk to sign, found one in memory")
            .at(Location::file(package.name()))
    })?;
    if package.container() == Container::Folder {
        let resources = resources(package, sealing.known)?;
        let (seals, gone) = (sealing.make)(&resources)?;
        for seal in &seals {
            let target = path.join(&seal.name);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder).map_err(|error| {
                    let message = format!("cannot make the folder: {error}");
                    Failure::io(codes::WRITE, message, error)
                        .at(Location::file(folder.display().to_string()))
                })?;
            }
            write_file(&target, &seal.bytes)?;
        }
        for name in gone.iter().filter(|name| !seals.iter().any(|seal| seal.name == **name)) {
            let target = path.join(name);
            std::fs::remove_file(&target).map_err(|error| {
                let message = format!("cannot remove the signature: {error}");
                Failure::io(codes::WRITE, message, error)
                    .at(Location::file(target.display().to_string()))
            })?;
            // The folder for further signatures goes with its last one; a folder that is not empty stays.
            drop(target.parent().map(std::fs::remove_dir));
        }
        return Ok(());
    }
    // An archive keeps the choice between stored and deflated that its manifest leads to.
    let manifest = package.entry(MANIFEST_NAME).map(|_| package.manifest()).transpose()?;
    let before = signature_files(package)?;
    if package.container() == Container::Oci {
        let resources = resources(package, sealing.known)?;
        let all = joined(before, (sealing.make)(&resources)?);
        let mut layout = OciWriter::amend(path, is_signature_file)?;
        for seal in &all {
            layout
                .blob(item(seal), None, &mut |writer| {
                    pump(&mut seal.bytes.as_slice(), writer, seal.bytes.len() as u64)
                })
                .map_err(|error| stream_failure(error, Location::file(package.name())))?;
        }
        return layout.commit(manifest.as_ref());
    }
    let role = |name: &str| {
        manifest.as_ref().and_then(|m| m.artifact(name)).map_or(Role::Other, |found| found.role)
    };
    let mut writer = ArchiveWriter::create(path, package.container())?;
    let mut resources = Vec::new();
    package.visit(&mut |entry, reader| {
        if is_signature_file(entry.name()) {
            return Ok(());
        }
        let item = Item { name: entry.name(), size: entry.size(), role: role(entry.name()) };
        let digests = match (sealing.known)(entry) {
            Some(digests) => writer.known(item, digests, reader).map(|()| digests)?,
            None => writer.entry(item, reader)?,
        };
        resources.push(Resource { name: entry.name().to_owned(), sha256: digests.sha256.0 });
        Ok(())
    })?;
    for seal in &joined(before, (sealing.make)(&resources)?) {
        writer.entry(item(seal), &mut seal.bytes.as_slice())?;
    }
    writer.commit(manifest.as_ref())
}

fn item(seal: &Seal) -> Item<'_> {
    Item { name: &seal.name, size: seal.bytes.len() as u64, role: Role::Other }
}

/// The signature files of a package after some were made and others go, in their order.
fn joined(before: Vec<Seal>, (made, gone): (Vec<Seal>, Vec<String>)) -> Vec<Seal> {
    let stays =
        |seal: &Seal| !gone.contains(&seal.name) && made.iter().all(|new| new.name != seal.name);
    let mut all: Vec<Seal> = before.into_iter().filter(stays).collect();
    all.extend(made);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The SHA-256 of every file that a signature covers.
fn resources(
    package: &PackageReader,
    known: &dyn Fn(&Entry) -> Option<Digests>,
) -> Result<Vec<Resource>, Failure> {
    let covered = package.entries().iter().filter(|entry| !is_signature_file(entry.name()));
    let mut found: Vec<Resource> = covered
        .filter_map(|e| Some(Resource { name: e.name().to_owned(), sha256: known(e)?.sha256.0 }))
        .collect();
    let names: BTreeSet<String> = found.iter().map(|resource| resource.name.clone()).collect();
    let select = |name: &str| !is_signature_file(name) && !names.contains(name);
    let wanted = BTreeSet::from([Hashing::SHA256]);
    let read = read_each(package, &select, &|entry, reader| {
        digest_stream(reader, entry.size(), &wanted, 0)
    })?;
    for (entry, digests) in read {
        let whole = digests.sha256().filter(|_| digests.size == entry.size());
        let sha256 = whole.ok_or_else(|| changed(package.location(&entry)))?;
        found.push(Resource { name: entry.name().to_owned(), sha256 });
    }
    Ok(found)
}
