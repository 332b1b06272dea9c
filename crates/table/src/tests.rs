use super::*;

fn read(text: &'static str) -> Table {
    CsvReader::new("rows.csv", text.as_bytes()).unwrap().read_all().unwrap()
}

#[test]
fn an_empty_cell_is_missing_and_nan_is_not() {
    let table = read("a,b\n1,x\n,y\nNaN,\n");
    let a = table.column("a").unwrap().cast(Kind::F64, 0).unwrap();
    assert_eq!(a.missing, [false, true, false]);
    let Data::F64(values) = &a.data else { panic!() };
    assert!(values[2].is_nan());
    let b = table.column("b").unwrap().cast(Kind::Text, 0).unwrap();
    assert_eq!(b.missing, [false, false, true]);
}

#[test]
fn a_bad_number_is_named_with_row_column_and_value() {
    let table = read("a\n1\nabc\n");
    let failure = table.columns[0].cast(Kind::F32, 0).unwrap_err();
    assert_eq!(failure.diagnostic().message, "row 2, column `a`: expected f32, found `abc`");
    let failure = read("a\n3.5\n").columns[0].cast(Kind::I64, 0).unwrap_err();
    assert!(failure.to_string().contains("expected i64, found `3.5`"));
}

#[test]
fn text_is_parsed_at_the_declared_precision() {
    // Halfway between two binary32 numbers in binary64, not in decimal.
    let text = "1.00000005960464477540";
    let mut column = Column::new("a", Data::Text(vec![text.to_owned()]));
    let direct = column.cast(Kind::F32, 0).unwrap();
    column = column.cast(Kind::F64, 0).unwrap().cast(Kind::F32, 0).unwrap();
    assert_eq!(direct.data, Data::F32(vec![text.parse().unwrap()]));
    assert_eq!(column.data, Data::F32(vec![1.0]));
    assert_ne!(direct.data, column.data);
}

#[test]
fn ragged_rows_and_double_names_are_located() {
    let mut reader = CsvReader::new("r.csv", "a,b\n1,2\n3\n".as_bytes()).unwrap();
    let failure = reader.read_all().unwrap_err();
    assert!(failure.to_string().starts_with("r.csv:3:1: expected 2 cells"), "{failure}");
    let failure = CsvReader::new("r.csv", "a,a\n".as_bytes()).unwrap_err();
    assert_eq!(failure.code(), codes::DUPLICATE);
    assert_eq!(CsvReader::new("r.csv", "".as_bytes()).unwrap_err().code(), codes::EMPTY);
}

#[test]
fn batches_keep_their_row_numbers() {
    let mut reader = CsvReader::new("r.csv", "a\n1\n2\n3\n".as_bytes()).unwrap();
    assert_eq!(reader.batch(2).unwrap().unwrap().first_row, 0);
    let last = reader.batch(2).unwrap().unwrap();
    assert_eq!((last.first_row, last.rows), (2, 1));
    assert!(reader.batch(2).unwrap().is_none());
}

#[test]
fn floats_survive_writing_and_reading() {
    let values = vec![0.1, -0.0, 1e300, f64::MIN_POSITIVE, f64::NEG_INFINITY];
    let table = Table {
        columns: vec![Column::new("v", Data::F64(values.clone()))],
        rows: values.len(),
        first_row: 0,
    };
    let mut writer = CsvWriter::new(Vec::new());
    writer.write(&table).unwrap();
    let bytes = writer.finish().unwrap();
    let back = CsvReader::new("r", std::io::Cursor::new(bytes)).unwrap().read_all().unwrap();
    let Data::F64(read) = back.columns[0].cast(Kind::F64, 0).unwrap().data else { panic!() };
    let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read), bits(&values));
}
