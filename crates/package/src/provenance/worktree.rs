//! Whether the tracked files of a git work tree are those of the commit, without running git.
//!
//! Two questions: does the index hold the tree of the commit (the tree is built anew from the index and
//! hashed), and do the files hold what the index says. A file is taken for unchanged when length and time
//! are those that git saw, unless it is so fresh that they prove nothing; otherwise it is hashed. Files that
//! differ by a line-end or LFS filter alone are recognised; where another filter may be at work, or the index
//! is not whole in itself (split, sparse), the answer is unknown.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_source::Source;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{
    git::{self, SHOWN, State},
    index::{self, Tracked},
    objects,
};

/// Where the parts of a repository are.
pub(super) struct Repository {
    /// The work tree.
    pub(super) root: PathBuf,
    /// The folder of this work tree.
    pub(super) git: PathBuf,
    /// The folder that all work trees share.
    pub(super) common: PathBuf,
    /// The text of its configuration.
    pub(super) config: String,
}

impl Repository {
    /// The repository whose work tree has its root here.
    pub(super) fn open(root: &Path) -> Result<Self, Failure> {
        let git = git::git_folder(&root.join(".git"))?;
        let common = match git::read(&git.join("commondir"))? {
            Some(shared) => git.join(shared.trim()),
            None => git.clone(),
        };
        let config = git::read(&common.join("config"))?.unwrap_or_default();
        Ok(Self { root: root.to_path_buf(), git, common, config })
    }
}

/// Submodules inside submodules that are looked into.
const DEPTH: usize = 16;

/// The answer, with the files that differ.
pub(super) struct Found {
    pub(super) state: State,
    pub(super) changed: Vec<String>,
}

/// What one file is compared with its entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Same,
    Differs,
    Undecided,
}

/// Whether the tracked files are those of `commit`, which HEAD names.
pub(super) fn state(repository: &Repository, commit: &str) -> Result<Found, Failure> {
    nested(repository, commit, 0)
}

fn nested(repository: &Repository, commit: &str, depth: usize) -> Result<Found, Failure> {
    let unknown = || Ok(Found { state: State::Unknown, changed: Vec::new() });
    let path = repository.git.join("index");
    let Some(id) = objects::from_hex(commit).filter(|_| path.is_file()) else { return unknown() };
    let written = modified(
        &std::fs::metadata(&path)
            .map_err(|error| git::broken(&path, format!("cannot look at the index: {error}")))?,
    );
    let bytes = Source::open(&path)?.bytes()?;
    let Some(entries) = index::read(&bytes, id.len()) else { return unknown() };
    let filters = Filters::of(repository, &entries)?;
    let mut changed = Vec::new();
    let mut undecided = false;
    for entry in &entries {
        match compare(repository, entry, written, &filters, depth)? {
            Compared::Same => {}
            Compared::Differs => changed.push(entry.name.clone()),
            Compared::Undecided => undecided = true,
        }
    }
    let tree = objects::tree_of(&repository.common, &id);
    let staged = tree.as_ref().map(|tree| tree_of_index(&entries, id.len()).as_ref() != Some(tree));
    changed.dedup();
    let dirty = !changed.is_empty() || staged == Some(true);
    changed.truncate(SHOWN);
    let state = match (dirty, undecided || staged.is_none()) {
        (true, _) => State::Dirty,
        (false, true) => State::Unknown,
        (false, false) => State::Clean,
    };
    Ok(Found { state, changed })
}

/// Seconds and nanoseconds of the last change; nothing where the system does not say.
fn modified(meta: &std::fs::Metadata) -> Option<(u64, u32)> {
    let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((since.as_secs(), since.subsec_nanos()))
}

