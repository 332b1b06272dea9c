use std::{io::Write, sync::Arc};

use holdall_diag::Failure;
use holdall_table::{Column, Data, Kind, Port, Table};
use parquet::{
    basic::{Compression, LogicalType, Repetition, Type},
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type as SchemaType, TypePtr},
};

use crate::codes;

/// Rows of a row group, about.
const GROUP: usize = 1 << 16;

/// Writes answers as Parquet with Snappy. The same answers give the same bytes.
pub struct ParquetWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    /// Tables of the row group that is gathered.
    waiting: Vec<Table>,
    rows: usize,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts a file with these columns.
    pub fn new(out: W, ports: &[Port]) -> Result<Self, Failure> {
        let schema = schema(ports).map_err(cannot_write)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("holdall".to_owned())
            .build();
        let writer =
            SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(cannot_write)?;
        Ok(Self { writer, waiting: Vec::new(), rows: 0 })
    }

    /// Writes the rows of a table that has the columns of the file.
    pub fn write(&mut self, table: Table) -> Result<(), Failure> {
        self.rows += table.rows;
        self.waiting.push(table);
        if self.rows >= GROUP { self.write_group() } else { Ok(()) }
    }

    /// Writes what is left and the end of the file, and gives the stream back.
    pub fn finish(mut self) -> Result<W, Failure> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.into_inner().map_err(cannot_write)
    }

    fn write_group(&mut self) -> Result<(), Failure> {
        let tables = std::mem::take(&mut self.waiting);
        self.rows = 0;
        let mut write = || {
            let mut group = self.writer.next_row_group()?;
            let mut number = 0;
            while let Some(mut writer) = group.next_column()? {
                for column in tables.iter().filter_map(|table| table.columns.get(number)) {
                    write_column(&mut writer, column)?;
                }
                writer.close()?;
                number += 1;
            }
            group.close().map(drop)
        };
        write().map_err(cannot_write)
    }
}

fn schema(ports: &[Port]) -> Result<TypePtr, ParquetError> {
    let field = |port: &Port| {
        let (kind, logical) = match port.kind {
            Kind::F32 => (Type::FLOAT, None),
            Kind::F64 => (Type::DOUBLE, None),
            Kind::I64 => (Type::INT64, None),
            Kind::Bool => (Type::BOOLEAN, None),
            Kind::Text => (Type::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = SchemaType::primitive_type_builder(&port.name, kind);
        field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build().map(Arc::new)
    };
    let fields = ports.iter().map(field).collect::<Result<_, _>>()?;
    SchemaType::group_type_builder("answers").with_fields(fields).build().map(Arc::new)
}

fn write_column(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
) -> Result<(), ParquetError> {
    match &column.data {
        Data::F32(v) => write_values::<FloatType>(writer, column, v),
        Data::F64(v) => write_values::<DoubleType>(writer, column, v),
        Data::I64(v) => write_values::<Int64Type>(writer, column, v),
        Data::Bool(v) => write_values::<BoolType>(writer, column, v),
        Data::Text(v) => {
            let texts: Vec<ByteArray> = v.iter().map(|text| text.as_str().into()).collect();
            write_values::<ByteArrayType>(writer, column, &texts)
        }
    }
}

fn write_values<D: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    values: &[D::T],
) -> Result<(), ParquetError> {
    let levels: Vec<i16> =
        (0..values.len()).map(|row| i16::from(!column.is_missing(row))).collect();
    let present: Vec<D::T> = values
        .iter()
        .zip(&levels)
        .filter(|(_, level)| **level == 1)
        .map(|(v, _)| v.clone())
        .collect();
    writer.typed::<D>().write_batch(&present, Some(&levels), None).map(drop)
}

fn cannot_write(error: ParquetError) -> Failure {
    Failure::io(
        codes::WRITE,
        format!("cannot write the rows: {error}"),
        std::io::Error::other(error),
    )
}
