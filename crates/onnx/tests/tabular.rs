//! A tabular model written as ONNX, read again and run.

#![cfg(test)]

use holdall_codec::{Options, Policy, Writer};
use holdall_exec::{Session, SessionOptions};
use holdall_onnx::{FORMAT, Onnx};
use holdall_source::{Limits, Source};
use holdall_table::{Column, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{Field, Kind, Model, Op, Output, Part, UnaryOp, ValidModel, validate};

fn model() -> ValidModel {
    let mut model = Model::new();
    model.named_inputs = true;
    let x = model.push_field(Field::number("x", Kind::F64)).unwrap();
    let y = model.push(Op::Unary { op: UnaryOp::Abs, arg: x }).unwrap();
    model.outputs.push(Output::new(y, Part::Whole));
    validate(model).unwrap()
}

#[test]
fn a_tabular_model_answers_the_same_after_the_file() {
    let model = model();
    let plan = Onnx.plan(&model, &Options::none()).unwrap();
    let (plan, _) = plan.accept(Policy::default()).unwrap();
    let mut bytes = Vec::new();
    Onnx.write(&plan, &mut bytes).unwrap();
    let source = Source::from_bytes("m.onnx", bytes);
    let (graph, report) = holdall_onnx::decode(&source, Limits::default()).unwrap();
    assert!(report.is_empty());
    assert_eq!(graph.stamp.ir, 8);
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let column = Column::new("x", Data::F64(vec![-1.5, 2.0]));
    let rows = Table { columns: vec![column], rows: 2, first_row: 0 };
    let (rows, _) = select_inputs(&session, &rows, Matching::Name).unwrap();
    let answers = session.score(&rows).unwrap();
    assert_eq!(answers.columns[0].data, Data::F64(vec![1.5, 2.0]));
}

#[test]
fn options_with_bad_values_are_refused_before_anything_is_written() {
    let options = Options::parse("opset=99", FORMAT.write_options).unwrap();
    assert!(Onnx.plan(&model(), &options).is_err());
}
