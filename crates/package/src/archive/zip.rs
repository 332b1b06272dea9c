//! The directory of a zip file (APPNOTE 6.3.10), read strictly: what two readers could understand in
//! two ways is refused.

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::{Limits, Source};

use super::{Entry, Place, folder::too_many, stream::too_large};
use crate::{codes, names::NameSet};

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Where a file of the archive is and how it was written.
#[derive(Clone, Debug)]
pub(super) struct Member {
    name: Bytes,
    header: u64,
    compressed: u64,
    crc: u32,
    stored: bool,
    /// Where the next header or the directory starts: the data must end before.
    bound: u64,
}

impl Member {
    pub(super) fn stored(&self) -> bool {
        self.stored
    }

    pub(super) fn compressed(&self) -> u64 {
        self.compressed
    }

    pub(super) fn crc(&self) -> u32 {
        self.crc
    }

    /// Offset of the data, found by reading the local header, which must agree with the directory.
    pub(super) fn data(&self, archive: &Source) -> Result<u64, Failure> {
        let head = archive.range(self.header, 30)?;
        let fields = Fields { bytes: head, base: self.header };
        if fields.bytes.get(..4) != Some(LOCAL) {
            return Err(damaged("expected a local header", self.header));
        }
        let (name_len, extra_len) = (u64::from(fields.u16(26)?), u64::from(fields.u16(28)?));
        let name = archive.range(self.header + 30, name_len)?;
        let stored = fields.u16(8)? == 0;
        if name != self.name || stored != self.stored {
            return Err(damaged("the local header disagrees with the directory", self.header));
        }
        let start = self.header + 30 + name_len + extra_len;
        if start.checked_add(self.compressed).is_none_or(|end| end > self.bound) {
            return Err(damaged("the entry overlaps the one after it", self.header));
        }
        Ok(start)
    }
}

struct Fields {
    bytes: Bytes,
    base: u64,
}

impl Fields {
    fn take<const N: usize>(&self, at: usize) -> Result<[u8; N], Failure> {
        let found = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        found.copied().ok_or_else(|| damaged("the directory is cut off", self.base))
    }

