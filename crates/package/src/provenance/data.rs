use std::{
    io::{Read, Result as IoResult},
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};
use holdall_sign::{from_hex, to_hex};
use holdall_source::{Limits, Source};
use md5::Md5;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    archive, codes,
    digest::{Hex32, stream_failure},
    manifest::{Dataset, Pointer, PointerKind},
    yaml,
};

/// The largest file that can be a pointer to data.
const POINTER_LIMIT: u64 = 64 << 10;

/// What a small file that stands for a large one says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataPointer {
    /// A `.dvc` file.
    Dvc {
        /// The data file, relative to the pointer.
        path: String,
        /// MD5 of its bytes; with `.dir` at the end it is that of a folder's listing.
        md5: String,
        /// Its length.
        size: Option<u64>,
    },
    /// A Git LFS pointer.
    Lfs {
        /// SHA-256 of the data.
        sha256: Hex32,
        /// Its length.
        size: u64,
    },
    /// A lakeFS reference, `.lakefs_ref.yaml` in a folder.
    Lakefs {
        /// Address of the data, `lakefs://repository/reference/path`.
        uri: String,
        /// The commit.
        commit: String,
    },
}

/// Recognises a pointer file by its content; nothing when it is none.
pub fn data_pointer(source: &Source) -> Result<Option<DataPointer>, Failure> {
    if source.len() > POINTER_LIMIT {
        return Ok(None);
    }
    let bytes = source.bytes()?;
    let Ok(text) = str::from_utf8(&bytes) else { return Ok(None) };
    if text.starts_with("version https://git-lfs.github.com/spec/v1") {
        return lfs(text).map(Some).ok_or_else(|| damaged("Git LFS", source));
    }
    if source.extension().as_deref() == Some("dvc") {
        let document = document(text, source)?;
        let out = document.pointer("/outs/0").and_then(dvc_out);
        return out.map(Some).ok_or_else(|| damaged("DVC", source));
    }
    if Path::new(source.name()).file_name().is_some_and(|name| name == LAKEFS_NAME) {
        let document = document(text, source)?;
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let found = text("src").filter(|src| src.starts_with("lakefs://")).zip(text("at_head"));
        let (uri, commit) = found.ok_or_else(|| damaged("lakeFS", source))?;
        return Ok(Some(DataPointer::Lakefs { uri, commit }));
    }
    Ok(None)
}

/// The reference that `lakectl local` keeps in a folder.
const LAKEFS_NAME: &str = ".lakefs_ref.yaml";

fn document(text: &str, source: &Source) -> Result<Value, Failure> {
    yaml::read(text, codes::POINTER).map_err(|failure| failure.in_file(source.name()))
}

fn lfs(text: &str) -> Option<DataPointer> {
    let value = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim)
    };
    let sha256 = from_hex(value("oid")?.strip_prefix("sha256:")?)?;
    Some(DataPointer::Lfs { sha256: Hex32(sha256), size: value("size")?.parse().ok()? })
}

/// One entry of `outs` or `deps`, as `.dvc` files and `dvc.lock` have them.
fn dvc_out(out: &Value) -> Option<DataPointer> {
    let path = out.get("path")?.as_str()?.to_owned();
    let md5 = out.get("md5")?.as_str()?.to_owned();
    let digits = md5.strip_suffix(".dir").unwrap_or(&md5);
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(DataPointer::Dvc { path, md5, size: out.get("size").and_then(Value::as_u64) })
}

