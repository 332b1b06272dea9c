//! What is signed and verified: a package, a plain folder, or one file with its signature beside it.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};
use holdall_package::{Container, MANIFEST_NAME, PackageReader, read_each};
use holdall_sign::{FileDigests, Hashing, digest_stream, is_signature_file};
use holdall_source::{Limits, Source};

/// A model on disk.
#[derive(Debug)]
pub(crate) enum Model {
    /// A folder, or an archive that is a package.
    Package(PackageReader),
    /// One file.
    File(Source),
}

/// A file of a model after it was read, or not.
#[derive(Debug)]
pub(crate) struct ReadFile {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) digests: Option<FileDigests>,
}

impl Model {
    /// Opens a model. A zip or tar is a package when it has a manifest or the name of one: model files such
    /// as `.npz` and `.pt` are archives too, and nothing may be written into them.
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Self, Failure> {
        let opened = PackageReader::open(path, limits);
        let named = Container::of_name(path).is_some_and(|named| named != Container::Folder);
        match opened {
            Ok(reader) if path.is_dir() => Ok(Self::Package(reader)),
            Ok(reader) if named || reader.entry(MANIFEST_NAME).is_some() => {
                Ok(Self::Package(reader))
            }
            Ok(_) => Ok(Self::File(Source::open(path)?)),
            Err(failure) if failure.code() == holdall_package::codes::NOT_A_PACKAGE && !named => {
                Ok(Self::File(Source::open(path)?))
            }
            Err(failure) => Err(failure),
        }
    }

    /// The package, when it is one.
    pub(crate) fn package(&self) -> Option<&PackageReader> {
        match self {
            Self::Package(package) => Some(package),
            Self::File(_) => None,
        }
    }

    /// Base name of a model without a manifest.
    pub(crate) fn base_name(path: &Path) -> String {
        // `.` and `..` have no name of their own.
        let absolute = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        absolute.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    }

    /// Names and sizes of its files, in order.
    pub(crate) fn files(&self, path: &Path) -> Vec<(String, u64)> {
        match self {
            Self::Package(package) => {
                package.entries().iter().map(|e| (e.name().to_owned(), e.size())).collect()
            }
            Self::File(source) => vec![(Self::base_name(path), source.len())],
        }
    }

    /// Reads the files that `select` chooses, once, and takes the digests of `wanted`.
    pub(crate) fn read(
        &self,
        path: &Path,
        wanted: &BTreeSet<Hashing>,
        shards: usize,
        select: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<ReadFile>, Failure> {
        let mut found: Vec<ReadFile> = self
            .files(path)
            .into_iter()
            .map(|(name, size)| ReadFile { name, size, digests: None })
            .collect();
        if wanted.is_empty() {
            return Ok(found);
        }
        let read = match self {
            Self::Package(package) => {
                let chosen = |name: &str| !is_signature_file(name) && select(name);
                let read = read_each(package, &chosen, &|entry, reader| {
                    digest_stream(reader, entry.size(), wanted, shards)
                })?;
                read.into_iter().map(|(e, digests)| (e.name().to_owned(), digests)).collect()
            }
            Self::File(source) => {
                let name = Self::base_name(path);
                let digests = digest_stream(&mut source.reader(), source.len(), wanted, shards)
                    .map_err(|error| {
                        let message = format!("cannot read: {error}");
                        Failure::io(holdall_source::codes::READ, message, error)
                            .at(source.location())
                    })?;
                if select(&name) { vec![(name, digests)] } else { Vec::new() }
            }
        };
        let mut read = read.into_iter().peekable();
        for file in &mut found {
            // Both lists have the order of the container.
            if let Some((name, digests)) = read.next_if(|(name, _)| *name == file.name) {
                if digests.size != file.size {
                    return Err(changed(path, &name));
                }
                file.digests = Some(digests);
            }
        }
        Ok(found)
    }
}

/// The place of the signature of a model that is one file.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// The name of a file inside a folder, when it lies there.
pub(crate) fn name_inside(folder: &Path, file: &Path) -> Option<String> {
    let folder = std::fs::canonicalize(folder).ok().filter(|folder| folder.is_dir())?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
    let full = parent.join(file.file_name()?);
    let inside = full.strip_prefix(folder).ok()?;
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

fn changed(path: &Path, name: &str) -> Failure {
    Failure::io(
        holdall_package::codes::CHANGED,
        "the file changed while it was read",
        std::io::ErrorKind::InvalidData.into(),
    )
    .at(Location::file(path.display().to_string()).in_entry(name))
    .with_help("wait until nothing writes to it, then try again")
}
