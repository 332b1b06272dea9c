//! The protobuf wire format, read by range so that payloads are skipped and never touched.

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::Source;

use crate::codes;

/// How a field is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A number of one to ten bytes.
    Varint,
    /// Eight bytes.
    Eight,
    /// A length and that many bytes.
    Bytes,
    /// Four bytes.
    Four,
}

/// A position in a file with a window of bytes around it.
#[derive(Debug)]
pub(crate) struct Cursor<'s> {
    source: &'s Source,
    window: Bytes,
    start: u64,
    position: u64,
    ask: u64,
}

const LEAST: u64 = 4 << 10;
const MOST: u64 = 256 << 10;

impl<'s> Cursor<'s> {
    /// At the start of a file.
    pub(crate) fn new(source: &'s Source) -> Self {
        Self { source, window: Bytes::new(), start: 0, position: 0, ask: LEAST }
    }

    /// Where it stands.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// Goes forward without looking.
    pub(crate) const fn forward(&mut self, count: u64) {
        self.position = self.position.saturating_add(count);
    }

    /// Goes to a position.
    pub(crate) const fn go(&mut self, position: u64) {
        self.position = position;
    }

    /// The next bytes, at most `most` of `count`; goes past all of them.
    pub(crate) fn take(&mut self, count: u64, most: u64) -> Result<Bytes, Failure> {
        let bytes = self.source.range(self.position, count.min(most))?;
        self.forward(count);
        Ok(bytes)
    }

    fn fail(&self, message: impl Into<String>) -> Failure {
        Failure::malformed(codes::PROTOBUF, message)
            .at(Location::at(self.position).in_file(self.source.name()))
            .with_help("the file is truncated, damaged, or of another format")
    }

    fn byte(&mut self) -> Result<u8, Failure> {
        let inside = self.position.checked_sub(self.start).and_then(|i| usize::try_from(i).ok());
        if let Some(byte) = inside.and_then(|i| self.window.get(i)) {
            self.position += 1;
            return Ok(*byte);
        }
        // Reading on asks for more each time; a jump starts small again.
        let on = self.position == self.start + self.window.len() as u64;
        self.ask = if on { (self.ask * 2).min(MOST) } else { LEAST };
        let left = self.source.len().saturating_sub(self.position);
        self.window = self.source.range(self.position, self.ask.min(left))?;
        self.start = self.position;
        match self.window.first() {
            Some(byte) => {
                self.position += 1;
                Ok(*byte)
            }
            None => Err(self.fail("the file ends within a message")),
        }
    }

    /// A number, which must end before `end`.
    pub(crate) fn varint(&mut self, end: u64) -> Result<u64, Failure> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            if self.position >= end {
                return Err(self.fail("a number runs over the end of its message"));
            }
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.fail("a number is longer than ten bytes"))
    }

    /// The number and layout of a field.
    pub(crate) fn tag(&mut self, end: u64) -> Result<(u32, Wire), Failure> {
        let tag = self.varint(end)?;
        let wire = match tag & 7 {
            0 => Wire::Varint,
            1 => Wire::Eight,
            2 => Wire::Bytes,
            5 => Wire::Four,
            other => return Err(self.fail(format!("there is no wire type {other} in ONNX files"))),
        };
        match u32::try_from(tag >> 3) {
            Ok(number) if number > 0 => Ok((number, wire)),
            _ => Err(self.fail("a field has an impossible number")),
        }
    }

    /// The length of a field, which must end by `end`.
    pub(crate) fn length(&mut self, end: u64) -> Result<u64, Failure> {
        let length = self.varint(end)?;
        if self.position.checked_add(length).is_none_or(|last| last > end) {
            return Err(self.fail(format!("a field of {length} bytes runs over its message")));
        }
        Ok(length)
    }

    /// Goes past the value of a field.
    pub(crate) fn skip(&mut self, wire: Wire, end: u64) -> Result<(), Failure> {
        let count = match wire {
            Wire::Varint => return self.varint(end).map(drop),
            Wire::Eight => 8,
            Wire::Four => 4,
            Wire::Bytes => self.length(end)?,
        };
        if self.position.checked_add(count).is_none_or(|last| last > end) {
            return Err(self.fail("a field runs over its message"));
        }
        self.forward(count);
        Ok(())
    }
}