fn compare(
    repository: &Repository,
    entry: &Tracked,
    written: Option<(u64, u32)>,
    filters: &Filters,
    depth: usize,
) -> Result<Compared, Failure> {
    if entry.unmerged || entry.intended {
        return Ok(Compared::Differs);
    }
    if entry.skipped {
        return Ok(Compared::Same);
    }
    if !holdall_sign::is_safe_name(&entry.name) {
        return Ok(Compared::Undecided);
    }
    let path = repository.root.join(&entry.name);
    let Ok(meta) = std::fs::symlink_metadata(&path) else { return Ok(Compared::Differs) };
    match entry.mode & 0o170_000 {
        0o160_000 => return submodule(&path, entry, depth + 1),
        0o120_000 => return Ok(link(&path, &meta, entry)),
        _ if !meta.is_file() => return Ok(Compared::Differs),
        _ => {}
    }
    if filters.modes && !same_mode(&meta, entry) {
        return Ok(Compared::Differs);
    }
    #[expect(clippy::cast_possible_truncation, reason = "git keeps the length modulo 2^32")]
    let same_size = meta.len() as u32 == entry.size;
    let when = modified(&meta);
    let same_time = when == Some((u64::from(entry.modified.0), entry.modified.1));
    // A file as young as the index may have changed after git looked at it.
    let fresh = when.zip(written).is_none_or(|(file, index)| file >= index);
    if same_size && same_time && !fresh {
        return Ok(Compared::Same);
    }
    content(&path, entry, filters)
}

/// Compares by hashing: as it is, with line ends as git stores them, as an LFS pointer.
fn content(path: &Path, entry: &Tracked, filters: &Filters) -> Result<Compared, Failure> {
    let source = Source::open(path)?;
    let failed = |error| crate::digest::stream_failure(error, source.location());
    let mut plain = Hash::new(entry.id.len());
    plain.update(format!("blob {}\0", source.len()).as_bytes());
    let mut data = Sha256::new();
    let mut returns = 0_u64;
    let mut last = 0;
    each_chunk(source.reader(), &mut |chunk| {
        plain.update(chunk);
        data.update(chunk);
        for &byte in chunk {
            returns += u64::from(last == b'\r' && byte == b'\n');
            last = byte;
        }
    })
    .map_err(failed)?;
    if plain.finish() == entry.id {
        return Ok(Compared::Same);
    }
    let oid = holdall_sign::to_hex(&data.finalize());
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n",
        source.len()
    );
    let mut lfs = Hash::new(entry.id.len());
    lfs.update(format!("blob {}\0{pointer}", pointer.len()).as_bytes());
    if lfs.finish() == entry.id {
        return Ok(Compared::Same);
    }
    if returns > 0 {
        let mut unix = Hash::new(entry.id.len());
        unix.update(format!("blob {}\0", source.len() - returns).as_bytes());
        let mut held = false;
        each_chunk(source.reader(), &mut |chunk| {
            let mut out = Vec::with_capacity(chunk.len() + 1);
            for &byte in chunk {
                if held && byte != b'\n' {
                    out.push(b'\r');
                }
                held = byte == b'\r';
                if !held {
                    out.push(byte);
                }
            }
            unix.update(&out);
        })
        .map_err(failed)?;
        if held {
            unix.update(b"\r");
        }
        if unix.finish() == entry.id {
            // Without a setting that says so, git would call the file changed; a setting may be elsewhere.
            return Ok(if filters.line_ends { Compared::Same } else { Compared::Undecided });
        }
    }
    Ok(if filters.others { Compared::Undecided } else { Compared::Differs })
}

fn each_chunk(mut reader: impl Read, each: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        let got = reader.read(&mut buffer)?;
        if got == 0 {
            return Ok(());
        }
        each(buffer.get(..got).unwrap_or_default());
    }
}

/// Whether the permissions say what the entry says, where the system has such permissions.
#[cfg(unix)]
fn same_mode(meta: &std::fs::Metadata, entry: &Tracked) -> bool {
    let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions());
    (mode & 0o100 != 0) == (entry.mode & 0o100 != 0)
}

#[cfg(not(unix))]
fn same_mode(_meta: &std::fs::Metadata, _entry: &Tracked) -> bool {
    true
}

fn link(path: &Path, meta: &std::fs::Metadata, entry: &Tracked) -> Compared {
    let target = meta.is_symlink().then(|| std::fs::read_link(path).ok()).flatten();
    let Some(target) = target.as_deref().and_then(Path::to_str) else { return Compared::Undecided };
    let mut hash = Hash::new(entry.id.len());
    hash.update(format!("blob {}\0{target}", target.len()).as_bytes());
    if hash.finish() == entry.id { Compared::Same } else { Compared::Differs }
}

