#![expect(clippy::wildcard_enum_match_arm, reason = "models pick what fits")]

mod families;
mod models;
mod reading;
mod writing;

use holdall_codec::{Body, Options, Policy, ReadOptions};
use holdall_score::Scorer;
use holdall_source::Source;
use holdall_table::{Column, Data, Table};
use holdall_tabular::{Kind, Model, ValidModel, validate};

use crate::{READER, WRITER};

/// The document of a model.
fn written(valid: &ValidModel) -> Vec<u8> {
    let plan = WRITER.plan(valid, &Options::none()).unwrap();
    let (accepted, _) = plan.accept(Policy { approximate: true, drop: true }).unwrap();
    let mut out = Vec::new();
    WRITER.write(&accepted, &mut out).unwrap();
    out
}

fn read(bytes: Vec<u8>) -> Result<Model, holdall_diag::Failure> {
    let outcome = READER.read(&Source::from_bytes("m.pfa", bytes), &ReadOptions::default())?;
    match outcome.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("expected a tabular model"),
    }
}

/// Rows for the models here: gaps, NaN, borders and values in between.
fn rows(valid: &ValidModel) -> Table {
    let rows = 40_u32;
    let mix = |row: u32, salt: u32| {
        let mixed = (row + 1).wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(40_503);
        (mixed ^ mixed >> 15).wrapping_mul(2_246_822_519) >> 8
    };
    let mut columns = Vec::new();
    for (salt, port) in (3_u32..).zip(valid.input_ports()) {
        let number = |row: u32| match mix(row, salt) % 9 {
            0 => 0.0,
            1 => 0.1,
            2 => 1e-36,
            _ => f64::from(mix(row, salt + 9) % 8000) / 1000.0 - 4.0,
        };
        let text = |row: u32| ["x", "y", "z"][mix(row, salt) as usize % 3].to_owned();
        #[expect(clippy::cast_possible_truncation, reason = "rows of binary32 and integers")]
        let data = match port.kind {
            Kind::F32 => Data::F32((0..rows).map(|r| number(r) as f32).collect()),
            Kind::F64 => Data::F64((0..rows).map(number).collect()),
            Kind::I64 => Data::I64((0..rows).map(|r| number(r) as i64).collect()),
            Kind::Bool => Data::Bool((0..rows).map(|r| mix(r, salt) % 2 == 0).collect()),
            Kind::Text => Data::Text((0..rows).map(text).collect()),
        };
        let missing = (0..rows).map(|row| mix(row, salt + 77) % 7 == 0).collect();
        columns.push(Column::new(port.name, data).with_missing(missing));
    }
    Table { columns, rows: rows as usize, first_row: 0 }
}

/// Every cell as text, and the rows that are refused.
fn answers(valid: &ValidModel) -> Vec<String> {
    let (table, failures) = Scorer::compile(valid).unwrap().score_rows(&rows(valid)).unwrap();
    let mut lines: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    for row in 0..table.rows {
        let cell = |c: &Column| if c.is_missing(row) { "-".to_owned() } else { c.text(row) };
        lines.push(table.columns.iter().map(cell).collect::<Vec<_>>().join(" "));
    }
    lines.extend(failures.iter().map(|(row, _)| format!("{row} refused")));
    lines
}

fn checked(model: Model) -> ValidModel {
    validate(model).unwrap()
}
