//! The index of git (gitformat-index): which files are tracked, with what content and when looked at.

use bytes::Bytes;

/// One tracked file.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) name: String,
    /// Seconds and nanoseconds of the last change, as git saw it.
    pub(super) modified: (u32, u32),
    /// File type and permissions, as `stat` has them.
    pub(super) mode: u32,
    /// Length, modulo 2³².
    pub(super) size: u32,
    /// Object name of the content.
    pub(super) id: Vec<u8>,
    /// Neither in the work tree nor expected there.
    pub(super) skipped: bool,
    /// Added by name only; its content is not recorded.
    pub(super) intended: bool,
    /// Between the sides of a merge.
    pub(super) unmerged: bool,
}

/// The tracked files in the order of the index, or nothing when it is damaged or uses an extension by
/// which it is not whole in itself.
pub(super) fn read(bytes: &Bytes, id_len: usize) -> Option<Vec<Tracked>> {
    let number = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b));
    let version = number(4)?;
    if !bytes.starts_with(b"DIRC") || !matches!(version, 2..=4) {
        return None;
    }
    let count = usize::try_from(number(8)?).ok()?;
    // An entry takes more bytes than its object name.
    if count > bytes.len() / id_len {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    let mut at = 12;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..count {
        let start = at;
        let id = bytes.get(at + 40..at + 40 + id_len)?.to_vec();
        let mut after = at + 40 + id_len;
        let short = |at: usize| bytes.get(at..)?.first_chunk::<2>().map(|b| u16::from_be_bytes(*b));
        let flags = short(after)?;
        after += 2;
        let mut extended = 0;
        if flags & 0x4000 != 0 {
            extended = short(after)?;
            after += 2;
        }
        if version == 4 {
            let (strip, next) = offset(bytes, after)?;
            name.truncate(name.len().checked_sub(usize::try_from(strip).ok()?)?);
            after = next;
        } else {
            name.clear();
        }
        let rest = bytes.get(after..)?;
        let end = rest.iter().position(|&b| b == 0)?;
        name.extend_from_slice(rest.get(..end)?);
        at = after + end + 1;
        if version < 4 {
            // One to eight zeros, so that the next entry is aligned.
            at = start + (after + end - start + 8) / 8 * 8;
        }
        entries.push(Tracked {
            name: String::from_utf8(name.clone()).ok()?,
            modified: (number(start + 8)?, number(start + 12)?),
            mode: number(start + 24)?,
            size: number(start + 36)?,
            id,
            skipped: extended & 0x4000 != 0,
            intended: extended & 0x2000 != 0,
            unmerged: flags & 0x3000 != 0,
        });
    }
    whole(bytes, at, id_len).then_some(entries)
}

/// Whether no extension says that entries stand elsewhere. Extensions with a capital may be passed over.
fn whole(bytes: &Bytes, mut at: usize, id_len: usize) -> bool {
    while at + 8 + id_len <= bytes.len() {
        let head = bytes.get(at..at + 8).unwrap_or_default();
        let size = head.last_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b));
        if !head.first().is_some_and(u8::is_ascii_uppercase) {
            return false;
        }
        at = at.saturating_add(8).saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
    }
    true
}

/// A number as packs and the fourth version of the index write it, and where it ends.
pub(super) fn offset(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut byte = *bytes.get(at)?;
    let mut value = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *bytes.get(at)?;
        value = value.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
    }
    Some((value, at + 1))
}
