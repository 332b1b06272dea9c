//! The headers of a tar file (POSIX ustar and pax, GNU long names), read strictly.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_sign::is_signature_file;
use holdall_source::Limits;

use super::{DOCUMENT_LIMIT, Entry, Place, folder::too_many, stream::Limited};
use crate::{MANIFEST_NAME, codes, digest::stream_failure, names::NameSet};

const BLOCK: u64 = 512;

/// The most that a header extension may weigh; names and sizes need a fraction of it.
const EXTENSION_LIMIT: u64 = 1 << 20;

/// A stream that can pass over bytes.
pub(super) trait Pass: Read {
    fn pass(&mut self, count: u64) -> std::io::Result<()>;
}

/// A stream that can seek, so that data costs nothing.
pub(super) struct Skipping<R>(pub(super) R);

impl<R: Read> Read for Skipping<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read + Seek> Pass for Skipping<R> {
    fn pass(&mut self, count: u64) -> std::io::Result<()> {
        // The last byte is read, so that a file that ends too early is noticed.
        let Some(before) = count.checked_sub(1) else { return Ok(()) };
        let step = i64::try_from(before).map_err(std::io::Error::other)?;
        self.0.seek(SeekFrom::Current(step))?;
        self.0.read_exact(&mut [0])
    }
}

impl<R: Read> Pass for Limited<R> {
    fn pass(&mut self, count: u64) -> std::io::Result<()> {
        let passed = std::io::copy(&mut self.take(count), &mut std::io::sink())?;
        if passed == count { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }
}

type Listed = (Vec<Entry>, BTreeMap<String, Bytes>);

/// The files of the archive in order; of a compressed one also manifest and signature, because finding
/// them again would cost decompressing everything again.
pub(super) fn list(
    mut stream: impl Pass,
    compressed: bool,
    limits: &Limits,
) -> Result<Listed, Failure> {
    let mut names = NameSet::default();
    let mut entries = Vec::new();
    let mut captured = BTreeMap::new();
    let mut position = 0;
    let mut extended = Extended::default();
    let mut headers = 0;
    loop {
        let here = position;
        let failed = |error| stream_failure(error, Location::at(here));
        let mut block = [0; 512];
        stream.read_exact(&mut block).map_err(failed)?;
        position += BLOCK;
        if block == [0; 512] {
            if compressed {
                // The checksum of the stream stands at its very end.
                std::io::copy(&mut stream, &mut std::io::sink()).map_err(failed)?;
            }
            return Ok((entries, captured));
        }
        headers += 1;
        if headers > limits.entries.saturating_mul(3) || entries.len() as u64 > limits.entries {
            return Err(too_many(limits));
        }
        let header = Header::read(&block, here)?;
        let size = if header.kind_is_extension() { header.size } else { extended.size(&header) };
        let padded = size.checked_next_multiple_of(BLOCK);
        let padded = padded.ok_or_else(|| damaged("the size is impossible", here))?;
        if header.kind_is_extension() {
            if size > EXTENSION_LIMIT {
                return Err(damaged("a header extension is too long", here));
            }
            let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
            stream.read_exact(&mut bytes).map_err(failed)?;
            stream.pass(padded - size).map_err(failed)?;
            extended.read(header.kind, &bytes, here)?;
            position += padded;
            continue;
        }
        let name = std::mem::take(&mut extended).name(&header, here)?;
        if header.is_folder(&name) {
            let folder = name.trim_start_matches("./").trim_end_matches('/');
            if !matches!(folder, "" | ".") {
                names.folder(folder)?;
            }
        } else {
            header.check_file(&name)?;
            names.file(&name)?;
        }
        let keep = name == MANIFEST_NAME || is_signature_file(&name);
        if compressed && keep && size <= DOCUMENT_LIMIT {
            let mut bytes = Vec::new();
            (&mut stream).take(size).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() as u64 != size {
                return Err(damaged("the archive ends inside an entry", here));
            }
            stream.pass(padded - size).map_err(failed)?;
            captured.insert(name.clone(), Bytes::from(bytes));
        } else {
            stream.pass(padded).map_err(failed)?;
        }
        if !header.is_folder(&name) {
            let place = if compressed { Place::Solid(position) } else { Place::Plain(position) };
            entries.push(Entry { name, size, place });
        }
        position = position.checked_add(padded).ok_or_else(|| damaged("too long", here))?;
    }
}

struct Header<'a> {
    block: &'a [u8; 512],
    kind: u8,
    size: u64,
}

