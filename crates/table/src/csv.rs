use std::io::{Read, Write};

use holdall_diag::{Failure, Location};
use holdall_source::Source;

use crate::{Column, Data, Table, codes};

/// Reads a CSV file with a header row as batches of text columns, in constant memory.
pub struct CsvReader {
    reader: csv::Reader<Box<dyn Read + Send>>,
    names: Vec<String>,
    file: String,
    next_row: u64,
}

impl std::fmt::Debug for CsvReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvReader").field("file", &self.file).finish_non_exhaustive()
    }
}

impl CsvReader {
    /// Starts reading a file.
    pub fn open(source: &Source) -> Result<Self, Failure> {
        Self::new(source.name(), source.reader())
    }

    /// Starts reading a stream; `name` is used in messages.
    ///
    /// Fails with `table/empty` without a header row, `table/duplicate-column` when two columns have
    /// one name.
    pub fn new(name: &str, input: impl Read + Send + 'static) -> Result<Self, Failure> {
        let input: Box<dyn Read + Send> = Box::new(input);
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 17).from_reader(input);
        let headers = reader.headers().map_err(|error| malformed(name, error))?;
        let mut names: Vec<String> = headers.iter().map(ToOwned::to_owned).collect();
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.to_owned();
        }
        if names.is_empty() || (names.len() == 1 && names.iter().all(|n| n.trim().is_empty())) {
            return Err(Failure::malformed(codes::EMPTY, "expected a header row, found nothing")
                .at(Location::line(1, 1).in_file(name)));
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(Failure::malformed(
                codes::DUPLICATE,
                format!("two columns are called `{twice}`"),
            )
            .at(Location::line(1, 1).in_file(name)));
        }
        Ok(Self { reader, names, file: name.to_owned(), next_row: 0 })
    }

    /// The names in the header row.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the rows are called in messages.
    pub fn name(&self) -> &str {
        &self.file
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The next rows, at most `max_rows`; `None` after the last.
    pub fn batch(&mut self, max_rows: usize) -> Result<Option<Table>, Failure> {
        let mut columns: Vec<Vec<String>> = self.names.iter().map(|_| Vec::new()).collect();
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        while rows < max_rows {
            match self.reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(malformed(&self.file, error)),
            }
            for (column, cell) in columns.iter_mut().zip(record.iter()) {
                column.push(cell.to_owned());
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let first_row = self.next_row;
        self.next_row += rows as u64;
        let columns = self
            .names
            .iter()
            .zip(columns)
            .map(|(name, values)| Column::new(name.clone(), Data::Text(values)))
            .collect();
        Ok(Some(Table { columns, rows, first_row }))
    }

    /// All rows that are left.
    pub fn read_all(&mut self) -> Result<Table, Failure> {
        Ok(self.batch(usize::MAX)?.unwrap_or_else(|| Table {
            columns: self
                .names
                .iter()
                .map(|name| Column::new(name.clone(), Data::Text(Vec::new())))
                .collect(),
            rows: 0,
            first_row: self.next_row,
        }))
    }
}

fn malformed(file: &str, error: csv::Error) -> Failure {
    let position = error.position().map(|p| (p.line(), p.byte()));
    let message = if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        format!("expected {expected_len} cells in this row, found {len}")
    } else if let csv::ErrorKind::Utf8 { .. } = error.kind() {
        "the text is not UTF-8".to_owned()
    } else {
        format!("cannot read the rows: {error}")
    };
    let location = match position {
        Some((line, _)) => Location::line(line, 1).in_file(file),
        None => Location::file(file),
    };
    Failure::malformed(codes::CSV, message).at(location).caused_by(error)
}

/// Writes tables as CSV with a header row.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
    header_done: bool,
}

impl<W: Write> CsvWriter<W> {
    /// A writer that has written nothing.
    pub fn new(out: W) -> Self {
        Self { writer: csv::Writer::from_writer(out), header_done: false }
    }

    /// Writes the rows of a table, after the header row when it is the first.
    pub fn write(&mut self, table: &Table) -> Result<(), Failure> {
        if !self.header_done {
            self.header_done = true;
            let names = table.columns.iter().map(|c| &c.name);
            self.writer.write_record(names).map_err(cannot_write)?;
        }
        for row in 0..table.rows {
            let cells = table.columns.iter().map(|c| c.text(row));
            self.writer.write_record(cells).map_err(cannot_write)?;
        }
        Ok(())
    }

    /// Brings everything to the stream below and gives it back.
    pub fn finish(self) -> Result<W, Failure> {
        self.writer
            .into_inner()
            .map_err(|error| Failure::io(codes::WRITE, "cannot write the rows", error.into_error()))
    }
}

fn cannot_write(error: csv::Error) -> Failure {
    Failure::io(codes::WRITE, "cannot write the rows", error.into())
}
