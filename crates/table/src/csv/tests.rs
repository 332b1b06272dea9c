use std::{borrow::Cow, fmt::Write as _};

use proptest::prelude::*;

use super::{
    blocks::CsvBlocks,
    reader::CsvReader,
    records::{Records, cut},
    writer::{CsvWriter, csv_rows},
};
use crate::{Column, Data, Inputs, Kind, Matching, Port, Scoring, Table};

/// All records of a text, cut where `sizes` say that no more bytes are there yet.
fn in_pieces(text: &str, single: bool, sizes: &[usize]) -> Option<Vec<Vec<String>>> {
    let (mut start, mut seen, mut found) = (0, 0, Vec::new());
    let mut sizes = sizes.iter().cycle();
    loop {
        seen = (seen + sizes.next().unwrap()).min(text.len());
        let ended = seen == text.len();
        let piece = cut(&text.as_bytes()[start..seen], single, ended, u64::MAX);
        let before = found.len();
        let whole = text.get(start..start + piece.bytes).unwrap();
        let mut records = Records::new(whole, 1, single);
        let mut cells = Vec::new();
        while records.next(&mut cells).ok()?.is_some() {
            found.push(cells.drain(..).map(Cow::into_owned).collect());
        }
        assert_eq!((found.len() - before) as u64, piece.records, "{text:?} {whole:?}");
        start += piece.bytes;
        if ended {
            return Some(found);
        }
    }
}

/// What the csv crate reads.
fn peer(text: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(ToOwned::to_owned).collect()).collect()
}

fn texts() -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["a", "é", ",", ",", "\"", "\"\"", "\n", "\r\n", "\r", " "]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn records_are_those_of_the_csv_crate_wherever_they_are_cut(
        text in texts(),
        sizes in prop::collection::vec(1_usize..9, 1..5),
    ) {
        // A quote that is not closed is refused here and read to the end there.
        if let Some(found) = in_pieces(&text, false, &sizes) {
            prop_assert_eq!(&found, &peer(&text));
            prop_assert_eq!(in_pieces(&text, false, &[text.len().max(1)]), Some(found));
        }
    }

    #[test]
    fn what_is_written_is_read_again(cells in prop::collection::vec((texts(), texts()), 0..5)) {
        let (a, b): (Vec<String>, Vec<String>) = cells.into_iter().unzip();
        for columns in [vec![("a", a.clone())], vec![("a", a.clone()), ("b,\"", b)]] {
            let columns: Vec<Column> =
                columns.into_iter().map(|(name, v)| Column::new(name, Data::Text(v))).collect();
            let table = Table { columns, rows: a.len(), first_row: 0 };
            let mut writer = CsvWriter::new(Vec::new());
            writer.write(&table).unwrap();
            let bytes = writer.finish().unwrap();
            let mut reader = CsvReader::new("r", std::io::Cursor::new(bytes)).unwrap();
            prop_assert_eq!(reader.read_all().unwrap(), table);
        }
    }
}

#[test]
fn a_blank_line_is_an_empty_cell_only_in_a_single_column() {
    let read =
        |text: &'static str| CsvReader::new("r.csv", text.as_bytes()).unwrap().read_all().unwrap();
    let table = read("a\n1\n\n3\r\n\r\n\"\"\n");
    let a = table.columns[0].cast(Kind::F64, 0).unwrap();
    assert_eq!(a.missing, [false, true, false, true, true]);
    assert_eq!(read("a,b\n1,2\n\n3,4\n").rows, 2);
}

struct Takes([Port; 2]);

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

    fn score(&self, _: &Table) -> Result<Table, holdall_diag::Failure> {
        panic!("only its inputs are asked for")
    }
}

fn takes() -> Takes {
    let port = |name: &str, kind| Port { name: name.to_owned(), kind, role: None };
    Takes([port("x", Kind::F32), port("t", Kind::Text)])
}

