use std::{borrow::Cow, io::Read, sync::Arc};

use holdall_diag::{Failure, Location};
use holdall_source::Source;

use super::records::{Cut, Records, Unclosed, cut};
use crate::{Column, Data, Failed, Inputs, Table, codes, typed::TypedColumn};

/// Bytes that a block has about.
const BLOCK: usize = 1 << 19;
/// Bytes that one record may have.
const LONGEST: usize = 64 << 20;

/// Cuts a CSV file with a header row into blocks of whole records, in constant memory. Cutting is cheap;
/// blocks are parsed wherever there is a core.
pub struct CsvBlocks {
    input: Box<dyn Read + Send>,
    header: Arc<Header>,
    /// Bytes that were read and not given out.
    pending: Vec<u8>,
    ended: bool,
    position: u64,
    next_row: u64,
    next_line: u64,
}

#[derive(Debug)]
struct Header {
    file: Box<str>,
    names: Vec<String>,
}

impl std::fmt::Debug for CsvBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvBlocks").field("file", &self.header.file).finish_non_exhaustive()
    }
}

/// Some rows of a CSV file, not yet parsed.
#[derive(Clone, Debug)]
pub struct CsvBlock {
    header: Arc<Header>,
    bytes: Vec<u8>,
    first_row: u64,
    first_line: u64,
    rows: usize,
}

impl CsvBlocks {
    /// Starts reading a file.
    pub fn open(source: &Source) -> Result<Self, Failure> {
        Self::new(source.name(), source.reader())
    }

    /// Starts reading a stream; `name` is used in messages.
    ///
    /// Fails with `table/empty` without a header row, `table/duplicate-column` when two columns have
    /// one name.
    pub fn new(name: &str, input: impl Read + Send + 'static) -> Result<Self, Failure> {
        let header = Arc::new(Header { file: name.into(), names: Vec::new() });
        let mut blocks = Self {
            input: Box::new(input),
            header,
            pending: Vec::new(),
            ended: false,
            position: 0,
            next_row: 0,
            next_line: 1,
        };
        blocks.fill(BLOCK)?;
        if blocks.pending.starts_with("\u{feff}".as_bytes()) {
            blocks.pending.drain(.."\u{feff}".len());
        }
        let names = blocks.read_header()?;
        blocks.header = Arc::new(Header { file: name.into(), names });
        Ok(blocks)
    }

    /// The names in the header row.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// What the rows are called in messages.
    pub fn name(&self) -> &str {
        &self.header.file
    }

    /// Bytes given out so far.
    pub const fn position(&self) -> u64 {
        self.position
    }

    fn read_header(&mut self) -> Result<Vec<String>, Failure> {
        let empty = |name: &str| {
            Failure::malformed(codes::EMPTY, "expected a header row, found nothing")
                .at(Location::line(1, 1).in_file(name))
        };
        // Blank lines before the header row are skipped, so it is the first record of several columns.
        let Some((bytes, cut)) = self.take(false, 1)? else {
            return Err(empty(&self.header.file));
        };
        let text = text_of(&bytes, &self.header.file, 1)?;
        let mut cells = Vec::new();
        let mut records = Records::new(text, 1, false);
        let read = records.next(&mut cells).map_err(|at| unclosed(&self.header.file, at))?;
        let names: Vec<String> = cells.into_iter().map(Cow::into_owned).collect();
        self.next_line += cut.lines;
        if read.is_none() || names.iter().all(|name| name.trim().is_empty()) && names.len() == 1 {
            return Err(empty(&self.header.file));
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(Failure::malformed(
                codes::DUPLICATE,
                format!("two columns are called `{twice}`"),
            )
            .at(Location::line(1, 1).in_file(self.name())));
        }
        Ok(names)
    }

    /// The next rows, `None` after the last.
    ///
    /// Fails with `table/csv` when a record is longer than 64 MiB, and when reading fails.
    pub fn next_block(&mut self) -> Result<Option<CsvBlock>, Failure> {
        let single = self.header.names.len() == 1;
        while let Some((bytes, cut)) = self.take(single, u64::MAX)? {
            let (first_row, first_line) = (self.next_row, self.next_line);
            self.next_row += cut.records;
            self.next_line += cut.lines;
            if cut.records > 0 {
                let header = Arc::clone(&self.header);
                // A block is held in memory, so its rows can be counted.
                let rows = usize::try_from(cut.records).unwrap_or(usize::MAX);
                return Ok(Some(CsvBlock { header, bytes, first_row, first_line, rows }));
            }
        }
        Ok(None)
    }

