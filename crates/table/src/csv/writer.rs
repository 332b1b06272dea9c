use std::io::Write;

use holdall_diag::Failure;

use crate::{Column, Data, Table, codes};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 17;

/// Writes tables as CSV with a header row.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    out: W,
    buffer: Vec<u8>,
    header_done: bool,
}

impl<W: Write> CsvWriter<W> {
    /// A writer that has written nothing.
    pub const fn new(out: W) -> Self {
        Self { out, buffer: Vec::new(), header_done: false }
    }

    /// Writes the rows of a table, after the header row when it is the first.
    pub fn write(&mut self, table: &Table) -> Result<(), Failure> {
        if !self.header_done {
            self.header_done = true;
            csv_header(table.columns.iter().map(|column| column.name.as_str()), &mut self.buffer);
        }
        csv_rows(table, &mut self.buffer);
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Brings everything to the stream below and gives it back.
    pub fn finish(mut self) -> Result<W, Failure> {
        self.flush()?;
        Ok(self.out)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let written = self.out.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| Failure::io(codes::WRITE, "cannot write the rows", error))
    }
}

/// Appends a header row to `out`.
pub fn csv_header<'n>(names: impl ExactSizeIterator<Item = &'n str>, out: &mut Vec<u8>) {
    let single = names.len() == 1;
    for (i, name) in names.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_text(name, single, out);
    }
    out.push(b'\n');
}

/// Appends the rows of a table to `out`. Floats are written so that reading gives the same bits.
pub fn csv_rows(table: &Table, out: &mut Vec<u8>) {
    let single = table.columns.len() == 1;
    for row in 0..table.rows {
        for (i, column) in table.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_cell(column, row, single, out);
        }
        out.push(b'\n');
    }
}

fn write_cell(column: &Column, row: usize, single: bool, out: &mut Vec<u8>) {
    if column.is_missing(row) {
        return write_text("", single, out);
    }
    // Writing into memory does not fail.
    let written = match &column.data {
        Data::F32(v) => v.get(row).map(|x| write!(out, "{x}")),
        Data::F64(v) => v.get(row).map(|x| write!(out, "{x}")),
        Data::I64(v) => v.get(row).map(|x| write!(out, "{x}")),
        Data::Bool(v) => v.get(row).map(|x| write!(out, "{x}")),
        Data::Text(v) => {
            if let Some(text) = v.get(row) {
                write_text(text, single, out);
            }
            None
        }
    };
    drop(written);
}

/// In quotes where it must be; an empty cell of a single column would be a blank line.
fn write_text(text: &str, single: bool, out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let must = (single && text.is_empty()) || text.bytes().any(|byte| special(&byte));
    if !must {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for part in text.split_inclusive('"') {
        out.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            out.push(b'"');
        }
    }
    out.push(b'"');
}
