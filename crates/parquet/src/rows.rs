use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::Source;
use holdall_table::{Column, Failed, Inputs, Table};
use parquet::{
    basic::Compression,
    column::reader::ColumnReader,
    errors::ParquetError,
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
};

use crate::{codes, column};

/// What a Parquet file starts and ends with.
const MAGIC: &[u8] = b"PAR1";
/// Rows of a block.
const BLOCK: usize = 4096;

/// Reads the columns of a Parquet file that a model takes, in blocks of rows.
pub struct ParquetRows {
    file: String,
    reader: SerializedFileReader<Bytes>,
    names: Vec<String>,
    /// The row group that comes next.
    group: usize,
    /// Readers of the taken columns of the group that is read.
    columns: Vec<ColumnReader>,
    /// Rows of it that are left.
    left: usize,
    next_row: u64,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Some rows, as the file holds them.
#[derive(Clone, Debug)]
pub struct ParquetBlock {
    /// A column an input, in their order.
    table: Table,
}

impl ParquetBlock {
    /// The columns at the kinds of the inputs that they were taken for, and the rows that do not have
    /// them, counted from 0 in the block, with why.
    pub fn read(&self, inputs: &Inputs) -> (Table, Vec<Failed>) {
        let mut failed: Vec<Failed> = Vec::new();
        let columns = inputs.ports().iter().zip(&self.table.columns).map(|(port, column)| {
            let (column, faults) = column.cast_rows(port, self.table.first_row);
            failed.extend(faults);
            column
        });
        let columns = columns.collect();
        // The first fault of a row is that of its first input.
        failed.sort_by_key(|(row, _)| *row);
        failed.dedup_by_key(|(row, _)| *row);
        (Table { columns, rows: self.table.rows, first_row: self.table.first_row }, failed)
    }
}

impl ParquetRows {
    /// Whether a file says that it is Parquet.
    pub fn is_parquet(source: &Source) -> bool {
        source.head(MAGIC.len()).is_ok_and(|head| head == MAGIC)
    }

    /// Starts reading a file.
    ///
    /// Fails with `parquet/broken`, or `parquet/duplicate-column` when two columns have one name.
    pub fn open(source: &Source) -> Result<Self, Failure> {
        let bytes = source.bytes()?;
        let file = source.name().to_owned();
        let reader = guarded(&file, || SerializedFileReader::new(bytes))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let names: Vec<String> = schema.columns().iter().map(|c| c.path().string()).collect();
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(Failure::malformed(
                codes::DUPLICATE,
                format!("two columns are called `{twice}`"),
            )
            .at(Location::file(file)));
        }
        Ok(Self { file, reader, names, group: 0, columns: Vec::new(), left: 0, next_row: 0 })
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the rows are called in messages.
    pub fn name(&self) -> &str {
        &self.file
    }

    /// The next rows, `None` after the last. `inputs` must be the same in all calls.
    ///
    /// Fails with `parquet/column` when a column that is taken has another type than ours, and with
    /// `parquet/broken`.
    pub fn next_block(&mut self, inputs: &Inputs) -> Result<Option<ParquetBlock>, Failure> {
        while self.left == 0 {
            if self.group >= self.reader.metadata().num_row_groups() {
                return Ok(None);
            }
            self.next_group(inputs)?;
        }
        let rows = self.left.min(BLOCK);
        let schema = self.reader.metadata().file_metadata().schema_descr_ptr();
        let taken = self.columns.iter_mut().zip(inputs.positions());
        let columns = guarded(&self.file, || {
            taken
                .map(|(reader, &position)| column::read(&schema.column(position), reader, rows))
                .collect::<Result<Vec<Column>, ParquetError>>()
        })?;
        let first_row = self.next_row;
        self.next_row += rows as u64;
        self.left -= rows;
        Ok(Some(ParquetBlock { table: Table { columns, rows, first_row } }))
    }

    fn next_group(&mut self, inputs: &Inputs) -> Result<(), Failure> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        for &position in inputs.positions() {
            column::check(&schema.column(position))
                .map_err(|failure| failure.at(Location::file(self.file.as_str())))?;
        }
        let metadata = self.reader.metadata().row_group(self.group);
        for column in inputs.positions().iter().filter_map(|&i| metadata.columns().get(i)) {
            let how = column.compression();
            if !matches!(how, Compression::UNCOMPRESSED | Compression::SNAPPY) {
                let name = column.column_path().string();
                return Err(Failure::unsupported(
                    codes::COMPRESSION,
                    format!("column `{name}` is compressed as {how}, which is not read"),
                )
                .at(Location::file(self.file.as_str()))
                .with_help("write it with Snappy or without compression"));
            }
        }
        let (group, reader) = (self.group, &self.reader);
        let (columns, rows) = guarded(&self.file, || {
            let group = reader.get_row_group(group)?;
            let columns = inputs.positions().iter().map(|&i| group.get_column_reader(i));
            let rows = usize::try_from(group.metadata().num_rows())
                .map_err(|_negative| ParquetError::General("fewer than no rows".to_owned()))?;
            Ok((columns.collect::<Result<Vec<_>, _>>()?, rows))
        })?;
        self.group += 1;
        (self.columns, self.left) = (columns, rows);
        Ok(())
    }
}

/// Runs the library's decoder. It is written for files that are sound and may panic on others.
fn guarded<T>(file: &str, run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Failure> {
    let broken = || Failure::malformed(codes::BROKEN, "the Parquet file is damaged");
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(broken().with_note(error.to_string()).at(Location::file(file))),
        Err(_panic) => Err(broken().at(Location::file(file))),
    }
}
