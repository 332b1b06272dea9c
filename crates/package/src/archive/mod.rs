//! Containers: a folder, a zip, a tar, a tar.gz, an OCI image layout. Reading by name, writing with equal bytes.

mod folder;
mod gzip;
mod oci;
mod stream;
mod tar;
mod write;
mod zip;

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use holdall_diag::{Failure, FailureKind, Location};
use holdall_sign::SIGNATURE_NAME;
use holdall_source::{AtomicFile, Budget, Limits, Source};

use self::stream::{Checked, Limited};
pub(crate) use self::{
    folder::TemporaryFolder,
    oci::OciWriter,
    write::{ArchiveWriter, Item},
};
use crate::{MANIFEST_NAME, Manifest, codes, digest::stream_failure};

/// The most that a manifest or a signature may weigh.
const DOCUMENT_LIMIT: u64 = 256 << 20;

/// What holds the files of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A folder.
    Folder,
    /// A zip file; `.holdall`.
    Zip,
    /// An OCI image layout in the media types of ModelPack; `.oci`.
    Oci,
    /// A tar file.
    Tar,
    /// A tar file compressed by gzip.
    TarGz,
}

impl Container {
    /// The container that a file name asks for: by extension, a folder without one.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let ends = |end: &str| name.ends_with(end);
        if ends(".oci") {
            Some(Self::Oci)
        } else if ends(".holdall") || ends(".zip") {
            Some(Self::Zip)
        } else if ends(".tar.gz") || ends(".tgz") {
            Some(Self::TarGz)
        } else if ends(".tar") {
            Some(Self::Tar)
        } else if path.extension().is_none() {
            Some(Self::Folder)
        } else {
            None
        }
    }
}

/// A package that is open for reading. Nothing but names and sizes is read until it is asked for,
/// except that a tar.gz is decompressed once to find them.
#[derive(Debug)]
pub struct PackageReader {
    name: String,
    path: Option<PathBuf>,
    container: Container,
    source: Option<Source>,
    entries: Vec<Entry>,
    limits: Limits,
    /// Manifest and signature of a tar.gz, kept while its names were read.
    captured: BTreeMap<String, Bytes>,
}

/// One file of a package.
#[derive(Clone, Debug)]
pub struct Entry {
    name: String,
    size: u64,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    /// A file in a folder.
    File(PathBuf),
    /// A local header in a zip.
    Zip(zip::Member),
    /// Bytes of a tar, from this offset.
    Plain(u64),
    /// Bytes of a compressed tar, from this offset of the decompressed stream.
    Solid(u64),
}