/// Fills in what the data at `path`, below the project `folder`, is: what a pointer says, and digest,
/// length and, for CSV, rows of the data itself where it is there. Every file is read once.
///
/// Pointers are the file itself (Git LFS, `.dvc`), `<path>.dvc` beside it, `dvc.lock` of the project, and
/// `.lakefs_ref.yaml` in a folder. Fails with `package/contradiction` when the pointer and the data, or
/// what the dataset says already and what is found, are not the same; both are shown.
pub fn data_facts(folder: &Path, path: &str, dataset: &mut Dataset) -> Result<(), Failure> {
    let declared = dataset.clone();
    let full = folder.join(path);
    let pointer = pointer_of(folder, path)?;
    if let Some((found, file)) = pointer {
        say(found, file, dataset);
    }
    if full.is_dir() {
        let listed = listed(&full)?;
        dataset.sha256 = Some(listed.sha256);
        dataset.size = Some(listed.size);
        dataset.files = Some(listed.files);
    } else if full.is_file() {
        let source = Source::open(&full)?;
        if data_pointer(&source)?.is_none() {
            found_file(&source, dataset)?;
        }
    } else if dataset.pointer.is_none() {
        return Err(Source::open(&full).err().unwrap_or_else(|| {
            Failure::usage(codes::POINTER, format!("`{path}` is neither a file nor a folder"))
        }));
    }
    agree(&declared, dataset, path)
}

fn say(found: DataPointer, file: String, dataset: &mut Dataset) {
    let kind = match found {
        DataPointer::Lfs { sha256, size } => {
            dataset.sha256 = Some(sha256);
            dataset.size = Some(size);
            PointerKind::GitLfs
        }
        DataPointer::Dvc { md5, size, .. } => {
            dataset.md5 = Some(md5);
            dataset.size = size;
            PointerKind::Dvc
        }
        DataPointer::Lakefs { uri, commit } => {
            dataset.uri = Some(uri);
            dataset.version = Some(commit);
            PointerKind::Lakefs
        }
    };
    dataset.pointer = Some(Pointer { kind, file });
}

/// The pointer that stands for a path, and the file that says it.
fn pointer_of(folder: &Path, path: &str) -> Result<Option<(DataPointer, String)>, Failure> {
    let beside = [path.to_owned(), format!("{path}.dvc"), format!("{path}/{LAKEFS_NAME}")];
    for file in beside {
        let full = folder.join(&file);
        if full.is_file()
            && let Some(found) = data_pointer(&Source::open(&full)?)?
        {
            return Ok(Some((found, file)));
        }
    }
    let lock = folder.join("dvc.lock");
    if !lock.is_file() {
        return Ok(None);
    }
    let source = Source::open(&lock)?;
    let found = dvc_lock(&source)?.into_iter().find(|out| match out {
        DataPointer::Dvc { path: found, .. } => found == path,
        DataPointer::Lfs { .. } | DataPointer::Lakefs { .. } => false,
    });
    Ok(found.map(|found| (found, "dvc.lock".to_owned())))
}

/// Every output and dependency of a `dvc.lock`, in order.
pub fn dvc_lock(source: &Source) -> Result<Vec<DataPointer>, Failure> {
    let document = locked(source)?;
    let stages = document.get("stages").and_then(Value::as_object);
    let stages = stages.ok_or_else(|| damaged("DVC lock", source))?;
    let lists = stages.values().flat_map(|stage| [stage.get("outs"), stage.get("deps")]);
    let outs = lists.flatten().filter_map(Value::as_array).flatten();
    Ok(outs.filter_map(dvc_out).collect())
}

/// The parameters that a `dvc.lock` recorded, by name.
pub fn dvc_parameters(source: &Source) -> Result<Vec<(String, Value)>, Failure> {
    let document = locked(source)?;
    let stages = document.get("stages").and_then(Value::as_object).into_iter().flatten();
    let files = stages.filter_map(|(_, stage)| stage.get("params")?.as_object()).flatten();
    Ok(files
        .filter_map(|(_, values)| values.as_object())
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect())
}

fn locked(source: &Source) -> Result<Value, Failure> {
    if source.len() > yaml::YAML_LIMIT {
        return Err(damaged("DVC lock", source));
    }
    let bytes = source.bytes()?;
    let text =
        str::from_utf8(&bytes).map_err(|error| damaged("DVC lock", source).caused_by(error))?;
    document(text, source)
}