#[test]
fn blocks_are_parsed_at_the_kinds_of_the_inputs_and_bad_rows_are_told_apart() {
    let text = "t,ignored,x\np,0,1.5\n\"q\nr\",,\n,1, x \np,2\ns,,-0\n";
    let mut blocks = CsvBlocks::new("r.csv", text.as_bytes()).unwrap();
    let inputs = Inputs::find(&takes(), &["t", "ignored", "x"], Matching::Name).unwrap();
    assert_eq!(inputs.left_over(), ["ignored"]);
    let (table, failed) = blocks.next_block().unwrap().unwrap().read(&inputs).unwrap();
    assert!(blocks.next_block().unwrap().is_none());
    assert_eq!(table.rows, 5);
    assert_eq!(table.columns[0].data, Data::F32(vec![1.5, 0.0, 0.0, 0.0, -0.0]));
    assert_eq!(table.columns[0].missing, [false, true, true, true, false]);
    assert_eq!(table.columns[1].missing, [false, false, true, true, false]);
    assert_eq!(table.columns[1].text(1), "q\nr");
    let said: Vec<(usize, String)> =
        failed.into_iter().map(|(row, failure)| (row, failure.to_string())).collect();
    assert_eq!(said.len(), 2);
    assert_eq!(said[0].0, 2);
    assert!(said[0].1.contains("row 3, column `x`: expected f32, found ` x `"), "{}", said[0].1);
    assert_eq!(said[1].0, 3);
    assert!(
        said[1].1.starts_with("r.csv:6:1: expected 3 cells in this row, found 2"),
        "{}",
        said[1].1
    );
}

#[test]
fn rows_of_many_blocks_keep_their_numbers_and_order() {
    let count = 200_000;
    let mut text = String::from("\u{feff}x\n");
    for row in 0..count {
        writeln!(text, "{row}").unwrap();
    }
    let mut reader = CsvReader::new("r.csv", std::io::Cursor::new(text)).unwrap();
    assert_eq!(reader.names(), ["x"]);
    let mut next = 0;
    while let Some(batch) = reader.batch(7_777).unwrap() {
        assert_eq!(batch.first_row, next);
        for row in 0..batch.rows {
            assert_eq!(batch.columns[0].text(row), (next + row as u64).to_string());
        }
        next += batch.rows as u64;
    }
    assert_eq!(next, count);
}

#[test]
fn broken_text_is_located() {
    let fail = |text: &'static [u8]| {
        CsvReader::new("r.csv", text)
            .and_then(|mut reader| reader.read_all())
            .unwrap_err()
            .to_string()
    };
    assert!(fail(b"a\n1\n\"x\n\n").starts_with("r.csv:3:1: a quote is not closed"));
    assert!(fail(b"a\n1\n\xff\n").starts_with("r.csv:3:1: the text is not UTF-8"));
    assert!(fail(b"a,b\n1,2\n\"1\n\",2,3\n").starts_with("r.csv:3:1: expected 2 cells"));
}

#[test]
fn a_row_without_end_is_refused_in_bounded_memory() {
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'a');
            self.0 += buffer.len();
            assert!(self.0 < 200 << 20, "reads on and on");
            Ok(buffer.len())
        }
    }
    let text = std::io::Read::chain(&b"a\n\""[..], Endless(0));
    let mut blocks = CsvBlocks::new("r.csv", text).unwrap();
    assert!(blocks.next_block().unwrap_err().to_string().contains("a row is longer than 64 MiB"));
}

#[test]
fn cells_are_written_as_they_are_read() {
    let columns = vec![
        Column::new("a", Data::F32(vec![f32::NAN, -0.0, 1e-7])),
        Column::new("b", Data::Bool(vec![true, false, true]))
            .with_missing(vec![false, true, false]),
    ];
    let mut out = Vec::new();
    csv_rows(&Table { columns, rows: 3, first_row: 0 }, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "NaN,true\n-0,\n0.0000001,true\n");
}
