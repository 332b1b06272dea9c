//! A tabular model written as ONNX, read again and run.

#![cfg(test)]

use holdall_codec::{Fate, Options, Policy, Writer};
use holdall_exec::{Session, SessionOptions};
use holdall_onnx::{FORMAT, Onnx};
use holdall_source::{Limits, Source};
use holdall_table::{Column, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{
    Classify, Decision, Field, Kind, Labels, Linear, Link, Matrix, MissingPolicy, Model, Op,
    Output, Part, Summation, UnaryOp, ValidModel, validate,
};

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

/// Two classes by the sign of a sum.
fn classifier() -> ValidModel {
    let mut model = Model::new();
    model.named_inputs = true;
    let field = |name| Field::number(name, Kind::F64).with_missing(MissingPolicy::AsNan);
    let fields = [field("x"), field("y")].map(|field| model.push_field(field).unwrap());
    let arg = model.push(Op::Concat(fields.to_vec())).unwrap();
    let linear = Linear {
        arg,
        coefficients: Matrix { rows: 1, columns: 2, data: vec![1.0, -2.0] },
        intercepts: vec![0.5],
        summation: Summation::SequentialF64,
    };
    let margins = model.push(Op::Linear(linear)).unwrap();
    let classify = Classify {
        margins,
        classes: Labels::Text(vec!["no".to_owned(), "yes".to_owned()]),
        link: Link::Logistic,
        decision: Decision::MarginAbove(0.0),
        has_probabilities: true,
    };
    let estimate = model.push(Op::Classify(classify)).unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    validate(model).unwrap()
}

fn written(model: &ValidModel, options: &str) -> Session {
    let options = Options::parse(options, FORMAT.write_options).unwrap();
    let plan = Onnx.plan(model, &options).unwrap();
    let (plan, _) = plan.accept(Policy { approximate: true, drop: true }).unwrap();
    let mut bytes = Vec::new();
    Onnx.write(&plan, &mut bytes).unwrap();
    let source = Source::from_bytes("m.onnx", bytes);
    let (graph, _) = holdall_onnx::decode(&source, Limits::default()).unwrap();
    Session::compile(graph, SessionOptions::default()).unwrap()
}

fn scored(session: &Session) -> Vec<Column> {
    let column = |name, values: [f64; 2]| Column::new(name, Data::F64(values.to_vec()));
    let columns = vec![column("x", [1.0, -3.0]), column("y", [0.25, 0.1])];
    let rows = Table { columns, rows: 2, first_row: 0 };
    let (rows, _) = select_inputs(session, &rows, Matching::Name).unwrap();
    session.score(&rows).unwrap().columns
}

#[test]
fn the_options_change_the_form_and_not_the_answers() {
    let model = classifier();
    let plain = scored(&written(&model, ""));
    assert_eq!(plain[0].data, Data::Text(vec!["yes".to_owned(), "no".to_owned()]));
    let columns = scored(&written(&model, "columns=columns"));
    assert_eq!(columns[2].data, plain[2].data);
    let numbers = scored(&written(&model, "labels=int"));
    assert_eq!(numbers[0].data, Data::I64(vec![1, 0]));
    let float = written(&model, "input=float");
    assert!(float.inputs().iter().all(|port| port.kind == Kind::F32));
}

#[test]
fn probabilities_become_maps_where_these_are_asked_for() {
    let model = classifier();
    let Data::F64(plain) = &scored(&written(&model, ""))[2].data else { panic!() };
    for options in ["zipmap=true", "zipmap=true,labels=int"] {
        let columns = scored(&written(&model, options));
        let Data::F32(mapped) = &columns[2].data else { panic!("{:?}", columns[2].data) };
        for (a, b) in plain.iter().zip(mapped) {
            assert!((a - f64::from(*b)).abs() <= 6e-8, "{a} {b}");
        }
    }
    let options = Options::parse("zipmap=true", FORMAT.write_options).unwrap();
    let plan = Onnx.plan(&model, &options).unwrap();
    assert_eq!(plan.worst(), Fate::Approximate);
}

#[test]
fn options_with_bad_values_are_refused_before_anything_is_written() {
    let options = Options::parse("opset=99", FORMAT.write_options).unwrap();
    assert!(Onnx.plan(&model(), &options).is_err());
}
