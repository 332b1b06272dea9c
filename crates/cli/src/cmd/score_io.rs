//! Forms of rows and answers: CSV, and Parquet where the build has it.

use std::{io::Write, path::Path};

use holdall_diag::Failure;
#[cfg(feature = "parquet")]
use holdall_parquet::{ParquetBlock, ParquetRows, ParquetWriter};
use holdall_source::Source;
use holdall_table::{CsvBlock, CsvBlocks, Failed, Inputs, Port, Table, csv_header, csv_rows};

/// Rows to score.
pub(super) enum Rows {
    Csv(CsvBlocks),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows>),
}

/// Some of them, not yet parsed.
pub(super) enum Block {
    Csv(CsvBlock),
    #[cfg(feature = "parquet")]
    Parquet(ParquetBlock),
}

impl Rows {
    /// The rows of a file or, with `-`, of stdin, and the length of the file.
    pub(super) fn open(path: &Path) -> Result<(Self, u64), Failure> {
        if is_stdio(path) {
            return Ok((Self::Csv(CsvBlocks::new("stdin", std::io::stdin())?), 0));
        }
        let source = Source::open(path)?;
        #[cfg(feature = "parquet")]
        if ParquetRows::is_parquet(&source) {
            return Ok((Self::Parquet(Box::new(ParquetRows::open(&source)?)), source.len()));
        }
        Ok((Self::Csv(CsvBlocks::open(&source)?), source.len()))
    }

    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Csv(rows) => rows.names(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.names(),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Csv(rows) => rows.name(),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.name(),
        }
    }

    /// Bytes read so far, where that is known.
    pub(super) fn position(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.position(),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => 0,
        }
    }

    pub(super) fn next_block(&mut self, inputs: &Inputs) -> Result<Option<Block>, Failure> {
        Ok(match self {
            Self::Csv(rows) => rows.next_block()?.map(Block::Csv),
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.next_block(inputs)?.map(Block::Parquet),
        })
    }
}

impl Block {
    /// The inputs of the model, and the rows that do not have them.
    pub(super) fn read(&self, inputs: &Inputs) -> Result<(Table, Vec<Failed>), Failure> {
        match self {
            Self::Csv(block) => block.read(inputs),
            #[cfg(feature = "parquet")]
            Self::Parquet(block) => Ok(block.read(inputs)),
        }
    }
}

/// Answers in the form in which they are written.
pub(super) enum Answers {
    Csv(Vec<u8>),
    #[cfg(feature = "parquet")]
    Table(Table),
}

/// A form of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Form {
    /// By the extension of the file.
    pub(super) fn of(path: &Path) -> Self {
        #[cfg(feature = "parquet")]
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
            return Self::Parquet;
        }
        let _ = path;
        Self::Csv
    }

    pub(super) fn answers(self, table: Table) -> Answers {
        match self {
            Self::Csv => {
                let mut csv = Vec::new();
                csv_rows(&table, &mut csv);
                Answers::Csv(csv)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet => Answers::Table(table),
        }
    }
}

/// Where answers go. Nothing is written before the first of them.
pub(super) enum Sink<W: Write + Send> {
    Csv(W, Vec<u8>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter<W>>),
}

impl<W: Write + Send> Sink<W> {
    pub(super) fn new(form: Form, out: W, ports: &[Port]) -> Result<Self, Failure> {
        Ok(match form {
            Form::Csv => {
                let mut header = Vec::new();
                csv_header(ports.iter().map(|port| port.name.as_str()), &mut header);
                Self::Csv(out, header)
            }
            #[cfg(feature = "parquet")]
            Form::Parquet => Self::Parquet(Box::new(ParquetWriter::new(out, ports)?)),
        })
    }

    pub(super) fn write(&mut self, answers: Vec<Answers>) -> Result<(), Failure> {
        for answers in answers {
            match (&mut *self, answers) {
                (Self::Csv(out, header), Answers::Csv(csv)) => {
                    out.write_all(header)
                        .and_then(|()| out.write_all(&csv))
                        .map_err(cannot_write)?;
                    header.clear();
                }
                #[cfg(feature = "parquet")]
                (Self::Parquet(writer), Answers::Table(table)) => writer.write(table)?,
                // The form of answers is that of their sink.
                #[cfg(feature = "parquet")]
                (Self::Csv(..), Answers::Table(_)) | (Self::Parquet(_), Answers::Csv(_)) => {}
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        let mut out = match self {
            Self::Csv(mut out, header) => {
                out.write_all(&header).map_err(cannot_write)?;
                out
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(writer) => writer.finish()?,
        };
        out.flush().map_err(cannot_write)
    }
}

pub(super) fn is_stdio(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn cannot_write(error: std::io::Error) -> Failure {
    Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
}
