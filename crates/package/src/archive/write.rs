use std::{
    io::{Read, Write},
    path::Path,
};

use ::tar::{Builder, Header};
use ::zip::{CompressionMethod, DateTime, System, ZipWriter, write::SimpleFileOptions};
use flate2::{Compression, GzBuilder, write::GzEncoder};
use holdall_diag::{Failure, Location};
use holdall_source::AtomicFile;

use super::{Container, TemporaryFolder, changed};
use crate::{
    codes,
    digest::{Digests, pump, stream_failure},
};

/// Stored data starts at multiples of this, so that tensors can be used where they lie in the file.
const ALIGNMENT: u16 = 64;

/// The level is part of the format: another one gives other bytes.
const LEVEL: u32 = 6;

/// Writes a container, entry by entry in the order given; it appears whole or not at all.
pub(crate) struct ArchiveWriter {
    form: Form,
    place: Location,
}

enum Form {
    Folder(TemporaryFolder),
    Zip(Box<ZipWriter<AtomicFile>>),
    Tar(Box<Builder<AtomicFile>>),
    TarGz(Box<Builder<GzEncoder<AtomicFile>>>),
}

impl ArchiveWriter {
    pub(crate) fn create(target: &Path, container: Container) -> Result<Self, Failure> {
        let form = match container {
            Container::Folder => Form::Folder(TemporaryFolder::create(target)?),
            Container::Zip => Form::Zip(Box::new(ZipWriter::new(AtomicFile::create(target)?))),
            Container::Tar => Form::Tar(Box::new(Builder::new(AtomicFile::create(target)?))),
            Container::TarGz => {
                // Operating system 255: unknown, whatever it is.
                let gzip = GzBuilder::new()
                    .mtime(0)
                    .operating_system(255)
                    .write(AtomicFile::create(target)?, Compression::new(LEVEL));
                Form::TarGz(Box::new(Builder::new(gzip)))
            }
        };
        Ok(Self { form, place: Location::file(target.display().to_string()) })
    }

    /// Copies one file in and gives its digests, all in one read.
    pub(crate) fn entry(
        &mut self,
        name: &str,
        size: u64,
        stored: bool,
        reader: &mut (dyn Read + Send),
    ) -> Result<Digests, Failure> {
        let place = self.place.clone().in_entry(name);
        let failed = |error| stream_failure(error, place.clone());
        let digests = match &mut self.form {
            Form::Folder(folder) => {
                let mut file = folder.file(name)?;
                let digests = pump(reader, &mut file).map_err(failed)?;
                file.commit()?;
                digests
            }
            Form::Zip(zip) => {
                zip.start_file(name, zip_options(size, stored)).map_err(|error| {
                    Failure::io(
                        codes::WRITE,
                        format!("cannot write the entry: {error}"),
                        std::io::Error::other(error),
                    )
                    .at(place.clone())
                })?;
                pump(reader, zip).map_err(failed)?
            }
            Form::Tar(tar) => tar_entry(tar, name, size, reader).map_err(failed)?,
            Form::TarGz(tar) => tar_entry(tar, name, size, reader).map_err(failed)?,
        };
        if digests.size != size {
            return Err(changed(place));
        }
        Ok(digests)
    }

    /// Gives the container its name.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        let place = self.place;
        let failed = |error| stream_failure(error, place.clone());
        match self.form {
            Form::Folder(folder) => folder.commit(),
            Form::Zip(zip) => {
                zip.finish().map_err(|error| failed(std::io::Error::other(error)))?.commit()
            }
            Form::Tar(tar) => tar.into_inner().map_err(failed)?.commit(),
            Form::TarGz(tar) => {
                tar.into_inner().and_then(GzEncoder::finish).map_err(failed)?.commit()
            }
        }
    }
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
    name: &str,
    size: u64,
    reader: &mut (dyn Read + Send),
) -> std::io::Result<Digests> {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    // The data goes beside the builder, which would not let it be hashed on two cores.
    tar.append_data(&mut header, name, std::io::empty())?;
    let digests = pump(reader, tar.get_mut())?;
    let padding = usize::try_from(digests.size.wrapping_neg() % 512).unwrap_or(0);
    tar.get_mut().write_all([0; 512].get(..padding).unwrap_or_default())?;
    Ok(digests)
}
