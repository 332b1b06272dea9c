use holdall_table::{Column, Data, Kind, Scoring};
use holdall_tabular::{Field, Lag, Model, Op, Output, Part, ReduceOp, Transform};

use super::{cells, compile, table};

fn model(rows: u32, aggregate: Option<ReduceOp>, blocked: bool) -> Model {
    let mut model = Model::new();
    let arg = model.push_field(Field::number("x", Kind::F64)).unwrap();
    let block = model.push_field(Field::category("b", Kind::I64)).unwrap();
    let blocks = if blocked { vec![block] } else { Vec::new() };
    let lag = Lag { arg, rows, aggregate, blocks };
    let value = model.push(Op::Transform(Transform::Lag(lag))).unwrap();
    model.outputs.push(Output::new(value, Part::Whole));
    model
}

fn rows() -> Vec<Column> {
    let mut x = Column::new("x", Data::F64(vec![1.0, 2.0, 0.0, 4.0, 5.0, 6.0]));
    x.missing = vec![false, false, true, false, false, false];
    vec![x, Column::new("b", Data::I64(vec![1, 1, 1, 1, 2, 2]))]
}

#[test]
fn a_lag_is_the_value_so_many_rows_before() {
    let found = |m| cells(&compile(m).score(&table(rows())).unwrap());
    assert_eq!(found(model(1, None, false)), ["-", "1", "2", "-", "4", "5"]);
    assert_eq!(found(model(2, None, false)), ["-", "-", "1", "2", "-", "4"]);
    // PMML 4.4, `BlockIndicator`: a row of another block has no value.
    assert_eq!(found(model(1, None, true)), ["-", "1", "2", "-", "-", "5"]);
}

#[test]
fn lags_are_aggregated_over_the_rows_that_there_are() {
    let found = |m| cells(&compile(m).score(&table(rows())).unwrap());
    let sum = Some(ReduceOp::Sum);
    assert_eq!(found(model(2, sum, false)), ["-", "1", "3", "2", "4", "9"]);
    assert_eq!(found(model(2, sum, true)), ["-", "1", "3", "2", "-", "5"]);
}

#[test]
fn a_scorer_says_how_far_it_looks_back() {
    assert_eq!(compile(model(3, None, false)).history(), 3);
    let mut twice = model(3, None, false);
    let arg = twice.outputs[0].value;
    let lag = Lag { arg, rows: 2, aggregate: None, blocks: Vec::new() };
    let value = twice.push(Op::Transform(Transform::Lag(lag))).unwrap();
    twice.outputs.push(Output::new(value, Part::Whole));
    assert_eq!(compile(twice).history(), 5);
}

#[test]
fn chunks_look_back_into_the_chunk_before() {
    let count = 5000_u32;
    let x = Column::new("x", Data::F64((0..count).map(f64::from).collect()));
    let b = Column::new("b", Data::I64(vec![0; count as usize]));
    let found = compile(model(700, None, true)).score(&table(vec![x, b])).unwrap();
    let Data::F64(values) = &found.columns[0].data else { panic!("the answer is a number") };
    assert!(found.columns[0].missing[..700].iter().all(|missing| *missing));
    let right = (values.iter().zip(0_u32..).skip(700))
        .all(|(v, i)| v.total_cmp(&f64::from(i - 700)).is_eq());
    assert!(right && !found.columns[0].missing[700..].contains(&true));
}
