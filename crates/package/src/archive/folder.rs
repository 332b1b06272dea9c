use std::path::{Path, PathBuf};

use holdall_diag::{Failure, Location};
use holdall_sign::ROOT_IGNORED;
use holdall_source::{AtomicFile, Limits};

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
        Ok(Self { target: target.to_path_buf(), temporary: Some(temporary) })
    }

    /// Where it is until it has its name.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.as_deref().unwrap_or(&self.target)
    }

    /// Starts a file of the folder. The name was checked when it was listed.
    pub(crate) fn file(&self, name: &str) -> Result<AtomicFile, Failure> {
        crate::names::check(name)?;
        let mut path = self.temporary.clone().unwrap_or_default();
        path.extend(name.split('/'));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| {
                Failure::io(codes::WRITE, format!("cannot make the folder: {error}"), error)
                    .at(Location::file(parent.display().to_string()))
            })?;
        }
        AtomicFile::create(&path)
    }

    /// Gives the folder its name.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
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
