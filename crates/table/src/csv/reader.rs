use std::{collections::VecDeque, io::Read};

use holdall_diag::Failure;
use holdall_source::Source;

use super::blocks::CsvBlocks;
use crate::{Column, Data, Table};

/// Reads a CSV file with a header row as batches of text columns, in constant memory.
#[derive(Debug)]
pub struct CsvReader {
    blocks: CsvBlocks,
    /// Rows that were parsed and not given out.
    waiting: VecDeque<Table>,
    next_row: u64,
}

impl CsvReader {
    /// Starts reading a file.
    pub fn open(source: &Source) -> Result<Self, Failure> {
        Ok(Self::of(CsvBlocks::open(source)?))
    }

    /// Starts reading a stream; `name` is used in messages.
    ///
    /// Fails with `table/empty` without a header row, `table/duplicate-column` when two columns have
    /// one name.
    pub fn new(name: &str, input: impl Read + Send + 'static) -> Result<Self, Failure> {
        Ok(Self::of(CsvBlocks::new(name, input)?))
    }

    const fn of(blocks: CsvBlocks) -> Self {
        Self { blocks, waiting: VecDeque::new(), next_row: 0 }
    }

    /// The names in the header row.
    pub fn names(&self) -> &[String] {
        self.blocks.names()
    }

    /// What the rows are called in messages.
    pub fn name(&self) -> &str {
        self.blocks.name()
    }

    /// Bytes read so far.
    pub const fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// The next rows, at most `max_rows`; `None` after the last.
    pub fn batch(&mut self, max_rows: usize) -> Result<Option<Table>, Failure> {
        let mut batch = self.no_rows();
        while batch.rows < max_rows {
            let Some(mut next) = self.next_table()? else { break };
            let wanted = max_rows - batch.rows;
            if next.rows > wanted {
                let rest = split_off(&mut next, wanted);
                self.waiting.push_front(rest);
            }
            join(&mut batch, next);
        }
        self.next_row += batch.rows as u64;
        Ok((batch.rows > 0).then_some(batch))
    }

    /// All rows that are left.
    pub fn read_all(&mut self) -> Result<Table, Failure> {
        Ok(self.batch(usize::MAX)?.unwrap_or_else(|| self.no_rows()))
    }

    fn next_table(&mut self) -> Result<Option<Table>, Failure> {
        if let Some(table) = self.waiting.pop_front() {
            return Ok(Some(table));
        }
        self.blocks.next_block()?.map(|block| block.read_text()).transpose()
    }

    fn no_rows(&self) -> Table {
        let column = |name: &String| Column::new(name.clone(), Data::Text(Vec::new()));
        let columns = self.names().iter().map(column).collect();
        Table { columns, rows: 0, first_row: self.next_row }
    }
}

/// The rows from `at` on. Columns are texts without missing flags.
fn split_off(table: &mut Table, at: usize) -> Table {
    let columns = table.columns.iter_mut().map(|column| {
        let texts =
            if let Data::Text(texts) = &mut column.data { texts.split_off(at) } else { Vec::new() };
        Column::new(column.name.clone(), Data::Text(texts))
    });
    let rest = Table {
        columns: columns.collect(),
        rows: table.rows - at,
        first_row: table.first_row + at as u64,
    };
    table.rows = at;
    rest
}

fn join(all: &mut Table, more: Table) {
    for (all, more) in all.columns.iter_mut().zip(more.columns) {
        if let (Data::Text(all), Data::Text(more)) = (&mut all.data, more.data) {
            if all.is_empty() { *all = more } else { all.extend(more) }
        }
    }
    all.rows += more.rows;
}
