//! Flatbuffers, reading only: tables, vectors and texts, each checked before it is used.
//!
//! Layout: <https://flatbuffers.dev/internals/>. All numbers are little-endian; offsets of children are
//! unsigned and lead forward, that of a table to its list of fields is signed and is subtracted.

use holdall_diag::{Failure, Location};
use holdall_source::Budget;

use crate::codes;

/// A table: where it stands, and where its list of fields does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'b> {
    bytes: &'b [u8],
    /// Where `bytes` begin in the file.
    base: u64,
    place: usize,
    fields: usize,
    fields_size: usize,
}

impl<'b> Table<'b> {
    /// The outermost table of a buffer that begins at `base` of the file.
    pub(crate) fn root(bytes: &'b [u8], base: u64) -> Result<Self, Failure> {
        let offset = u32_at(bytes, 0).ok_or_else(|| beyond(base, "the buffer has no root"))?;
        Self::new(bytes, base, offset as usize)
    }

    fn new(bytes: &'b [u8], base: u64, place: usize) -> Result<Self, Failure> {
        let bad = || beyond(base + place as u64, "a table leads out of the buffer");
        let back = u32_at(bytes, place).ok_or_else(bad)?.cast_signed();
        let fields = i64::try_from(place).ok().map(|place| place - i64::from(back));
        let fields = fields.and_then(|at| usize::try_from(at).ok()).ok_or_else(bad)?;
        let fields_size = usize::from(u16_at(bytes, fields).ok_or_else(bad)?);
        Ok(Self { bytes, base, place, fields, fields_size })
    }

    /// Where the table stands in the file.
    pub(crate) fn location(&self) -> Location {
        Location::at(self.base + self.place as u64)
    }

    /// Where a field stands; none where the file leaves it out.
    fn slot(&self, field: usize) -> Option<usize> {
        let entry = 4 + 2 * field;
        if entry + 2 > self.fields_size {
            return None;
        }
        let offset = u16_at(self.bytes, self.fields + entry)?;
        (offset != 0).then_some(self.place + usize::from(offset))
    }

    fn scalar<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>, Failure> {
        let Some(at) = self.slot(field) else { return Ok(None) };
        let found = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        found.copied().map(Some).ok_or_else(|| self.bad(at, "a number lies beyond the buffer"))
    }

    pub(crate) fn i32(&self, field: usize, absent: i32) -> Result<i32, Failure> {
        Ok(self.scalar(field)?.map_or(absent, i32::from_le_bytes))
    }

    pub(crate) fn f32(&self, field: usize, absent: f32) -> Result<f32, Failure> {
        Ok(self.scalar(field)?.map_or(absent, f32::from_le_bytes))
    }

    pub(crate) fn f64(&self, field: usize, absent: f64) -> Result<f64, Failure> {
        Ok(self.scalar(field)?.map_or(absent, f64::from_le_bytes))
    }

    pub(crate) fn u8(&self, field: usize, absent: u8) -> Result<u8, Failure> {
        Ok(self.scalar(field)?.map_or(absent, |[byte]| byte))
    }

    /// Where a field leads.
    fn child(&self, field: usize) -> Result<Option<usize>, Failure> {
        let Some(at) = self.slot(field) else { return Ok(None) };
        let offset = u32_at(self.bytes, at)
            .ok_or_else(|| self.bad(at, "an offset lies beyond the buffer"))?;
        Ok(Some(at.saturating_add(offset as usize)))
    }

    pub(crate) fn table(&self, field: usize) -> Result<Option<Self>, Failure> {
        self.child(field)?.map(|place| Self::new(self.bytes, self.base, place)).transpose()
    }

    /// The bytes of a vector, `size` an element; empty where the file leaves it out.
    pub(crate) fn vector(&self, field: usize, size: usize) -> Result<&'b [u8], Failure> {
        match self.child(field)? {
            Some(place) => self.elements(place, size),
            None => Ok(&[]),
        }
    }

    fn elements(&self, place: usize, size: usize) -> Result<&'b [u8], Failure> {
        let count = u32_at(self.bytes, place)
            .ok_or_else(|| self.bad(place, "a vector lies beyond the buffer"))?;
        let end =
            (count as usize).checked_mul(size).and_then(|length| length.checked_add(place + 4));
        end.and_then(|end| self.bytes.get(place + 4..end)).ok_or_else(|| {
            self.bad(place, format!("a vector of {count} elements ends beyond the buffer"))
        })
    }

    /// A vector of numbers.
    pub(crate) fn numbers<T, const N: usize>(
        &self,
        field: usize,
        of: fn([u8; N]) -> T,
        budget: &mut Budget,
    ) -> Result<Vec<T>, Failure> {
        let chunks = self.vector(field, N)?.as_chunks::<N>().0;
        let mut numbers = budget.vec(chunks.len())?;
        numbers.extend(chunks.iter().copied().map(of));
        Ok(numbers)
    }

    /// A vector of tables.
    pub(crate) fn tables(&self, field: usize, budget: &mut Budget) -> Result<Vec<Self>, Failure> {
        let Some(place) = self.child(field)? else { return Ok(Vec::new()) };
        let offsets = self.elements(place, 4)?.as_chunks::<4>().0;
        let mut tables = budget.vec(offsets.len())?;
        for (at, offset) in (place + 4..).step_by(4).zip(offsets) {
            let child = at.saturating_add(u32::from_le_bytes(*offset) as usize);
            tables.push(Self::new(self.bytes, self.base, child)?);
        }
        Ok(tables)
    }

    /// A text; none where the file leaves it out.
    pub(crate) fn text(
        &self,
        field: usize,
        budget: &mut Budget,
    ) -> Result<Option<String>, Failure> {
        self.child(field)?.map(|place| self.text_at(place, budget)).transpose()
    }

    /// A vector of texts.
    pub(crate) fn texts(&self, field: usize, budget: &mut Budget) -> Result<Vec<String>, Failure> {
        let Some(place) = self.child(field)? else { return Ok(Vec::new()) };
        let offsets = self.elements(place, 4)?.as_chunks::<4>().0;
        let mut texts = budget.vec(offsets.len())?;
        for (at, offset) in (place + 4..).step_by(4).zip(offsets) {
            let child = at.saturating_add(u32::from_le_bytes(*offset) as usize);
            texts.push(self.text_at(child, budget)?);
        }
        Ok(texts)
    }

    fn text_at(&self, place: usize, budget: &mut Budget) -> Result<String, Failure> {
        let bytes = self.elements(place, 1)?;
        budget.charge(bytes.len() as u64)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(self.bad(place, "a text is not UTF-8").caused_by(error)),
        }
    }

    fn bad(&self, at: usize, message: impl Into<String>) -> Failure {
        beyond(self.base.saturating_add(at as u64), message)
    }
}

fn beyond(at: u64, message: impl Into<String>) -> Failure {
    Failure::malformed(codes::FLATBUFFER, message).at(Location::at(at))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}