/// Both sides must say the same wherever both say something.
fn agree(declared: &Dataset, found: &Dataset, path: &str) -> Result<(), Failure> {
    let text = |hex: &Option<Hex32>| hex.as_ref().map(Hex32::to_string);
    let number = |n: Option<u64>| n.map(|n| n.to_string());
    let pairs = [
        ("SHA-256", text(&declared.sha256), text(&found.sha256)),
        ("MD5", declared.md5.clone(), found.md5.clone()),
        ("version", declared.version.clone(), found.version.clone()),
        ("size", number(declared.size), number(found.size)),
        ("rows", number(declared.rows), number(found.rows)),
    ];
    for (what, declared, found) in pairs {
        if let (Some(declared), Some(found)) = (declared, found)
            && declared != found
        {
            return Err(disagree(
                path,
                &format!("{what} {declared} is declared, {found} is found"),
            ));
        }
    }
    Ok(())
}

fn disagree(path: &str, message: &str) -> Failure {
    Failure::usage(codes::CONTRADICTION, format!("data `{path}`: {message}"))
        .at(Location::file(path.to_owned()))
        .with_help("correct what is declared, or fetch the data that was meant")
}

/// Digest, length and rows of the data itself, held against what its pointer said.
fn found_file(source: &Source, dataset: &mut Dataset) -> Result<(), Failure> {
    let with_md5 = dataset.md5.is_some();
    let mut hashing =
        Hashing { inner: source.reader(), sha256: Sha256::new(), md5: with_md5.then(Md5::new) };
    let failed = |error| stream_failure(error, source.location());
    if source.extension().as_deref() == Some("csv") {
        let rows = rows(&mut hashing, source)?;
        if let Some(declared) = dataset.rows.filter(|declared| *declared != rows) {
            let message = format!("{declared} rows are declared, {rows} are found");
            return Err(disagree(source.name(), &message));
        }
        dataset.rows = Some(rows);
    }
    std::io::copy(&mut hashing, &mut std::io::sink()).map_err(failed)?;
    if let (Some(md5), Some(pointed)) = (hashing.md5, &dataset.md5) {
        let found = to_hex(&md5.finalize());
        if !pointed.eq_ignore_ascii_case(&found) {
            let message = format!("its pointer says MD5 {pointed}, the file has {found}");
            return Err(disagree(source.name(), &message));
        }
    }
    dataset.sha256 = Some(Hex32(hashing.sha256.finalize().into()));
    dataset.size = Some(source.len());
    Ok(())
}

struct Listed {
    sha256: Hex32,
    size: u64,
    files: u64,
}

/// The digest of a folder: of the list of its files with their digests.
fn listed(folder: &Path) -> Result<Listed, Failure> {
    let mut list = Sha256::new();
    let (mut size, mut files) = (0, 0);
    for (name, path) in archive::files_below(folder, &Limits::default())? {
        let path: PathBuf = path;
        if name == LAKEFS_NAME {
            continue;
        }
        let digests = crate::digest::of(&Source::open(&path)?)?;
        list.update(format!("{}  {name}\n", digests.sha256));
        size += digests.size;
        files += 1;
    }
    Ok(Listed { sha256: Hex32(list.finalize().into()), size, files })
}

fn rows(reader: &mut impl Read, source: &Source) -> Result<u64, Failure> {
    let mut records =
        csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(reader);
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    loop {
        match records.read_byte_record(&mut record) {
            Ok(true) => count += 1,
            Ok(false) => return Ok(count),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let place: Location = source.location().with_line(line, 1);
                let message = format!("cannot count the rows: {error}");
                return Err(Failure::malformed(codes::ROWS, message).at(place).caused_by(error));
            }
        }
    }
}

struct Hashing<R> {
    inner: R,
    sha256: Sha256,
    md5: Option<Md5>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let got = self.inner.read(buffer)?;
        let bytes = buffer.get(..got).unwrap_or_default();
        self.sha256.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        Ok(got)
    }
}

fn damaged(kind: &str, source: &Source) -> Failure {
    Failure::malformed(codes::POINTER, format!("the {kind} pointer is damaged"))
        .at(source.location())
}
