use std::{
    io::{Read, Write},
    path::Path,
};

use ::tar::{Builder, Header};
use ::zip::{CompressionMethod, DateTime, System, ZipWriter, write::SimpleFileOptions};
use holdall_diag::{Failure, Location};
use holdall_source::AtomicFile;

use super::{Container, TemporaryFolder, changed, gzip::GzipMembers, oci::OciWriter};
use crate::{
    Manifest, codes,
    digest::{Digests, pump, stream_failure},
    manifest::Role,
    media,
};

/// Stored data starts at multiples of this, so that tensors can be used where they lie in the file.
const ALIGNMENT: u16 = 64;

/// The level is part of the format: another one gives other bytes.
const LEVEL: u32 = 6;

/// What is known of a file before it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    /// Name below the root.
    pub(crate) name: &'a str,
    /// Length in bytes.
    pub(crate) size: u64,
    /// What it is for.
    pub(crate) role: Role,
}

/// Writes a container, entry by entry in the order given; it appears whole or not at all.
pub(crate) struct ArchiveWriter {
    form: Form,
    place: Location,
}

enum Form {
    Folder(TemporaryFolder),
    Oci(OciWriter),
    Zip(Box<ZipWriter<AtomicFile>>),
    Tar(Box<Builder<AtomicFile>>),
    TarGz(Box<Builder<GzipMembers<AtomicFile>>>),
}

impl ArchiveWriter {
    pub(crate) fn create(target: &Path, container: Container) -> Result<Self, Failure> {
        let form = match container {
            Container::Folder => Form::Folder(TemporaryFolder::create(target)?),
            Container::Oci => Form::Oci(OciWriter::create(target)?),
            Container::Zip => Form::Zip(Box::new(ZipWriter::new(AtomicFile::create(target)?))),
            Container::Tar => Form::Tar(Box::new(Builder::new(AtomicFile::create(target)?))),
            Container::TarGz => {
                let gzip = GzipMembers::new(AtomicFile::create(target)?);
                Form::TarGz(Box::new(Builder::new(gzip)))
            }
        };
        Ok(Self { form, place: Location::file(target.display().to_string()) })
    }

    /// Copies one file in and gives its digests, all in one read.
    pub(crate) fn entry(
        &mut self,
        item: Item<'_>,
        reader: &mut (dyn Read + Send),
    ) -> Result<Digests, Failure> {
        self.put(item, None, &mut |writer| pump(reader, writer, item.size))
    }

    /// Copies one file in whose digests are known. Nothing is hashed.
    pub(crate) fn known(
        &mut self,
        item: Item<'_>,
        digests: Digests,
        reader: &mut (dyn Read + Send),
    ) -> Result<(), Failure> {
        let mut copy = |writer: &mut (dyn Write + Send)| {
            let size = std::io::copy(reader, writer)?;
            Ok(Digests { size, ..digests })
        };
        self.put(item, Some(digests), &mut copy).map(drop)
    }

    fn put(
        &mut self,
        item: Item<'_>,
        known: Option<Digests>,
        copy: &mut dyn FnMut(&mut (dyn Write + Send)) -> std::io::Result<Digests>,
    ) -> Result<Digests, Failure> {
        let place = self.place.clone().in_entry(item.name);
        let failed = |error| stream_failure(error, place.clone());
        let digests = match &mut self.form {
            Form::Folder(folder) => {
                let mut file = folder.file(item.name)?;
                let digests = copy(&mut file).map_err(failed)?;
                file.commit()?;
                digests
            }
            Form::Oci(oci) => oci.blob(item, known, copy).map_err(failed)?,
            Form::Zip(zip) => {
                let options = zip_options(item.size, is_stored(item.name, item.role));
                zip.start_file(item.name, options).map_err(|error| {
                    Failure::io(
                        codes::WRITE,
                        format!("cannot write the entry: {error}"),
                        std::io::Error::other(error),
                    )
                    .at(place.clone())
                })?;
                copy(zip).map_err(failed)?
            }
            Form::Tar(tar) => tar_entry(tar, item, copy).map_err(failed)?,
            Form::TarGz(tar) => tar_entry(tar, item, copy).map_err(failed)?,
        };
        if digests.size != item.size {
            return Err(changed(place));
        }
        Ok(digests)
    }

    /// Gives the container its name. An OCI layout gets its configuration from the manifest.
    pub(crate) fn commit(self, manifest: Option<&Manifest>) -> Result<(), Failure> {
        let place = self.place;
        let failed = |error| stream_failure(error, place.clone());
        match self.form {
            Form::Folder(folder) => folder.commit(),
            Form::Oci(oci) => oci.commit(manifest),
            Form::Zip(zip) => {
                zip.finish().map_err(|error| failed(std::io::Error::other(error)))?.commit()
            }
            Form::Tar(tar) => tar.into_inner().map_err(failed)?.commit(),
            Form::TarGz(tar) => {
                tar.into_inner().and_then(GzipMembers::finish).map_err(failed)?.commit()
            }
        }
    }
}

/// Models and weights are stored, so that they can be used where they lie; text is deflated; what is
/// compressed already, or unknown, is stored.
pub(crate) fn is_stored(name: &str, role: Role) -> bool {
    let heavy = matches!(role, Role::Model | Role::ConvertedModel | Role::Weights);
    heavy || !media::is_text(name)
}

fn zip_options(size: u64, stored: bool) -> SimpleFileOptions {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix)
        .large_file(size >= u64::from(u32::MAX));
    if stored {
        options.compression_method(CompressionMethod::Stored).with_alignment(ALIGNMENT)
    } else {
        options
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(i64::from(LEVEL)))
    }
}

fn tar_entry(
    tar: &mut Builder<impl Write + Send>,
    item: Item<'_>,
    copy: &mut dyn FnMut(&mut (dyn Write + Send)) -> std::io::Result<Digests>,
) -> std::io::Result<Digests> {
    let mut header = Header::new_gnu();
    header.set_size(item.size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    // The data goes beside the builder, which would not let it be hashed on the way.
    tar.append_data(&mut header, item.name, std::io::empty())?;
    let digests = copy(tar.get_mut())?;
    let padding = usize::try_from(digests.size.wrapping_neg() % 512).unwrap_or(0);
    tar.get_mut().write_all([0; 512].get(..padding).unwrap_or_default())?;
    Ok(digests)
}
