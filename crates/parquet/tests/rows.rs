#![cfg(test)]
//! Rows that pyarrow wrote, answers that are read again, and damaged files.
#![expect(clippy::disallowed_methods, reason = "tests read their data")]

use std::path::Path;

use holdall_diag::Failure;
use holdall_parquet::{ParquetRows, ParquetWriter, codes};
use holdall_source::Source;
use holdall_table::{Column, Data, Inputs, Kind, Matching, Port, Scoring, Table};

fn data() -> Vec<u8> {
    file("types.parquet")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

struct Takes(Vec<Port>);

impl Scoring for Takes {
    fn inputs(&self) -> &[Port] {
        &self.0
    }

    fn has_named_inputs(&self) -> bool {
        true
    }

    fn outputs(&self) -> &[Port] {
        &[]
    }

    fn score(&self, _: &Table) -> Result<Table, Failure> {
        panic!("only its inputs are asked for")
    }
}

fn ports(wanted: &[(&str, Kind)]) -> Vec<Port> {
    wanted.iter().map(|&(name, kind)| Port { name: name.to_owned(), kind, role: None }).collect()
}

/// Values as text, `-` where missing, and what is said about rows that do not have them.
type Answers = (Vec<String>, Vec<(usize, String)>);

fn read(bytes: Vec<u8>, wanted: &[(&str, Kind)]) -> Result<Answers, Failure> {
    let mut rows = ParquetRows::open(&Source::from_bytes("r.parquet", bytes))?;
    let names: Vec<&str> = rows.names().iter().map(String::as_str).collect();
    let inputs = Inputs::find(&Takes(ports(wanted)), &names, Matching::Name)?;
    let (mut cells, mut faults) = (Vec::new(), Vec::new());
    while let Some(block) = rows.next_block(&inputs)? {
        let (table, failed) = block.read(&inputs);
        for row in 0..table.rows {
            let cell = |c: &Column| if c.is_missing(row) { "-".to_owned() } else { c.text(row) };
            cells.push(table.columns.iter().map(cell).collect::<Vec<_>>().join(" "));
        }
        let first = usize::try_from(table.first_row).unwrap();
        faults.extend(failed.into_iter().map(|(row, why)| (first + row, why.to_string())));
    }
    Ok((cells, faults))
}

#[test]
fn every_type_is_read_as_pyarrow_wrote_it() {
    let wanted = [
        ("f64", Kind::F64),
        ("f32", Kind::F32),
        ("i64", Kind::I64),
        ("u32", Kind::I64),
        ("i8", Kind::I64),
        ("bool", Kind::Bool),
        ("text", Kind::Text),
        ("full", Kind::F64),
    ];
    let (cells, faults) = read(data(), &wanted).unwrap();
    assert_eq!(faults, []);
    assert_eq!(
        cells,
        [
            "0.1 0.1 1 4294967295 -128 true a 1.5",
            "- 2.5 - 0 127 false - 2.5",
            "-0 - -9223372036854775808 - 0 - - 3.5",
            "NaN 0.000000000000000000000000000000000000000000001 9007199254740993 2 - true é,\" 4.5",
            "inf -3 5 3 1 false a 5.5",
        ]
    );
}

#[test]
fn columns_take_the_kind_of_the_input_or_their_rows_are_told_apart() {
    let (cells, faults) = read(data(), &[("i64", Kind::F32), ("full", Kind::I64)]).unwrap();
    assert_eq!(cells, ["1 -", "- -", "-9223372000000000000 -", "9007199000000000 -", "5 -"]);
    let rows: Vec<usize> = faults.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [0, 1, 2, 3, 4]);
    assert!(faults[4].1.contains("row 5, column `full`: expected i64, found `5.5`"), "{faults:?}");
}

#[test]
fn other_columns_are_refused_only_when_they_are_taken() {
    assert!(read(data(), &[("full", Kind::F64)]).is_ok());
    for (name, said) in [("date", "DATE"), ("list.list.element", "nested")] {
        let failure = read(data(), &[(name, Kind::F64)]).unwrap_err();
        assert_eq!(failure.code(), codes::COLUMN);
        assert!(failure.to_string().contains(said), "{failure}");
    }
}

#[test]
fn other_compressions_are_refused_by_name() {
    let failure = read(file("zstd.parquet"), &[("full", Kind::F64)]).unwrap_err();
    assert_eq!(failure.code(), codes::COMPRESSION);
    assert!(failure.to_string().contains("ZSTD"), "{failure}");
}

#[test]
fn damaged_files_are_refused() {
    let wanted = [("f64", Kind::F64), ("text", Kind::Text)];
    let whole = data();
    for end in (0..whole.len()).step_by(7) {
        let failure = read(whole[..end].to_vec(), &wanted).unwrap_err();
        assert_eq!(failure.code(), codes::BROKEN, "cut at {end}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        // Some bytes are values, or are not looked at.
        if let Err(failure) = read(bytes, &wanted) {
            assert!(
                failure.code().as_str().starts_with("parquet/")
                    || failure.code().as_str().starts_with("table/")
            );
        }
    }
}

#[test]
fn answers_are_read_again_and_are_the_same_bytes_each_time() {
    let columns = vec![
        Column::new("a", Data::F32(vec![0.1, f32::NAN, -0.0])),
        Column::new("b", Data::F64(vec![1e300, 2.0, 3.0])).with_missing(vec![false, true, false]),
        Column::new("c", Data::I64(vec![i64::MIN, 0, i64::MAX])),
        Column::new("d", Data::Bool(vec![true, false, true])),
        Column::new("e", Data::Text(vec!["x".to_owned(), "é".to_owned(), "x".to_owned()])),
    ];
    let wanted = [
        ("a", Kind::F32),
        ("b", Kind::F64),
        ("c", Kind::I64),
        ("d", Kind::Bool),
        ("e", Kind::Text),
    ];
    let write = || {
        let mut writer = ParquetWriter::new(Vec::new(), &ports(&wanted)).unwrap();
        for _ in 0..30_000 {
            writer.write(Table { columns: columns.clone(), rows: 3, first_row: 0 }).unwrap();
        }
        writer.finish().unwrap()
    };
    let bytes = write();
    assert_eq!(bytes, write());
    let (cells, _) = read(bytes, &wanted).unwrap();
    assert_eq!(cells.len(), 90_000);
    let big = f64::to_string(&1e300);
    assert_eq!(cells[89_997], format!("0.1 {big} -9223372036854775808 true x"));
    assert_eq!(cells[89_998], "NaN - 0 false é");
    assert_eq!(cells[89_999], "-0 3 9223372036854775807 true x");
}