    /// Whole records: as many as there are in a block, or `most`.
    fn take(&mut self, single: bool, most: u64) -> Result<Option<(Vec<u8>, Cut)>, Failure> {
        let mut wanted = BLOCK;
        loop {
            self.fill(wanted)?;
            let cut = cut(&self.pending, single, self.ended, most);
            if cut.bytes > 0 {
                let rest = self.pending.split_off(cut.bytes);
                self.position += cut.bytes as u64;
                return Ok(Some((std::mem::replace(&mut self.pending, rest), cut)));
            }
            if self.ended {
                return Ok(None);
            }
            if wanted >= LONGEST {
                return Err(Failure::limit(
                    codes::CSV,
                    format!("a row is longer than {} MiB", LONGEST >> 20),
                )
                .at(Location::line(self.next_line, 1).in_file(self.name()))
                .with_help("look for a quote that is not closed"));
            }
            wanted *= 2;
        }
    }

    fn fill(&mut self, wanted: usize) -> Result<(), Failure> {
        let missing = wanted.saturating_sub(self.pending.len());
        if self.ended || missing == 0 {
            return Ok(());
        }
        let most = u64::try_from(missing).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(most).read_to_end(&mut self.pending);
        let read = read.map_err(|error| {
            Failure::io(codes::CSV, format!("cannot read the rows: {error}"), error)
                .at(Location::file(self.name()))
        })?;
        self.ended = read < missing;
        Ok(())
    }
}

impl CsvBlock {
    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that `inputs` takes, parsed at their kinds, and the rows that could not be read,
    /// counted from 0 in the block, with why; their cells are missing.
    ///
    /// Fails with `table/csv` when the text is not UTF-8 or a quote is not closed.
    pub fn read(&self, inputs: &Inputs) -> Result<(Table, Vec<Failed>), Failure> {
        let mut columns: Vec<TypedColumn<'_>> =
            inputs.ports().iter().map(|port| TypedColumn::new(port, self.rows)).collect();
        let mut failed = Vec::new();
        self.each_record(|row, line, cells| {
            let mut failure = None;
            if cells.len() == self.header.names.len() {
                for (column, &position) in columns.iter_mut().zip(inputs.positions()) {
                    let cell = cells.get(position).map_or("", |cell| &**cell);
                    let number = self.first_row + row as u64 + 1;
                    failure = failure.or(column.push(cell, number).err());
                }
            } else {
                failure = Some(self.ragged(line, cells.len()));
                columns.iter_mut().for_each(TypedColumn::push_missing);
            }
            if let Some(failure) = failure {
                let located = failure.map_location(|l| {
                    if l.is_none() { Location::file(&*self.header.file) } else { l }
                });
                failed.push((row, located));
            }
            Ok(())
        })?;
        let columns = columns.into_iter().map(TypedColumn::finish).collect();
        Ok((Table { columns, rows: self.rows, first_row: self.first_row }, failed))
    }

    /// All columns as text.
    pub(super) fn read_text(&self) -> Result<Table, Failure> {
        let mut columns: Vec<Vec<String>> =
            self.header.names.iter().map(|_| Vec::with_capacity(self.rows)).collect();
        self.each_record(|_, line, cells| {
            if cells.len() != columns.len() {
                return Err(self.ragged(line, cells.len()));
            }
            for (column, cell) in columns.iter_mut().zip(cells.drain(..)) {
                column.push(cell.into_owned());
            }
            Ok(())
        })?;
        let named = self.header.names.iter().zip(columns);
        let columns = named.map(|(name, texts)| Column::new(name.clone(), Data::Text(texts)));
        Ok(Table { columns: columns.collect(), rows: self.rows, first_row: self.first_row })
    }

    fn each_record<'b>(
        &'b self,
        mut each: impl FnMut(usize, u64, &mut Vec<Cow<'b, str>>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let text = text_of(&self.bytes, &self.header.file, self.first_line)?;
        let mut records = Records::new(text, self.first_line, self.header.names.len() == 1);
        let mut cells = Vec::with_capacity(self.header.names.len());
        let mut row = 0;
        while let Some(line) =
            records.next(&mut cells).map_err(|at| unclosed(&self.header.file, at))?
        {
            each(row, line, &mut cells)?;
            row += 1;
        }
        Ok(())
    }

    fn ragged(&self, line: u64, found: usize) -> Failure {
        let expected = self.header.names.len();
        Failure::malformed(
            codes::CSV,
            format!("expected {expected} cells in this row, found {found}"),
        )
        .at(Location::line(line, 1).in_file(&*self.header.file))
    }
}

fn text_of<'b>(bytes: &'b [u8], file: &str, first_line: u64) -> Result<&'b str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = first_line + memchr::memchr_iter(b'\n', before).count() as u64;
        Failure::malformed(codes::CSV, "the text is not UTF-8")
            .at(Location::line(line, 1).in_file(file))
            .caused_by(error)
    })
}

fn unclosed(file: &str, at: Unclosed) -> Failure {
    Failure::malformed(codes::CSV, "a quote is not closed before the rows end")
        .at(Location::line(at.line, 1).in_file(file))
}
