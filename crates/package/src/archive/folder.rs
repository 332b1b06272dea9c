use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use holdall_diag::{Failure, Location};
use holdall_sign::ROOT_IGNORED;
use holdall_source::{FileWriter, Limits};
use rayon::prelude::*;

use super::{Entry, Place};
use crate::{codes, names::NameSet};

/// The files below a folder, sorted by name, without what model signing leaves out at the root.
pub(super) fn list(root: &Path, limits: &Limits) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    let mut names = NameSet::default();
    let mut waiting = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = waiting.pop() {
        let here = |path: &Path| Location::file(path.display().to_string());
        let failed = |error: std::io::Error| {
            Failure::io(codes::WRITE, format!("cannot list the folder: {error}"), error)
                .at(here(&folder))
        };
        for item in std::fs::read_dir(&folder).map_err(failed)? {
            let item = item.map_err(failed)?;
            let path = item.path();
            let Some(name) = item.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
                return Err(
                    Failure::malformed(codes::NAME, "the file name is not UTF-8").at(here(&path))
                );
            };
            if ROOT_IGNORED.contains(&name.as_str()) {
                continue;
            }
            let meta = std::fs::symlink_metadata(&path).map_err(failed)?;
            if meta.is_dir() {
                waiting.push((path, name + "/"));
            } else if meta.is_file() {
                names.file(&name).map_err(|failure| failure.at(here(&path)))?;
                entries.push(Entry { name, size: meta.len(), place: Place::File(path) });
            } else {
                let what = if meta.is_symlink() { "a link" } else { "a special file" };
                return Err(Failure::unsupported(
                    codes::LINK,
                    format!("expected files and folders only, found {what}"),
                )
                .at(here(&path))
                .with_help("replace it by the file it stands for"));
            }
            if entries.len() as u64 + waiting.len() as u64 > limits.entries {
                return Err(too_many(limits).at(here(root)));
            }
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// More entries than allowed.
pub(super) fn too_many(limits: &Limits) -> Failure {
    Failure::limit(
        codes::ENTRIES,
        format!("there are more than the {} entries allowed", limits.entries),
    )
}

/// A folder that appears under its name whole or not at all. Dropped without a commit, it is removed.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    target: PathBuf,
    temporary: Option<PathBuf>,
    files: Mutex<Vec<PathBuf>>,
}

/// A file of a folder in the making. It needs no name of its own until it is whole: the folder has none.
#[derive(Debug)]
pub(crate) struct FolderFile {
    writer: FileWriter,
}

impl FolderFile {
    /// Brings everything written to the file. It reaches the disk when the folder is committed.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| {
            Failure::io(codes::WRITE, format!("cannot write the file: {error}"), error)
        })
    }
}

impl Write for FolderFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

impl TemporaryFolder {
    /// Starts a folder that will be called `target`, which must not be there yet.
    pub(crate) fn create(target: &Path) -> Result<Self, Failure> {
        let place = || Location::file(target.display().to_string());
        if std::fs::symlink_metadata(target).is_ok() {
            return Err(Failure::usage(codes::EXISTS, "the target is there already")
                .at(place())
                .with_help("name a folder that does not exist yet"));
        }
        let name = target.file_name().ok_or_else(|| {
            Failure::usage(codes::WRITE, "expected the name of a folder to make").at(place())
        })?;
        let temporary = target.with_file_name(format!(
            ".{}.{}.tmp-holdall",
            name.to_string_lossy(),
            std::process::id()
        ));
        // What a killed run with the same id left behind.
        drop(std::fs::remove_dir_all(&temporary));
        std::fs::create_dir(&temporary).map_err(|error| {
            Failure::io(codes::WRITE, format!("cannot make the folder: {error}"), error).at(place())
        })?;
        let files = Mutex::new(Vec::new());
        Ok(Self { target: target.to_path_buf(), temporary: Some(temporary), files })
    }

    /// Where it is until it has its name.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.as_deref().unwrap_or(&self.target)
    }

    /// Starts a file of the folder. The name was checked when it was listed.
    pub(crate) fn file(&self, name: &str) -> Result<FolderFile, Failure> {
        crate::names::check(name)?;
        let mut path = self.temporary.clone().unwrap_or_default();
        path.extend(name.split('/'));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| {
                Failure::io(codes::WRITE, format!("cannot make the folder: {error}"), error)
                    .at(Location::file(parent.display().to_string()))
            })?;
        }
        let writer = FileWriter::create(&path).map_err(|error| {
            Failure::io(codes::WRITE, format!("cannot make the file: {error}"), error)
                .at(Location::file(path.display().to_string()))
        })?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        Ok(FolderFile { writer })
    }

    /// Gives a file of the folder another name.
    pub(crate) fn rename(&self, from: &str, to: &str) -> std::io::Result<()> {
        let (from, to) = (self.path().join(from), self.path().join(to));
        std::fs::rename(&from, &to)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|path| *path != from);
        files.push(to);
        Ok(())
    }

    /// Gives the folder its name.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        // All at once: the system brings them to the disk together, which one after the other costs a
        // turn of the disk each.
        let files = std::mem::take(&mut *self.files.lock().unwrap_or_else(PoisonError::into_inner));
        files.par_iter().try_for_each(|path| {
            let synced = File::options().write(true).open(path).and_then(|file| file.sync_all());
            synced.map_err(|error| {
                Failure::io(codes::WRITE, format!("cannot write the file: {error}"), error)
                    .at(Location::file(path.display().to_string()))
            })
        })?;
        std::fs::rename(temporary, &self.target).map_err(|error| {
            Failure::io(codes::WRITE, format!("cannot name the folder: {error}"), error)
                .at(Location::file(self.target.display().to_string()))
        })?;
        self.temporary = None;
        Ok(())
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing can be done about a folder that cannot be removed.
            drop(std::fs::remove_dir_all(temporary));
        }
    }
}
