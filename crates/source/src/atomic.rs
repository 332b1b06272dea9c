use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, sync_channel},
    thread::JoinHandle,
};

use holdall_diag::{Failure, Location};

use crate::codes;

/// A file that appears under its name whole or not at all.
///
/// Bytes go to a temporary sibling; [`AtomicFile::commit`] renames it. Dropped without a commit, the
/// sibling is removed and an existing file under the name stays as it was.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    temporary: PathBuf,
    writer: Option<BufWriter<File>>,
    behind: WriteBehind,
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
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&temporary)
            .map_err(|error| write_failure(target, error))?;
        Ok(Self {
            target: target.to_path_buf(),
            temporary,
            writer: Some(BufWriter::with_capacity(1 << 18, file)),
            behind: WriteBehind::default(),
        })
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
            let done = writer
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)
                .and_then(|file| self.behind.end().and_then(|()| file.sync_all()))
                .and_then(|()| std::fs::rename(&self.temporary, &self.target));
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
        let Some(writer) = &mut self.writer else { return Ok(bytes.len()) };
        let written = writer.write(bytes)?;
        self.behind.wrote(writer.get_ref(), written)?;
        Ok(written)
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
            drop(self.behind.end());
            // Nothing can be done about a sibling that cannot be removed.
            drop(std::fs::remove_file(&self.temporary));
        }
    }
}

/// Has the disk begin while the file is still being written, so that the wait at its end is short.
///
/// A name must not outlive a crash of the machine without its bytes, so the file is synced before it is
/// renamed; left to that moment alone, a large file would reach the disk only after the last byte was made.
#[derive(Debug, Default)]
struct WriteBehind {
    since: usize,
    worker: Option<(SyncSender<()>, JoinHandle<std::io::Result<()>>)>,
}

impl WriteBehind {
    /// Bytes after which the disk is asked to begin.
    const EVERY: usize = 32 << 20;

    fn wrote(&mut self, file: &File, count: usize) -> std::io::Result<()> {
        self.since += count;
        if self.since < Self::EVERY {
            return Ok(());
        }
        self.since = 0;
        if self.worker.is_none() {
            let file = file.try_clone()?;
            let (ask, asked) = sync_channel(1);
            let work = move || asked.into_iter().try_for_each(|()| file.sync_data());
            self.worker = Some((ask, std::thread::Builder::new().spawn(work)?));
        }
        if let Some((ask, _)) = &self.worker {
            // Being asked already is enough; a worker that ended tells why at the end.
            let _asked = ask.try_send(());
        }
        Ok(())
    }

    /// Waits for the worker. An error of the disk is told once, so it must not get lost there.
    fn end(&mut self) -> std::io::Result<()> {
        let Some((ask, worker)) = self.worker.take() else { return Ok(()) };
        drop(ask);
        worker.join().unwrap_or_else(|_panic| Err(std::io::Error::other("a thread broke off")))
    }
}

fn write_failure(target: &Path, error: std::io::Error) -> Failure {
    Failure::io(codes::WRITE, format!("cannot write: {error}"), error)
        .at(Location::file(target.display().to_string()))
}