    fn u16(&self, at: usize) -> Result<u16, Failure> {
        self.take(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, Failure> {
        self.take(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Result<u64, Failure> {
        self.take(at).map(u64::from_le_bytes)
    }
}

struct Directory {
    start: u64,
    size: u64,
    count: u64,
}

/// The files of the archive in the order of their data, from the directory at its end alone.
pub(super) fn list(archive: &Source, limits: &Limits) -> Result<Vec<Entry>, Failure> {
    let directory = find_directory(archive)?;
    if directory.count > limits.entries {
        return Err(too_many(limits));
    }
    if directory.size / 46 < directory.count || directory.size > limits.memory {
        return Err(damaged("the directory cannot hold its entries", directory.start));
    }
    let bytes = archive.range(directory.start, directory.size)?;
    let mut names = NameSet::default();
    let mut members: Vec<(Member, Entry)> = Vec::new();
    let mut inflated = 0_u64;
    let mut at = 0;
    for _ in 0..directory.count {
        let base = directory.start + at as u64;
        let fields = Fields { bytes: bytes.slice(at.min(bytes.len())..), base };
        let (record, length) = read_record(&fields)?;
        at += length;
        let Some((member, size)) = record.accept(&mut names, base)? else { continue };
        if !member.stored {
            inflated = inflated.saturating_add(size);
        }
        let name = String::from_utf8_lossy(&member.name).into_owned();
        let place = Place::Zip(member.clone());
        members.push((member, Entry { name, size, place }));
    }
    if at != bytes.len() {
        return Err(damaged("the directory has bytes after its last entry", directory.start));
    }
    if inflated > limits.decompressed {
        return Err(too_large(limits.decompressed));
    }
    bound(members, directory.start)
}

/// Sorts by place and refuses overlaps, by which small archives pretend to be large ones.
fn bound(mut members: Vec<(Member, Entry)>, end: u64) -> Result<Vec<Entry>, Failure> {
    members.sort_by_key(|(member, _)| member.header);
    let starts: Vec<u64> =
        members.iter().skip(1).map(|(member, _)| member.header).chain([end]).collect();
    let bounded = members.into_iter().zip(starts).map(|((mut member, mut entry), next)| {
        let least = [30, member.name.len() as u64, member.compressed];
        let least = least.iter().try_fold(member.header, |sum, part| sum.checked_add(*part));
        if least.is_none_or(|end| end > next) {
            return Err(damaged("the entry overlaps the one after it", member.header)
                .map_location(|l| l.in_entry(entry.name.as_str())));
        }
        member.bound = next;
        entry.place = Place::Zip(member);
        Ok(entry)
    });
    bounded.collect()
}

fn find_directory(archive: &Source) -> Result<Directory, Failure> {
    let tail_len = archive.len().min(22 + 0xffff);
    let tail_start = archive.len() - tail_len;
    let tail = archive.range(tail_start, tail_len)?;
    // The comment must end where the file ends; the last such record counts.
    let at = (0..tail.len().saturating_sub(21)).rev().find(|&at| {
        let record = tail.get(at..).unwrap_or_default();
        let comment = record.get(20..22).and_then(|b| b.first_chunk::<2>()).copied();
        record.starts_with(END)
            && comment.is_some_and(|n| usize::from(u16::from_le_bytes(n)) + 22 == record.len())
    });
    let at = at.ok_or_else(|| damaged("the directory of the archive is missing", archive.len()))?;
    let here = tail_start + at as u64;
    let end = Fields { bytes: tail.slice(at..), base: here };
    let short = Directory {
        start: u64::from(end.u32(16)?),
        size: u64::from(end.u32(12)?),
        count: u64::from(end.u16(10)?),
    };
    let disks = u32::from(end.u16(4)?) | u32::from(end.u16(6)?);
    let wide = short.start == u64::from(u32::MAX)
        || short.size == u64::from(u32::MAX)
        || short.count == u64::from(u16::MAX);
    let locator = here.checked_sub(20).map(|start| archive.range(start, 20)).transpose()?;
    let (directory, record) = match locator {
        Some(locator) if wide && locator.starts_with(LOCATOR64) => {
            let start = Fields { bytes: locator, base: here }.u64(8)?;
            let record = archive.range(start, 56)?;
            if !record.starts_with(END64) {
                return Err(damaged("expected the zip64 end of the directory", start));
            }
            let fields = Fields { bytes: record, base: start };
            let wide =
                Directory { start: fields.u64(48)?, size: fields.u64(40)?, count: fields.u64(32)? };
            (wide, start)
        }
        Some(_) | None => (short, here),
    };
    let split = disks != 0 && !(wide && disks == u32::from(u16::MAX));
    if split || directory.start.checked_add(directory.size) != Some(record) {
        return Err(damaged("the directory is not where the archive says", here));
    }
    Ok(directory)
}

struct Record {
    made_by: u16,
    flags: u16,
    method: u16,
    attributes: u32,
    size: u64,
    member: Member,
}

fn read_record(fields: &Fields) -> Result<(Record, usize), Failure> {
    if fields.bytes.get(..4) != Some(CENTRAL) {
        return Err(damaged("expected an entry of the directory", fields.base));
    }
    let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| fields.u16(at).map(usize::from));
    let (name_len, extra_len, comment_len) = (name_len?, extra_len?, comment_len?);
    let slice = |from: usize, len: usize| {
        let inside = from.checked_add(len).filter(|&end| end <= fields.bytes.len());
        inside
            .map(|end| fields.bytes.slice(from..end))
            .ok_or_else(|| damaged("the directory is cut off", fields.base))
    };
    let name = slice(46, name_len)?;
    let extra = slice(46 + name_len, extra_len)?;
    slice(46 + name_len + extra_len, comment_len)?;
    let mut wide = [fields.u32(24)?, fields.u32(20)?, fields.u32(42)?].map(u64::from);
    widen(&mut wide, &extra, fields.base)?;
    let [size, compressed, header] = wide;
    let method = fields.u16(10)?;
    let (crc, stored) = (fields.u32(16)?, method == 0);
    let record = Record {
        made_by: fields.u16(4)?,
        flags: fields.u16(8)?,
        method,
        attributes: fields.u32(38)?,
        size,
        member: Member { name, header, compressed, crc, stored, bound: 0 },
    };
    Ok((record, 46 + name_len + extra_len + comment_len))
}

/// Replaces values that do not fit 32 bits by those of the zip64 extra field (APPNOTE 4.5.3).
fn widen(values: &mut [u64; 3], extra: &Bytes, base: u64) -> Result<(), Failure> {
    let mut at = 0;
    while at + 4 <= extra.len() {
        let fields = Fields { bytes: extra.slice(at..), base };
        let (id, len) = (fields.u16(0)?, usize::from(fields.u16(2)?));
        if id == 1 {
            let mut next = 4;
            for value in values.iter_mut().filter(|value| **value == u64::from(u32::MAX)) {
                if next + 8 > len + 4 {
                    return Err(damaged("the zip64 field is too short", base));
                }
                *value = fields.u64(next)?;
                next += 8;
            }
            return Ok(());
        }
        at += 4 + len;
    }
    Ok(())
}

impl Record {
    /// The member, nothing for a folder, or why the entry is refused.
    fn accept(self, names: &mut NameSet, base: u64) -> Result<Option<(Member, u64)>, Failure> {
        let Ok(name) = str::from_utf8(&self.member.name) else {
            return Err(Failure::malformed(codes::NAME, "the entry name is not UTF-8")
                .at(Location::at(base)));
        };
        let refuse = |code, message: &str| {
            Err(Failure::unsupported(code, message).at(Location::none().in_entry(name)))
        };
        // The upper half holds Unix file types when the archive was made on Unix.
        let kind = if self.made_by >> 8 == 3 { (self.attributes >> 16) & 0o170_000 } else { 0 };
        let folder = name.ends_with('/');
        match kind {
            0o120_000 => return refuse(codes::LINK, "the entry is a link"),
            0 | 0o100_000 => {}
            0o040_000 if folder => {}
            _ => return refuse(codes::LINK, "the entry is a special file"),
        }
        if self.flags & 0x2041 != 0 {
            return refuse(codes::ARCHIVE_FEATURE, "the entry is encrypted");
        }
        if !matches!(self.method, 0 | 8) {
            let message = format!(
                "expected stored or deflated data, found compression method {}",
                self.method
            );
            return refuse(codes::ARCHIVE_FEATURE, &message);
        }
        if let Some(folder) = name.strip_suffix('/') {
            names.folder(folder)?;
            if self.size != 0 {
                return Err(damaged("a folder has content", base));
            }
            return Ok(None);
        }
        names.file(name)?;
        if self.member.stored && self.size != self.member.compressed {
            return Err(damaged("a stored entry has two sizes", base));
        }
        Ok(Some((self.member, self.size)))
    }
}

fn damaged(message: &str, offset: u64) -> Failure {
    Failure::malformed(codes::ARCHIVE, message).at(Location::at(offset))
}
