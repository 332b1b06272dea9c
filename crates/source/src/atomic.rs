use std::{
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};

use crate::{FileWriter, codes};

/// A file that appears under its name whole or not at all.
///
/// Bytes go to a temporary sibling; [`AtomicFile::commit`] renames it. Dropped without a commit, the
/// sibling is removed and an existing file under the name stays as it was.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    temporary: PathBuf,
    writer: Option<FileWriter>,
}

impl AtomicFile {
    /// Starts a file that will be called `target`.
    pub fn create(target: &Path) -> Result<Self, Failure> {
        let name = target.file_name().ok_or_else(|| {
            Failure::usage(codes::WRITE, "expected the name of a file to write")
                .at(Location::file(target.display().to_string()))
        })?;
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty());
        // The process id keeps two runs apart; a left-over of a killed run is simply replaced.
        let temporary = folder.unwrap_or(Path::new(".")).join(format!(
            ".{}.{}.tmp-holdall",
            name.to_string_lossy(),
            std::process::id()
        ));
        let writer =
            FileWriter::create(&temporary).map_err(|error| write_failure(target, error))?;
        Ok(Self { target: target.to_path_buf(), temporary, writer: Some(writer) })
    }

    /// The name that the file will have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The name that it has until then, for reading it back before the commit.
    pub fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Brings everything written so far to the temporary sibling.
    pub fn flush_all(&mut self) -> Result<(), Failure> {
        let target = self.target.clone();
        match &mut self.writer {
            Some(writer) => writer.flush().map_err(|error| write_failure(&target, error)),
            None => Ok(()),
        }
    }

    /// Gives the file its name.
    pub fn commit(mut self) -> Result<(), Failure> {
        if let Some(writer) = self.writer.take() {
            // A name must not outlive a crash of the machine without its bytes.
            let done =
                writer.finish().and_then(|()| std::fs::rename(&self.temporary, &self.target));
            if let Err(error) = done {
                drop(std::fs::remove_file(&self.temporary));
                return Err(write_failure(&self.target, error));
            }
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.as_mut().map_or(Ok(bytes.len()), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.writer.as_mut().map_or(Ok(0), |w| w.seek(to))
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // Nothing can be done about a sibling that cannot be removed.
            drop(std::fs::remove_file(&self.temporary));
        }
    }
}

fn write_failure(target: &Path, error: std::io::Error) -> Failure {
    Failure::io(codes::WRITE, format!("cannot write: {error}"), error)
        .at(Location::file(target.display().to_string()))
}
