use std::io::{Read, Result as IoResult};

use holdall_diag::{Failure, Location};
use holdall_sign::from_hex;
use holdall_source::Source;
use sha2::{Digest, Sha256};

use crate::{
    codes,
    digest::{Hex32, stream_failure},
    manifest::Dataset,
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
        return dvc(text).map(Some).ok_or_else(|| damaged("DVC", source));
    }
    Ok(None)
}

fn lfs(text: &str) -> Option<DataPointer> {
    let value = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim)
    };
    let sha256 = from_hex(value("oid")?.strip_prefix("sha256:")?)?;
    Some(DataPointer::Lfs { sha256: Hex32(sha256), size: value("size")?.parse().ok()? })
}

/// The first entry of `outs` in a `.dvc` file: flat YAML as DVC writes it, one key a line.
fn dvc(text: &str) -> Option<DataPointer> {
    let outs = text.lines().skip_while(|line| line.trim_end() != "outs:").skip(1);
    let mut fields = Vec::new();
    for (index, line) in outs.enumerate() {
        let starts = line.trim_start().starts_with("- ");
        let inside = line.starts_with([' ', '-']);
        if !inside || (starts && index > 0) {
            break;
        }
        let plain = line.trim_start().trim_start_matches("- ");
        fields.extend(plain.split_once(':').map(|(key, value)| (key.trim(), value.trim())));
    }
    let field = |name: &str| {
        let (_, value) = fields.iter().find(|(key, _)| *key == name)?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    };
    let md5 = field("md5")?;
    let digits = md5.strip_suffix(".dir").unwrap_or(&md5);
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let size = match field("size") {
        Some(size) => Some(size.parse().ok()?),
        None => None,
    };
    Some(DataPointer::Dvc { path: field("path")?, md5, size })
}

/// Fills in what the file of a data set says: what a pointer points to, or digest, length and, for
/// CSV, the number of rows without the header. The file is read once.
pub fn data_facts(source: &Source, dataset: &mut Dataset) -> Result<(), Failure> {
    match data_pointer(source)? {
        Some(DataPointer::Lfs { sha256, size }) => {
            dataset.sha256 = Some(sha256);
            dataset.size = Some(size);
            return Ok(());
        }
        Some(DataPointer::Dvc { md5, size, .. }) => {
            dataset.md5 = Some(md5);
            dataset.size = size;
            return Ok(());
        }
        None => {}
    }
    let mut hashing = Hashing { inner: source.reader(), hash: Sha256::new() };
    let failed = |error| stream_failure(error, source.location());
    if source.extension().as_deref() == Some("csv") {
        dataset.rows = Some(rows(&mut hashing, source)?);
    }
    std::io::copy(&mut hashing, &mut std::io::sink()).map_err(failed)?;
    dataset.sha256 = Some(Hex32(hashing.hash.finalize().into()));
    dataset.size = Some(source.len());
    Ok(())
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
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let got = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..got).unwrap_or_default());
        Ok(got)
    }
}

fn damaged(kind: &str, source: &Source) -> Failure {
    Failure::malformed(codes::POINTER, format!("the {kind} pointer is damaged"))
        .at(source.location())
}
