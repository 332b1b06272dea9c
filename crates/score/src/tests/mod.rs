mod expressions;
mod fields;
mod kernels;
mod lag;
mod linear;
mod models;
mod property;
mod trees;

use holdall_table::{Column, Data, Kind, Scoring, Table};
use holdall_tabular::{
    Constant, Field, Labels, Model, Op, Output, Part, Scalar, ValueId, Width, validate,
};

use crate::{ScoreOptions, Scorer, codes};

fn compile(model: Model) -> Scorer {
    Scorer::compile(&validate(model).unwrap()).unwrap()
}

fn table(columns: Vec<Column>) -> Table {
    let rows = columns.first().map_or(0, |c| c.data.len());
    Table { columns, rows, first_row: 0 }
}

fn numbers(values: &[f64]) -> Column {
    Column::new("x", Data::F64(values.to_vec()))
}

/// A binary64 column in which `None` is missing.
fn gaps(values: &[Option<f64>]) -> Column {
    numbers(&values.iter().map(|v| v.unwrap_or(7.0)).collect::<Vec<_>>())
        .with_missing(values.iter().map(Option::is_none).collect())
}

fn texts(values: &[Option<&str>]) -> Column {
    let data = values.iter().map(|v| v.unwrap_or("filler").to_owned()).collect();
    Column::new("t", Data::Text(data)).with_missing(values.iter().map(Option::is_none).collect())
}

/// A model that answers with one value made of its fields.
fn model_of(fields: Vec<Field>, build: impl FnOnce(&mut Model, &[ValueId]) -> ValueId) -> Model {
    let mut model = Model::new();
    let ids: Vec<ValueId> = fields.into_iter().map(|f| model.push_field(f).unwrap()).collect();
    let value = build(&mut model, &ids);
    model.outputs.push(Output::new(value, Part::Whole));
    model
}

/// Cells of all rows as text, `-` where missing.
fn cells(table: &Table) -> Vec<String> {
    let row = |row| {
        let cell = |c: &Column| if c.is_missing(row) { "-".to_owned() } else { c.text(row) };
        table.columns.iter().map(cell).collect::<Vec<_>>().join(" ")
    };
    (0..table.rows).map(row).collect()
}

fn score(model: Model, columns: Vec<Column>) -> Vec<String> {
    cells(&compile(model).score(&table(columns)).unwrap())
}

fn constant(model: &mut Model, kind: Kind, values: Labels, width: Width) -> ValueId {
    model.push(Op::Constant(Constant { kind, width, values })).unwrap()
}

fn text_labels(values: &[&str]) -> Labels {
    Labels::Text(values.iter().map(|&v| v.to_owned()).collect())
}
