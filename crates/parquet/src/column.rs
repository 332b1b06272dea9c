use holdall_diag::Failure;
use holdall_table::{Column, Data};
use parquet::{
    basic::{ConvertedType, LogicalType},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

use crate::codes;

/// Refuses columns that are not flat or whose values are no scalars of ours.
pub(crate) fn check(column: &ColumnDescriptor) -> Result<(), Failure> {
    use parquet::basic::Type;
    let name = column.path().string();
    if column.max_rep_level() > 0 || column.max_def_level() > 1 {
        return Err(Failure::unsupported(codes::COLUMN, format!("column `{name}` is nested"))
            .with_help("write it as columns of scalars"));
    }
    let logical = column.logical_type_ref();
    let plain_integer = matches!(
        (logical, column.converted_type()),
        (None, ConvertedType::NONE) | (Some(LogicalType::Integer { .. }), _)
    ) || (logical.is_none() && is_integer(column.converted_type()));
    let fits = match column.physical_type() {
        Type::BOOLEAN | Type::FLOAT | Type::DOUBLE => true,
        Type::INT32 | Type::INT64 => {
            // Unsigned 64-bit integers do not fit into ours.
            plain_integer && column.converted_type() != ConvertedType::UINT_64
        }
        Type::BYTE_ARRAY => {
            matches!(column.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM)
        }
        Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY => false,
    };
    if fits {
        return Ok(());
    }
    let (kind, converted) = (column.physical_type(), column.converted_type());
    Err(Failure::unsupported(
        codes::COLUMN,
        format!("column `{name}` holds {kind} as {converted}, which no model takes"),
    )
    .with_help("write it as boolean, integer, float or text"))
}

const fn is_integer(kind: ConvertedType) -> bool {
    matches!(
        kind,
        ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
    )
}

/// The next `rows` values of a column that [`check`] accepted.
pub(crate) fn read(
    column: &ColumnDescriptor,
    reader: &mut ColumnReader,
    rows: usize,
) -> Result<Column, ParquetError> {
    let optional = column.max_def_level() == 1;
    let unsigned = column.converted_type() == ConvertedType::UINT_32;
    let (data, missing) = match reader {
        ColumnReader::BoolColumnReader(r) => wrap(take(r, rows, optional, Ok)?, Data::Bool),
        ColumnReader::Int32ColumnReader(r) => {
            let widen =
                |x: i32| Ok(if unsigned { i64::from(x.cast_unsigned()) } else { i64::from(x) });
            wrap(take(r, rows, optional, widen)?, Data::I64)
        }
        ColumnReader::Int64ColumnReader(r) => wrap(take(r, rows, optional, Ok)?, Data::I64),
        ColumnReader::FloatColumnReader(r) => wrap(take(r, rows, optional, Ok)?, Data::F32),
        ColumnReader::DoubleColumnReader(r) => wrap(take(r, rows, optional, Ok)?, Data::F64),
        ColumnReader::ByteArrayColumnReader(r) => {
            let text = |x: parquet::data_type::ByteArray| {
                std::str::from_utf8(x.data())
                    .map(ToOwned::to_owned)
                    .map_err(|_error| ParquetError::General("a text is not UTF-8".to_owned()))
            };
            wrap(take(r, rows, optional, text)?, Data::Text)
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Err(ParquetError::General("a column has another type than it said".to_owned()));
        }
    };
    Ok(Column::new(column.path().string(), data).with_missing(missing))
}

/// Values with missing flags: none, or one a row.
type Flagged<V> = (Vec<V>, Vec<bool>);

fn wrap<V>((values, missing): Flagged<V>, data: fn(Vec<V>) -> Data) -> (Data, Vec<bool>) {
    (data(values), missing)
}

fn take<D: DataType, V: Default>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
    optional: bool,
    convert: impl Fn(D::T) -> Result<V, ParquetError>,
) -> Result<Flagged<V>, ParquetError> {
    let (mut raw, mut levels) = (Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        let wanted = optional.then_some(&mut levels);
        let (records, _, _) = reader.read_records(rows - read, wanted, None, &mut raw)?;
        if records == 0 {
            return Err(ParquetError::EOF("a column ends before its row group".to_owned()));
        }
        read += records;
    }
    let mut raw = raw.into_iter();
    let mut next = || match raw.next() {
        Some(value) => convert(value),
        None => Err(ParquetError::EOF("a column has fewer values than it says".to_owned())),
    };
    if !optional || levels.iter().all(|&level| level == 1) {
        return Ok(((0..rows).map(|_| next()).collect::<Result<_, _>>()?, Vec::new()));
    }
    let values = levels.iter().map(|&level| if level == 1 { next() } else { Ok(V::default()) });
    let values = values.collect::<Result<_, _>>()?;
    Ok((values, levels.iter().map(|&level| level == 0).collect()))
}
