//! Objects of git, as far as a commit must be read: loose files and packs (gitformat-pack).

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::ZlibDecoder;
use holdall_source::Source;

use super::index::offset;

/// The largest commit, or delta on the way to one, that is read.
const OBJECT_LIMIT: u64 = 16 << 20;
/// The longest chain of deltas; git itself makes none beyond 4,095.
const CHAIN: usize = 4096;

/// The tree that a commit names, or nothing when the commit cannot be found or read.
pub(super) fn tree_of(common: &Path, commit: &[u8]) -> Option<Vec<u8>> {
    let mut folders = vec![common.join("objects")];
    let alternates = super::git::read(&common.join("objects/info/alternates")).ok().flatten();
    folders.extend(alternates.iter().flat_map(|text| text.lines()).map(|line| {
        let path = PathBuf::from(line.trim());
        if path.is_absolute() { path } else { common.join("objects").join(path) }
    }));
    let body = folders.iter().find_map(|folder| {
        loose(folder, commit).or_else(|| packs(folder).iter().find_map(|pack| packed(pack, commit)))
    })?;
    let hex = body.strip_prefix(b"tree ")?.get(..commit.len() * 2)?;
    from_hex(str::from_utf8(hex).ok()?)
}

/// Bytes from hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs
        .remainder()
        .is_empty()
        .then(|| pairs.map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit)).collect())
}

fn loose(folder: &Path, id: &[u8]) -> Option<Vec<u8>> {
    let hex = holdall_sign::to_hex(id);
    let (first, rest) = hex.split_at_checked(2)?;
    let path = folder.join(first).join(rest);
    let source = path.is_file().then(|| Source::open(&path).ok())??;
    let object = inflate(source.reader())?;
    let end = object.iter().position(|&b| b == 0)?;
    object.starts_with(b"commit ").then(|| object.get(end + 1..).map(<[u8]>::to_vec))?
}

fn inflate(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    ZlibDecoder::new(reader).take(OBJECT_LIMIT).read_to_end(&mut out).ok()?;
    Some(out)
}

/// The packs of an object folder, by name.
fn packs(folder: &Path) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(folder.join("pack")) else { return Vec::new() };
    let paths = listing.filter_map(|item| Some(item.ok()?.path()));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "idx")).collect();
    paths.sort();
    paths
}

/// An object of a pack: found in its index, undone of its deltas.
fn packed(index: &Path, id: &[u8]) -> Option<Vec<u8>> {
    let index_source = Source::open(index).ok()?;
    let pack = Source::open(&index.with_extension("pack")).ok()?;
    let mut at = place(&index_source, id)?;
    let mut deltas: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut head = pack.range(at, 64.min(pack.len().checked_sub(at)?)).ok()?;
        let mut byte = *head.first()?;
        let kind = (byte >> 4) & 7;
        let mut used = 1;
        while byte & 0x80 != 0 {
            byte = *head.get(used)?;
            used += 1;
        }
        head = head.slice(used..);
        let (next, skip) = match kind {
            1 => {
                let mut body = inflated(&pack, at + used as u64)?;
                for delta in deltas.iter().rev() {
                    body = apply(&body, delta)?;
                }
                return Some(body);
            }
            6 => {
                let (back, length) = offset(&head, 0)?;
                (at.checked_sub(back)?, length)
            }
            7 => (place(&index_source, head.get(..id.len())?)?, id.len()),
            _ => return None,
        };
        deltas.push(inflated(&pack, at + (used + skip) as u64)?);
        if deltas.len() > CHAIN || next == at {
            return None;
        }
        at = next;
    }
}

fn inflated(pack: &Source, at: u64) -> Option<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    let mut reader = pack.reader();
    reader.seek(SeekFrom::Start(at)).ok()?;
    inflate(reader)
}

/// Where the index (version 2) says that the object is.
fn place(index: &Source, id: &[u8]) -> Option<u64> {
    let number = |at: u64| {
        index.range(at, 4).ok()?.first_chunk::<4>().map(|b| u64::from(u32::from_be_bytes(*b)))
    };
    if index.range(0, 8).ok()?.as_ref() != b"\xfftOc\0\0\0\x02" {
        return None;
    }
    let first = u64::from(*id.first()?);
    let width = id.len() as u64;
    let count = number(8 + 255 * 4)?;
    let mut low = first.checked_sub(1).map_or(Some(0), |before| number(8 + before * 4))?;
    let mut high = number(8 + first * 4)?;
    let names = 8 + 256 * 4;
    while low < high {
        let middle = low.midpoint(high);
        let found = index.range(names + middle * width, width).ok()?;
        match found.as_ref().cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => {
                let offsets = names + count * (width + 4);
                let short = number(offsets + middle * 4)?;
                if short & 0x8000_0000 == 0 {
                    return Some(short);
                }
                let long = offsets + count * 4 + (short & 0x7fff_ffff) * 8;
                return index
                    .range(long, 8)
                    .ok()?
                    .first_chunk::<8>()
                    .map(|b| u64::from_be_bytes(*b));
            }
        }
    }
    None
}

/// Applies a delta: lengths, then copies from the base and new bytes.
fn apply(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    let mut size = |delta: &[u8]| {
        let (mut value, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = *delta.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    };
    let (from, to) = (size(delta)?, size(delta)?);
    if from != base.len() as u64 || to > OBJECT_LIMIT {
        return None;
    }
    let mut out = Vec::new();
    while let Some(&op) = delta.get(at) {
        at += 1;
        if op & 0x80 != 0 {
            let mut field = |bits: std::ops::Range<u8>| {
                let mut value = 0_usize;
                for (position, bit) in bits.enumerate() {
                    if op & (1 << bit) != 0 {
                        value |= usize::from(*delta.get(at)?) << (8 * position);
                        at += 1;
                    }
                }
                Some(value)
            };
            let start = field(0..4)?;
            let length = match field(4..7)? {
                0 => 0x1_0000,
                length => length,
            };
            out.extend_from_slice(base.get(start..start.checked_add(length)?)?);
        } else {
            let length = usize::from(op);
            out.extend_from_slice(delta.get(at..at.checked_add(length)?)?);
            at += length;
        }
        if op == 0 || out.len() as u64 > to {
            return None;
        }
    }
    (out.len() as u64 == to).then_some(out)
}
