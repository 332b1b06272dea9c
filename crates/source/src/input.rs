use std::{
    fs::File,
    io::{Cursor, Read, Seek, SeekFrom},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use holdall_diag::{Failure, Location};

use crate::codes;

/// One input file, or bytes standing for one.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    path: Option<Arc<Path>>,
    data: Data,
    len: u64,
}

#[derive(Clone, Debug)]
enum Data {
    File(Arc<File>),
    Memory(Bytes),
}

impl Source {
    /// Opens a regular file (links are followed; folders, pipes and devices are refused).
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name: Arc<str> = path.display().to_string().into();
        let here = || Location::file(Arc::clone(&name));
        let open_failure = |error: std::io::Error| {
            let why = if error.kind() == std::io::ErrorKind::NotFound {
                "there is no such file".to_owned()
            } else {
                error.to_string()
            };
            Failure::io(codes::OPEN, format!("cannot open: {why}"), error).at(here())
        };
        // A pipe would block on open, so ask what it is first.
        let meta = std::fs::metadata(path).map_err(open_failure)?;
        if !meta.is_file() {
            let what = if meta.is_dir() { "a folder" } else { "not a regular file" };
            return Err(Failure::usage(
                codes::NOT_A_FILE,
                format!("expected a file, found {what}"),
            )
            .at(here()));
        }
        #[expect(clippy::disallowed_methods, reason = "this is where files are opened")]
        let file = File::open(path).map_err(open_failure)?;
        let len = file.metadata().map_err(open_failure)?.len();
        Ok(Self { name, path: Some(path.into()), data: Data::File(Arc::new(file)), len })
    }

    /// Bytes that stand for a file called `name`.
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let len = bytes.len() as u64;
        Self { name: name.into(), path: None, data: Data::Memory(bytes), len }
    }

    /// The file as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path, when this is a file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The extension in lower case, without the dot.
    pub fn extension(&self) -> Option<String> {
        Path::new(&*self.name).extension().map(|e| e.to_string_lossy().to_ascii_lowercase())
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A location naming this file.
    pub fn location(&self) -> Location {
        Location::file(Arc::clone(&self.name))
    }

    /// The first bytes, at most `count`.
    pub fn head(&self, count: usize) -> Result<Bytes, Failure> {
        self.range(0, (count as u64).min(self.len))
    }

    /// `count` bytes from `offset`, copied when this is a file. Fails with `source/range` when they
    /// are not all there.
    pub fn range(&self, offset: u64, count: u64) -> Result<Bytes, Failure> {
        let end = offset.checked_add(count).filter(|&end| end <= self.len).ok_or_else(|| {
            Failure::malformed(
                codes::RANGE,
                format!("{count} bytes are needed here, the file ends at {}", self.len),
            )
            .at(self.location_at(offset))
        })?;
        match &self.data {
            Data::Memory(bytes) => {
                // `end <= len` was checked, and `len` came from a `usize`.
                let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
                Ok(bytes.slice(index(offset)..index(end)))
            }
            Data::File(file) => {
                let mut buffer = Vec::new();
                let mut reader = FileReader { file: Arc::clone(file), position: offset };
                let got = reader
                    .by_ref()
                    .take(count)
                    .read_to_end(&mut buffer)
                    .map_err(|error| self.read_failure(error))?;
                if (got as u64) < count {
                    return Err(Failure::malformed(
                        codes::RANGE,
                        "the file shrank while being read",
                    )
                    .at(self.location_at(offset)));
                }
                Ok(buffer.into())
            }
        }
    }

    /// All bytes: a memory map when this is a file. Nothing is read until it is touched.
    pub fn bytes(&self) -> Result<Bytes, Failure> {
        match &self.data {
            Data::Memory(bytes) => Ok(bytes.clone()),
            Data::File(_) if self.len == 0 => Ok(Bytes::new()),
            Data::File(file) => {
                // Small files are cheaper to read than to map, and cannot fault when truncated.
                if self.len <= 1 << 20 {
                    return self.range(0, self.len);
                }
                #[expect(
                    unsafe_code,
                    reason = "the one audited exception: mapping a regular file read-only; a file \
                              that is truncated by somebody else while mapped ends the process"
                )]
                // SAFETY: the map is private to this process and only ever read.
                let map = unsafe { memmap2::Mmap::map(&**file) };
                Ok(Bytes::from_owner(map.map_err(|error| self.read_failure(error))?))
            }
        }
    }

    /// A reader from the start, with its own position.
    pub fn reader(&self) -> impl Read + Seek + Send + use<> {
        match &self.data {
            Data::Memory(bytes) => Reader::Memory(Cursor::new(bytes.clone())),
            Data::File(file) => {
                Reader::File(FileReader { file: Arc::clone(file), position: 0 }, self.len)
            }
        }
    }

    /// Opens a file beside this one. `relative` must stay inside the folder of this file: absolute
    /// paths, `..`, and links are refused with `source/sibling`.
    pub fn sibling(&self, relative: &str) -> Result<Self, Failure> {
        let refuse = |why: &str| {
            Failure::malformed(codes::SIBLING, format!("`{relative}` {why}")).at(self.location())
        };
        let Some(path) = &self.path else {
            return Err(refuse("is referenced, but this model is not a file on disk"));
        };
        let inside = Path::new(relative).components().all(|c| matches!(c, Component::Normal(_)));
        if relative.is_empty() || !inside || relative.contains('\\') {
            return Err(refuse("must be a relative path inside the folder of the model"));
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let mut full = folder;
        for part in Path::new(relative).components() {
            full.push(part);
            if std::fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_symlink()) {
                return Err(refuse("goes through a symbolic link"));
            }
        }
        Self::open(&full)
    }

    fn location_at(&self, offset: u64) -> Location {
        Location::at(offset).in_file(Arc::clone(&self.name))
    }

    fn read_failure(&self, error: std::io::Error) -> Failure {
        Failure::io(codes::READ, format!("cannot read: {error}"), error).at(self.location())
    }
}

enum Reader {
    Memory(Cursor<Bytes>),
    File(FileReader, u64),
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Memory(cursor) => cursor.read(buffer),
            Self::File(file, _) => file.read(buffer),
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::Memory(cursor) => cursor.seek(to),
            Self::File(file, len) => {
                let position = match to {
                    SeekFrom::Start(n) => Some(n),
                    SeekFrom::End(n) => len.checked_add_signed(n),
                    SeekFrom::Current(n) => file.position.checked_add_signed(n),
                };
                file.position = position.ok_or(std::io::ErrorKind::InvalidInput)?;
                Ok(file.position)
            }
        }
    }
}

/// Reads by offset, so that clones of one [`Source`] never share a position.
struct FileReader {
    file: Arc<File>,
    position: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = read_at(&self.file, buffer, self.position)?;
        self.position += got as u64;
        Ok(got)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
