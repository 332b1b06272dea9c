use std::borrow::Cow;

/// Where a piece of a CSV file was cut: after the last whole record that it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes of whole records.
    pub(super) bytes: usize,
    /// Records in them, without blank lines that are none.
    pub(super) records: u64,
    /// Line ends in them.
    pub(super) lines: u64,
}

/// Finds the whole records at the start of `bytes`, at most `most` of them. With `ended` the last one
/// needs no line end. With `single` a blank line is a record.
pub(super) fn cut(bytes: &[u8], single: bool, ended: bool, most: u64) -> Cut {
    if most == u64::MAX && !ended && is_simple(bytes) {
        cut_lines(bytes, single)
    } else {
        cut_any(bytes, single, ended, most)
    }
}

/// Whether records are lines: no quotes, and CR only before LF.
fn is_simple(bytes: &[u8]) -> bool {
    memchr::memchr(b'"', bytes).is_none()
        && memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'))
}

fn cut_lines(bytes: &[u8], single: bool) -> Cut {
    let mut cut = Cut::default();
    for end in memchr::memchr_iter(b'\n', bytes) {
        let line = bytes.get(cut.bytes..end).unwrap_or_default();
        cut.records += u64::from(single || !matches!(line, [] | [b'\r']));
        cut.lines += 1;
        cut.bytes = end + 1;
    }
    cut
}

/// What is known at a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Record,
    Cell,
    Plain,
    Quoted,
    /// After a quote inside quotes.
    Quote,
}

fn cut_any(bytes: &[u8], single: bool, ended: bool, most: u64) -> Cut {
    let mut cut = Cut::default();
    let mut at = At::Record;
    let mut lines = 0;
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        place += 1;
        let line_end = matches!(byte, b'\n' | b'\r');
        if line_end && at != At::Quoted {
            if byte == b'\r' {
                match bytes.get(place) {
                    Some(b'\n') => place += 1,
                    None if !ended => break,
                    Some(_) | None => {}
                }
            }
            lines += 1;
            let records = cut.records + u64::from(single || at != At::Record);
            cut = Cut { bytes: place, records, lines };
            at = At::Record;
            if records >= most {
                return cut;
            }
            continue;
        }
        lines += u64::from(byte == b'\n');
        at = match (at, byte) {
            (At::Record | At::Cell, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
            (At::Record | At::Cell | At::Plain | At::Quote, b',') => At::Cell,
            (At::Record | At::Cell | At::Plain | At::Quote, _) => At::Plain,
        };
    }
    if ended && at != At::Record {
        cut = Cut { bytes: bytes.len(), records: cut.records + 1, lines };
    }
    cut
}

/// A quote that opens a cell and is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    /// The line that its record starts in, from 1.
    pub(super) line: u64,
}

/// The records of a text that ends with a whole one.
#[derive(Debug)]
pub(super) struct Records<'t> {
    rest: &'t str,
    line: u64,
    single: bool,
}

impl<'t> Records<'t> {
    /// `line` is the number of the first line, from 1.
    pub(super) const fn new(text: &'t str, line: u64, single: bool) -> Self {
        Self { rest: text, line, single }
    }

    /// Puts the cells of the next record into `cells` and gives the line that it starts in.
    pub(super) fn next(&mut self, cells: &mut Vec<Cow<'t, str>>) -> Result<Option<u64>, Unclosed> {
        cells.clear();
        while !self.single && matches!(self.rest.as_bytes().first(), Some(b'\n' | b'\r')) {
            self.end_line();
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        loop {
            cells.push(self.cell(line)?);
            match self.rest.as_bytes().first() {
                Some(b',') => self.skip(1),
                Some(_) => {
                    self.end_line();
                    return Ok(Some(line));
                }
                None => return Ok(Some(line)),
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn end_line(&mut self) {
        self.line += 1;
        self.skip(if self.rest.starts_with("\r\n") { 2 } else { 1 });
    }

    fn cell(&mut self, line: u64) -> Result<Cow<'t, str>, Unclosed> {
        if !self.rest.starts_with('"') {
            return Ok(Cow::Borrowed(self.plain()));
        }
        self.skip(1);
        let mut text = String::new();
        loop {
            let end = memchr::memchr(b'"', self.rest.as_bytes()).ok_or(Unclosed { line })?;
            let part = self.rest.get(..end).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', part.as_bytes()).count() as u64;
            text.push_str(part);
            self.skip(end + 1);
            if !self.rest.starts_with('"') {
                break;
            }
            text.push('"');
            self.skip(1);
        }
        // Text between the quotes and the comma belongs to the cell.
        text.push_str(self.plain());
        Ok(Cow::Owned(text))
    }

    fn plain(&mut self) -> &'t str {
        let bytes = self.rest.as_bytes();
        let end = memchr::memchr3(b',', b'\n', b'\r', bytes).unwrap_or(bytes.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        cell
    }
}