impl Entry {
    /// Name below the root, with `/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl PackageReader {
    /// Opens a folder or an archive; which one is found by content.
    ///
    /// Fails when any name leaves the package, comes twice, differs from another by case only, or when
    /// an entry is a link.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Failure> {
        if std::fs::metadata(path).is_ok_and(|meta| meta.is_dir()) {
            let (container, entries) = if oci::is_layout(path) {
                (Container::Oci, oci::list(path, &limits)?)
            } else {
                (Container::Folder, folder::list(path, &limits)?)
            };
            return Ok(Self {
                name: path.display().to_string(),
                path: Some(path.to_path_buf()),
                container,
                source: None,
                entries,
                limits,
                captured: BTreeMap::new(),
            });
        }
        let mut reader = Self::from_source(Source::open(path)?, limits)?;
        reader.path = Some(path.to_path_buf());
        Ok(reader)
    }

    /// Opens an archive.
    pub fn from_source(source: Source, limits: Limits) -> Result<Self, Failure> {
        let name = source.name().to_owned();
        let head = source.head(512)?;
        let opened = if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            zip::list(&source, &limits).map(|e| (Container::Zip, e, BTreeMap::new()))
        } else if head.starts_with(&[0x1f, 0x8b]) {
            let stream = Limited::new(MultiGzDecoder::new(source.reader()), limits.decompressed);
            tar::list(stream, true, &limits).map(|(e, kept)| (Container::TarGz, e, kept))
        } else if head.get(257..262) == Some(b"ustar".as_slice()) {
            tar::list(tar::Skipping(source.reader()), false, &limits)
                .map(|(e, kept)| (Container::Tar, e, kept))
        } else {
            Err(Failure::malformed(
                codes::NOT_A_PACKAGE,
                "expected a package (a folder, zip, tar, tar.gz or OCI layout), found another kind of file",
            ))
        };
        let (container, entries, captured) = opened.map_err(|f| f.in_file(&name))?;
        Ok(Self { name, path: None, container, source: Some(source), entries, limits, captured })
    }

    /// The package as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, when it was opened by path.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What holds its files.
    pub fn container(&self) -> Container {
        self.container
    }

    /// Its files, in the order in which the container has them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file called `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The bytes of one file. What is stored as it is comes as a view of the archive, without a copy
    /// and unchecked; what is compressed is decompressed into memory, within the limits, and checked.
    pub fn read(&self, name: &str) -> Result<Source, Failure> {
        let entry = self.entry(name).ok_or_else(|| {
            Failure::usage(codes::NO_ENTRY, format!("there is no entry `{name}` in the package"))
                .at(Location::file(self.name.as_str()))
        })?;
        let view = |offset: u64| -> Result<Source, Failure> {
            let bytes = self.archive()?.bytes()?;
            let range = usize::try_from(offset).ok().zip(usize::try_from(entry.size).ok());
            let end = range.and_then(|(start, len)| Some((start, start.checked_add(len)?)));
            let inside = end.filter(|&(_, end)| end <= bytes.len());
            let (start, end) =
                inside.ok_or_else(|| self.bug("an entry lies outside its archive"))?;
            Ok(Source::from_bytes(self.label(entry), bytes.slice(start..end)))
        };
        match &entry.place {
            Place::File(path) => Source::open(path),
            Place::Plain(offset) => view(*offset),
            Place::Zip(member) if member.stored() => {
                view(member.data(self.archive()?).map_err(|f| self.inside(f, entry))?)
            }
            Place::Zip(_) | Place::Solid(_) => {
                if let Some(bytes) = self.captured.get(name) {
                    return Ok(Source::from_bytes(self.label(entry), bytes.clone()));
                }
                let mut budget = Budget::new(self.limits);
                let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
                let mut bytes = budget.vec::<u8>(size)?;
                let mut reader = self.stream(entry)?;
                reader
                    .read_to_end(&mut bytes)
                    .map_err(|error| stream_failure(error, self.location(entry)))?;
                Ok(Source::from_bytes(self.label(entry), bytes))
            }
        }
    }

    /// The manifest, or a failure with `package/no-manifest`.
    pub fn manifest(&self) -> Result<Manifest, Failure> {
        let bytes = self.document(MANIFEST_NAME)?.ok_or_else(|| {
            Failure::malformed(codes::NO_MANIFEST, format!("there is no `{MANIFEST_NAME}`"))
                .at(Location::file(self.name.as_str()))
                .with_help("this is a plain model; `pack` makes a package of it")
        })?;
        Manifest::read(&bytes).map_err(|failure| {
            failure.map_location(|l| l.in_entry(MANIFEST_NAME)).in_file(&self.name)
        })
    }

    /// The bytes of the signature, if there is one.
    pub fn signature(&self) -> Result<Option<Bytes>, Failure> {
        self.document(SIGNATURE_NAME)
    }

    fn document(&self, name: &str) -> Result<Option<Bytes>, Failure> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        if entry.size > DOCUMENT_LIMIT {
            return Err(Failure::limit(
                codes::DECOMPRESSED,
                format!("`{name}` has {} bytes, {DOCUMENT_LIMIT} are allowed", entry.size),
            )
            .at(self.location(entry)));
        }
        let mut bytes = Vec::new();
        match self.captured.get(name) {
            Some(bytes) => return Ok(Some(bytes.clone())),
            None => self
                .stream(entry)?
                .read_to_end(&mut bytes)
                .map_err(|error| stream_failure(error, self.location(entry)))?,
        };
        Ok(Some(bytes.into()))
    }

    /// A reader over one file that fails at its end when a checksum of the archive does not hold.
    pub fn stream(&self, entry: &Entry) -> Result<Box<dyn Read + Send>, Failure> {
        let size = entry.size;
        Ok(match &entry.place {
            Place::File(path) => Box::new(Source::open(path)?.reader()),
            Place::Plain(offset) => {
                Box::new(Checked::new(self.at(*offset, entry)?.take(size), size, None))
            }
            Place::Zip(member) => {
                let start = member.data(self.archive()?).map_err(|f| self.inside(f, entry))?;
                let raw = self.at(start, entry)?.take(member.compressed());
                if member.stored() {
                    Box::new(Checked::new(raw, size, Some(member.crc())))
                } else {
                    let inflated = DeflateDecoder::new(raw);
                    Box::new(Checked::new(inflated, size, Some(member.crc())))
                }
            }
            Place::Solid(offset) => {
                let mut solid = self.solid()?;
                skip(&mut solid, *offset)
                    .map_err(|error| stream_failure(error, self.location(entry)))?;
                Box::new(Checked::new(solid.take(size), size, None))
            }
        })
    }

    /// Goes through all files in order; a compressed tar is decompressed once for all of them.
    pub(crate) fn visit(
        &self,
        each: &mut dyn FnMut(&Entry, &mut (dyn Read + Send)) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.container != Container::TarGz {
            for entry in &self.entries {
                each(entry, &mut *self.stream(entry)?)?;
            }
            return Ok(());
        }
        let mut solid = self.solid()?;
        let mut position = 0;
        for entry in &self.entries {
            let Place::Solid(offset) = entry.place else {
                return Err(self.bug("an entry of a tar.gz lies elsewhere"));
            };
            let failed = |error| stream_failure(error, self.location(entry));
            skip(&mut solid, offset.saturating_sub(position)).map_err(failed)?;
            let mut inner = Checked::new((&mut solid).take(entry.size), entry.size, None);
            each(entry, &mut inner)?;
            skip(&mut inner, u64::MAX).map_err(failed)?;
            position = offset + entry.size;
        }
        Ok(())
    }

    /// Writes the files that `select` chooses into a new folder, all or none.
    ///
    /// Fails with `package/exists` when `target` is there already. Checksums of the archive are
    /// checked; digests of the manifest are the matter of [`verify`](crate::verify).
    pub fn unpack(&self, target: &Path, select: &dyn Fn(&str) -> bool) -> Result<u64, Failure> {
        self.unpack_with(target, select, &[])
    }

    /// The same with more files, which take the place of those of the package that have their names.
    pub fn unpack_with(
        &self,
        target: &Path,
        select: &dyn Fn(&str) -> bool,
        more: &[(String, String)],
    ) -> Result<u64, Failure> {
        let folder = TemporaryFolder::create(target)?;
        let mut count = 0;
        for (name, text) in more {
            let mut file = folder.file(name)?;
            file.write_all(text.as_bytes())
                .map_err(|error| stream_failure(error, Location::file(name.as_str())))?;
            file.commit()?;
            count += 1;
        }
        self.visit(&mut |entry, reader| {
            if !select(&entry.name) || more.iter().any(|(name, _)| *name == entry.name) {
                return Ok(());
            }
            let mut file = folder.file(&entry.name)?;
            let copied = std::io::copy(reader, &mut file)
                .map_err(|error| stream_failure(error, self.location(entry)))?;
            if copied != entry.size {
                return Err(changed(self.location(entry)));
            }
            count += 1;
            file.commit()
        })?;
        folder.commit()?;
        Ok(count)
    }

    /// A location naming one entry.
    pub(crate) fn location(&self, entry: &Entry) -> Location {
        Location::file(self.name.as_str()).in_entry(entry.name.as_str())
    }

    /// Whether files can be read side by side without decompressing one for the other.
    pub(crate) fn random_access(&self) -> bool {
        self.container != Container::TarGz
    }

    fn label(&self, entry: &Entry) -> String {
        format!("{}!{}", self.name, entry.name)
    }

    fn inside(&self, failure: Failure, entry: &Entry) -> Failure {
        failure.map_location(|l| l.in_entry(entry.name.as_str())).in_file(&self.name)
    }

    fn archive(&self) -> Result<&Source, Failure> {
        self.source.as_ref().ok_or_else(|| self.bug("a folder has no archive"))
    }

    fn at(&self, offset: u64, entry: &Entry) -> Result<impl Read + Send + use<>, Failure> {
        let mut reader = self.archive()?.reader();
        reader
            .seek(SeekFrom::Start(offset))
            .map_err(|error| stream_failure(error, self.location(entry)))?;
        Ok(reader)
    }

    fn solid(&self) -> Result<impl Read + Send + use<>, Failure> {
        let decoder = MultiGzDecoder::new(self.archive()?.reader());
        Ok(Limited::new(decoder, self.limits.decompressed))
    }

    fn bug(&self, message: &str) -> Failure {
        Failure::new(
            FailureKind::Bug,
            holdall_diag::Diagnostic::error(codes::ARCHIVE, message)
                .at(Location::file(self.name.as_str())),
        )
    }
}

/// The files below a folder by name, with their paths; links and special files are refused.
pub(crate) fn files_below(root: &Path, limits: &Limits) -> Result<Vec<(String, PathBuf)>, Failure> {
    let entries = folder::list(root, limits)?.into_iter();
    Ok(entries
        .filter_map(|entry| match entry.place {
            Place::File(path) => Some((entry.name, path)),
            Place::Zip(_) | Place::Plain(_) | Place::Solid(_) => None,
        })
        .collect())
}

/// A file that grew or shrank between being listed and being read.
pub(crate) fn changed(place: Location) -> Failure {
    Failure::new(
        FailureKind::Io,
        holdall_diag::Diagnostic::error(codes::CHANGED, "the file changed while it was read")
            .at(place)
            .with_help("wait until nothing writes to it, then try again"),
    )
}

fn skip(reader: &mut impl Read, count: u64) -> std::io::Result<()> {
    std::io::copy(&mut reader.take(count), &mut std::io::sink()).map(drop)
}

/// Writes bytes as a file that appears whole.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .map_err(|error| stream_failure(error, Location::file(path.display().to_string())))?;
    file.commit()
}