/// A submodule differs when another commit is checked out, or a tracked file in it differs.
fn submodule(path: &Path, entry: &Tracked, depth: usize) -> Result<Compared, Failure> {
    if !path.join(".git").exists() {
        // Not checked out, as git leaves it after a clone.
        return Ok(Compared::Same);
    }
    let inner = Repository::open(path)?;
    let Some((commit, _)) = git::head(&inner.git, &inner.common)? else {
        return Ok(Compared::Undecided);
    };
    if objects::from_hex(&commit).as_ref() != Some(&entry.id) {
        return Ok(Compared::Differs);
    }
    if depth > DEPTH {
        return Ok(Compared::Undecided);
    }
    Ok(match nested(&inner, &commit, depth)?.state {
        State::Clean => Compared::Same,
        State::Dirty => Compared::Differs,
        State::Unknown => Compared::Undecided,
    })
}

/// What git may do to files between the work tree and the index.
struct Filters {
    /// Line ends are converted.
    line_ends: bool,
    /// Something that only git can do.
    others: bool,
    /// Permissions count.
    modes: bool,
}

impl Filters {
    fn of(repository: &Repository, entries: &[Tracked]) -> Result<Self, Failure> {
        let setting = |key: &str| {
            let lines = repository.config.lines().map(|line| line.trim().to_ascii_lowercase());
            let mut values = lines.filter_map(|line| {
                let (found, value) = line.split_once('=')?;
                (found.trim() == key).then(|| value.trim().to_owned())
            });
            values.next_back()
        };
        let mut filters = Self {
            line_ends: setting("autocrlf").is_some_and(|v| v != "false")
                || setting("eol").is_some(),
            others: false,
            modes: setting("filemode").is_none_or(|v| v != "false"),
        };
        let names = entries.iter().map(|entry| entry.name.as_str());
        let tracked = names.filter(|name| {
            holdall_sign::is_safe_name(name) && name.rsplit('/').next() == Some(".gitattributes")
        });
        let mut files: Vec<_> = tracked.map(|name| repository.root.join(name)).collect();
        files.push(repository.common.join("info/attributes"));
        for file in files {
            let text = git::read(&file)?.unwrap_or_default();
            for word in text.lines().flat_map(str::split_whitespace) {
                filters.line_ends |= word.starts_with("text") || word.starts_with("eol=");
                filters.others |= word == "ident"
                    || word.starts_with("working-tree-encoding=")
                    || word.strip_prefix("filter=").is_some_and(|name| name != "lfs");
            }
        }
        Ok(filters)
    }
}

/// An object name in the making, SHA-1 or SHA-256 by its length.
enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hash {
    fn new(id_len: usize) -> Self {
        if id_len == 32 { Self::Sha256(Sha256::new()) } else { Self::Sha1(Sha1::new()) }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hash) => hash.finalize().to_vec(),
            Self::Sha256(hash) => hash.finalize().to_vec(),
        }
    }
}

/// The name of the tree that a commit of the index would have. The index is ordered as trees are, so each
/// folder is finished when the first name outside it comes.
fn tree_of_index(entries: &[Tracked], id_len: usize) -> Option<Vec<u8>> {
    let mut open: Vec<(String, Vec<u8>)> = vec![(String::new(), Vec::new())];
    let close = |open: &mut Vec<(String, Vec<u8>)>| {
        let (name, body) = open.pop()?;
        let mut hash = Hash::new(id_len);
        hash.update(format!("tree {}\0", body.len()).as_bytes());
        hash.update(&body);
        let id = hash.finish();
        if let Some((_, parent)) = open.last_mut() {
            parent.extend_from_slice(format!("40000 {name}\0").as_bytes());
            parent.extend_from_slice(&id);
        }
        Some(id)
    };
    for entry in entries.iter().filter(|entry| !entry.intended) {
        let mut folders: Vec<&str> = entry.name.split('/').collect();
        let file = folders.pop()?;
        let known = open.iter().skip(1).map(|(name, _)| name.as_str());
        let shared = known.zip(&folders).take_while(|(a, b)| a == *b).count();
        while open.len() > shared + 1 {
            close(&mut open)?;
        }
        open.extend(folders.iter().skip(shared).map(|name| ((*name).to_owned(), Vec::new())));
        let (_, body) = open.last_mut()?;
        body.extend_from_slice(format!("{:o} {file}\0", entry.mode).as_bytes());
        body.extend_from_slice(&entry.id);
    }
    while open.len() > 1 {
        close(&mut open)?;
    }
    close(&mut open)
}