/// A message being written: small parts are gathered, large payloads are shared, and nesting one
/// message in another moves no payload.
#[derive(Debug, Default)]
pub(crate) struct Rope {
    done: Vec<Bytes>,
    tail: Vec<u8>,
    done_len: u64,
}

/// Payloads from this size on are shared instead of copied.
const SHARE: usize = 1 << 12;

impl Rope {
    /// Length in bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.done_len + self.tail.len() as u64
    }

    fn raw(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.tail.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.tail.push(u8::try_from(value).unwrap_or(0));
    }

    fn tag(&mut self, number: u32, wire: u32) {
        self.raw(u64::from(number << 3 | wire));
    }

    /// A number.
    pub(crate) fn varint(&mut self, number: u32, value: u64) {
        self.tag(number, 0);
        self.raw(value);
    }

    /// A signed number.
    pub(crate) fn int(&mut self, number: u32, value: i64) {
        self.varint(number, value.cast_unsigned());
    }

    /// A binary32.
    pub(crate) fn float(&mut self, number: u32, value: f32) {
        self.tag(number, 5);
        self.tail.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes, copied.
    pub(crate) fn bytes(&mut self, number: u32, value: &[u8]) {
        self.tag(number, 2);
        self.raw(value.len() as u64);
        self.tail.extend_from_slice(value);
    }

    /// A text, left out when empty.
    pub(crate) fn text(&mut self, number: u32, value: &str) {
        if !value.is_empty() {
            self.bytes(number, value.as_bytes());
        }
    }

    /// Bytes, shared when there are many.
    pub(crate) fn payload(&mut self, number: u32, value: &Bytes) {
        if value.len() < SHARE {
            return self.bytes(number, value);
        }
        self.tag(number, 2);
        self.raw(value.len() as u64);
        self.push(value.clone());
    }

    /// Fields as they stand in a file.
    pub(crate) fn splice(&mut self, fields: &Bytes) {
        if fields.len() < SHARE {
            self.tail.extend_from_slice(fields);
        } else {
            self.push(fields.clone());
        }
    }

    /// Floats as one packed field, or one field each.
    pub(crate) fn floats(&mut self, number: u32, values: &[f32], packed: bool) {
        if !packed {
            return values.iter().for_each(|&value| self.float(number, value));
        }
        self.tag(number, 2);
        self.raw(4 * values.len() as u64);
        self.tail.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Integers as one packed field, or one field each.
    pub(crate) fn ints(&mut self, number: u32, values: &[i64], packed: bool) {
        if !packed {
            return values.iter().for_each(|&value| self.int(number, value));
        }
        let mut inner = Self::default();
        for &value in values {
            inner.raw(value.cast_unsigned());
        }
        self.message(number, inner);
    }

    /// A message.
    pub(crate) fn message(&mut self, number: u32, inner: Self) {
        self.tag(number, 2);
        self.raw(inner.len());
        for part in inner.done {
            if part.len() < SHARE {
                self.tail.extend_from_slice(&part);
            } else {
                self.push(part);
            }
        }
        if inner.tail.len() < SHARE {
            self.tail.extend_from_slice(&inner.tail);
        } else {
            self.push(inner.tail.into());
        }
    }

    fn push(&mut self, part: Bytes) {
        if !self.tail.is_empty() {
            let tail = std::mem::take(&mut self.tail);
            self.done_len += tail.len() as u64;
            self.done.push(tail.into());
        }
        self.done_len += part.len() as u64;
        self.done.push(part);
    }

    /// The parts in order, shared.
    pub(crate) fn into_parts(mut self) -> Vec<Bytes> {
        self.done.push(self.tail.into());
        self.done
    }

    /// The parts in order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.done.iter().map(|part| &**part).chain([self.tail.as_slice()])
    }
}
