use std::{collections::BTreeMap, fmt};

use holdall_diag::{Failure, Location, PathKind};
use holdall_source::Budget;
use holdall_tensor::{DType, Shape};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{codes, dtype};

/// Bytes of the length before the header.
pub(crate) const LENGTH: u64 = 8;

/// The longest header, as the reference implementation has it.
pub(crate) const MAX_HEADER: u64 = 100_000_000;

/// The key of the free text.
pub(crate) const METADATA: &str = "__metadata__";

/// The header, checked.
#[derive(Debug)]
pub(crate) struct Header {
    /// Tensors in the order of their bytes.
    pub(crate) tensors: Vec<Entry>,
    /// Free text.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// One tensor of the header.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dtype: DType,
    pub(crate) shape: Shape,
    /// Bytes, counted from the end of the header.
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The members of the header in order, so that a name that stands twice is seen.
#[derive(Default)]
struct Members {
    tensors: Vec<(String, Info)>,
    metadata: Vec<(String, String)>,
    metadata_count: usize,
}

/// The free text in order.
struct Texts(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name == METADATA {
                        members.metadata.extend(map.next_value::<Texts>()?.0);
                        members.metadata_count += 1;
                    } else {
                        members.tensors.push((name, map.next_value()?));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(member) = map.next_entry()? {
                    texts.push(member);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The length of the header, from the first eight bytes, for a file of `file_len` bytes.
pub(crate) fn length(first: [u8; 8], file_len: u64) -> Result<u64, Failure> {
    let length = u64::from_le_bytes(first);
    if length > MAX_HEADER {
        let message = format!("a header has at most {MAX_HEADER} bytes, this one claims {length}");
        return Err(Failure::malformed(codes::HEADER_LENGTH, message).at(Location::span(0..LENGTH)));
    }
    if length > file_len.saturating_sub(LENGTH) {
        let message = format!(
            "the header claims {length} bytes, the file has {} after its length",
            file_len.saturating_sub(LENGTH)
        );
        return Err(Failure::malformed(codes::HEADER_LENGTH, message).at(Location::span(0..LENGTH)));
    }
    Ok(length)
}

/// Decodes and checks the header of a file with `data_len` bytes after it.
pub(crate) fn decode(bytes: &[u8], data_len: u64, budget: &mut Budget) -> Result<Header, Failure> {
    // A name of one letter and its entry are some 60 bytes of text and 200 of memory.
    budget.charge_elements(bytes.len() as u64, 4)?;
    let members: Members = serde_json::from_slice(bytes).map_err(|error| {
        let at = LENGTH + offset(bytes, error.line(), error.column());
        let message = format!("the header is not as it should be: {error}");
        Failure::malformed(codes::HEADER, message).at(Location::at(at))
    })?;
    let metadata = metadata(members.metadata, members.metadata_count)?;
    let mut tensors = Vec::with_capacity(members.tensors.len());
    for (name, info) in members.tensors {
        tensors.push(entry(name, info)?);
    }
    names(&tensors)?;
    // The reference implementation sorts by offsets as well; several empty tensors may share one.
    tensors.sort_by(|a, b| (a.begin, a.end, &a.name).cmp(&(b.begin, b.end, &b.name)));
    offsets(&tensors, data_len)?;
    Ok(Header { tensors, metadata })
}

/// Bytes before a line and column of `serde_json`, both from 1.
fn offset(bytes: &[u8], line: usize, column: usize) -> u64 {
    let before: usize =
        bytes.split_inclusive(|&b| b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)) as u64
}

fn metadata(
    texts: Vec<(String, String)>,
    count: usize,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut metadata = BTreeMap::new();
    if count > 1 {
        return Err(duplicate(METADATA));
    }
    for (key, value) in texts {
        if metadata.contains_key(&key) {
            return Err(duplicate(&format!("{METADATA}/{key}")));
        }
        metadata.insert(key, value);
    }
    Ok(metadata)
}

fn names(tensors: &[Entry]) -> Result<(), Failure> {
    let mut names: Vec<&str> = tensors.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.array_windows().find(|[a, b]| a == b) {
        Some([twice, _]) => Err(duplicate(twice)),
        None => Ok(()),
    }
}

fn duplicate(name: &str) -> Failure {
    Failure::malformed(codes::DUPLICATE, format!("`{name}` stands twice in the header"))
        .with_help("readers disagree on which of the two counts; write the file again")
}

fn place(name: &str) -> Location {
    // RFC 6901: `~` and `/` are escaped.
    let name = name.replace('~', "~0").replace('/', "~1");
    Location::path(PathKind::JsonPointer, format!("/{name}"))
}

fn entry(name: String, info: Info) -> Result<Entry, Failure> {
    let dtype = dtype::of_name(&info.dtype).map_err(|failure| failure.at(place(&name)))?;
    let shape = Shape(info.shape);
    let (begin, end) = info.data_offsets;
    let size = shape.elements().and_then(|count| dtype.bytes(count));
    let Some(size) = size else {
        let message = format!("`{name}`: no tensor of shape {shape} can exist");
        return Err(Failure::malformed(codes::SHAPE, message).at(place(&name)));
    };
    let Some(found) = end.checked_sub(begin) else {
        let message = format!("`{name}`: the offsets {begin} and {end} run backwards");
        return Err(Failure::malformed(codes::OFFSETS, message).at(place(&name)));
    };
    if size != found {
        let message = format!("`{name}`: expected {size} bytes for {dtype}{shape}, found {found}");
        return Err(Failure::malformed(codes::SHAPE, message).at(place(&name)));
    }
    Ok(Entry { name, dtype, shape, begin, end })
}

/// Every byte after the header belongs to exactly one tensor.
fn offsets(tensors: &[Entry], data_len: u64) -> Result<(), Failure> {
    let mut covered = 0;
    for entry in tensors {
        if entry.begin != covered {
            let what = if entry.begin < covered { "overlaps" } else { "leaves a gap after" };
            let message = format!(
                "`{}` {what} the tensor before it: expected it at {covered}, found it at {}",
                entry.name, entry.begin
            );
            return Err(Failure::malformed(codes::OFFSETS, message).at(place(&entry.name)));
        }
        covered = entry.end;
    }
    if covered > data_len {
        let message = format!("the tensors need {covered} bytes, the file has {data_len}");
        return Err(Failure::malformed(codes::TRUNCATED, message)
            .with_help("the file is cut short: copy or download it again"));
    }
    if covered < data_len {
        let message = format!("{} bytes follow the last tensor", data_len - covered);
        return Err(Failure::malformed(codes::TRAILING, message));
    }
    Ok(())
}