impl<'a> Header<'a> {
    fn read(block: &'a [u8; 512], here: u64) -> Result<Self, Failure> {
        // The checksum is taken with its own field as spaces.
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte }))
            .sum();
        let stated = number(field(block, 148, 8));
        if stated != Some(sum) {
            return Err(damaged("the checksum of a header does not hold", here));
        }
        let size = number(field(block, 124, 12));
        let size = size.ok_or_else(|| damaged("the size in a header is not a number", here))?;
        Ok(Self { block, kind: block[156], size })
    }

    fn kind_is_extension(&self) -> bool {
        matches!(self.kind, b'x' | b'g' | b'L' | b'K')
    }

    fn is_folder(&self, name: &str) -> bool {
        self.kind == b'5' || (matches!(self.kind, 0 | b'0') && name.ends_with('/'))
    }

    fn check_file(&self, name: &str) -> Result<(), Failure> {
        let what = match self.kind {
            0 | b'0' | b'7' => return Ok(()),
            b'1' | b'2' => "a link",
            b'S' => "a sparse file",
            _ => "a special file",
        };
        Err(Failure::unsupported(codes::LINK, format!("the entry is {what}"))
            .at(Location::none().in_entry(name)))
    }

    fn name(&self) -> Vec<u8> {
        let name = until_zero(field(self.block, 0, 100));
        let prefix = until_zero(field(self.block, 345, 155));
        if prefix.is_empty() || field(self.block, 257, 6) != b"ustar\0" {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }
}

/// What extension headers say about the next entry.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extended {
    fn read(&mut self, kind: u8, bytes: &[u8], here: u64) -> Result<(), Failure> {
        match kind {
            b'L' => {
                self.name = Some(until_zero(bytes).to_vec());
                Ok(())
            }
            b'x' => self.read_pax(bytes, here),
            // Global headers and long link names say nothing about files.
            _ => Ok(()),
        }
    }

    /// Records of the form `<length> <key>=<value>\n`; the length counts itself.
    fn read_pax(&mut self, mut bytes: &[u8], here: u64) -> Result<(), Failure> {
        let broken = || damaged("a pax header is damaged", here);
        while !bytes.is_empty() {
            let space = bytes.iter().position(|&b| b == b' ').ok_or_else(broken)?;
            let length = bytes.get(..space).and_then(decimal).ok_or_else(broken)?;
            let length = usize::try_from(length).ok().filter(|&len| len > space + 1);
            let (record, rest) =
                length.and_then(|len| bytes.split_at_checked(len)).ok_or_else(broken)?;
            let record = record.get(space + 1..).and_then(|r| r.strip_suffix(b"\n"));
            let record = record.ok_or_else(broken)?;
            let equals = record.iter().position(|&b| b == b'=').ok_or_else(broken)?;
            let (key, value) = record.split_at_checked(equals).ok_or_else(broken)?;
            let value = value.get(1..).unwrap_or_default();
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.size = Some(decimal(value).ok_or_else(broken)?),
                _ if key.starts_with(b"GNU.sparse.") => {
                    return Err(Failure::unsupported(codes::LINK, "the entry is a sparse file")
                        .at(Location::at(here)));
                }
                _ => {}
            }
            bytes = rest;
        }
        Ok(())
    }

    fn size(&self, header: &Header<'_>) -> u64 {
        self.size.unwrap_or(header.size)
    }

    fn name(self, header: &Header<'_>, here: u64) -> Result<String, Failure> {
        let name = self.name.unwrap_or_else(|| header.name());
        let name = String::from_utf8(name).map_err(|error| {
            Failure::malformed(codes::NAME, "the entry name is not UTF-8")
                .at(Location::at(here))
                .caused_by(error)
        })?;
        // `tar c .` puts this in front of every name.
        Ok(name.strip_prefix("./").map_or(name.clone(), str::to_owned))
    }
}

fn field(block: &[u8; 512], at: usize, len: usize) -> &[u8] {
    block.get(at..at + len).unwrap_or_default()
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}

fn decimal(bytes: &[u8]) -> Option<u64> {
    str::from_utf8(bytes).ok()?.parse().ok()
}

/// A number of a header: octal digits, or big-endian binary when the highest bit is set (GNU).
fn number(bytes: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = bytes.split_first()
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |sum, &b| Some(sum.checked_mul(256)? | u64::from(b)));
    }
    let text = str::from_utf8(until_zero(bytes)).ok()?.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn damaged(message: &str, offset: u64) -> Failure {
    Failure::malformed(codes::ARCHIVE, message).at(Location::at(offset))
}
