use holdall_graph::{Attribute, Dim, Graph, ValueType};
use holdall_table::{Column, Data, Role, Scoring, Table};
use holdall_tensor::{DType, Shape, Tensor};

use super::*;

fn matrix(dtype: DType, width: u64) -> ValueType {
    ValueType::tensor(dtype, vec![Dim::Symbol("N".into()), Dim::Known(width)])
}

/// A linear classifier as holdall writes it: named fields, labels, probabilities.
fn classifier(producer: &str) -> Graph {
    let mut graph = Graph::default();
    graph.stamp.producer = producer.into();
    graph.stamp.opsets = [(String::new(), 17), ("ai.onnx.ml".into(), 3)].into();
    graph.metadata = vec![("holdall.fields".into(), r#"["age","income"]"#.into())];
    let x = graph.push_input("input", matrix(DType::F32, 2)).unwrap();
    let made = graph
        .push_node(
            "ai.onnx.ml",
            "LinearClassifier",
            &[x],
            &["label", "probabilities"],
            vec![
                ("classlabels_strings", Attribute::texts(["no", "yes"])),
                ("coefficients", Attribute::Floats(vec![-1.0, 0.0, 1.0, 0.0])),
                ("intercepts", Attribute::Floats(vec![0.0, 0.0])),
                ("post_transform", Attribute::text("SOFTMAX")),
            ],
        )
        .unwrap();
    let rows = vec![Dim::Symbol("N".into())];
    graph.push_output(made[0], ValueType::tensor(DType::Text, rows));
    graph.push_output(made[1], matrix(DType::F32, 2));
    graph
}

fn table(columns: Vec<Column>) -> Table {
    let rows = columns[0].data.len();
    Table { columns, rows, first_row: 0 }
}

#[test]
fn a_classifier_scores_rows_under_the_names_of_its_producer() {
    for (producer, stem) in [("holdall", "probability"), ("skl2onnx", "probabilities")] {
        let session = Session::compile(classifier(producer), SessionOptions::default()).unwrap();
        assert!(session.has_named_inputs());
        assert_eq!(session.inputs()[1].name, "income");
        let names: Vec<_> = session.outputs().iter().map(|p| p.name.clone()).collect();
        assert_eq!(names, ["label".to_owned(), format!("{stem}_no"), format!("{stem}_yes")]);
        assert_eq!(session.outputs()[2].role, Some(Role::Probability("yes".into())));
        let age = Column::new("age", Data::F32(vec![1.0, -1.0]));
        let income = Column::new("income", Data::F32(vec![0.0, 0.0]));
        let scored = session.score(&table(vec![age, income])).unwrap();
        assert_eq!(scored.columns[0].data, Data::Text(vec!["yes".into(), "no".into()]));
        let Data::F32(yes) = &scored.columns[2].data else { panic!() };
        assert!((yes[0] + yes[1] - 1.0).abs() < 1e-6 && yes[0] > 0.8);
    }
}

#[test]
fn an_empty_cell_is_nan_for_floats_and_an_error_for_integers() {
    let mut graph = Graph::default();
    let a = graph.push_input("a", matrix(DType::F32, 1)).unwrap();
    let b = graph.push_input("b", matrix(DType::I64, 1)).unwrap();
    let nan = graph.push_node("", "IsNaN", &[a], &["y"], vec![]).unwrap()[0];
    let copy = graph.push_node("", "Identity", &[b], &["z"], vec![]).unwrap()[0];
    graph.push_output(nan, matrix(DType::Bool, 1));
    graph.push_output(copy, matrix(DType::I64, 1));
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let floats = Column::new("a", Data::F32(vec![0.0, 1.0])).with_missing(vec![true, false]);
    let ints = Column::new("b", Data::I64(vec![1, 2]));
    let scored = session.score(&table(vec![floats.clone(), ints.clone()])).unwrap();
    assert_eq!(scored.columns[0].data, Data::Bool(vec![true, false]));
    let failure =
        session.score(&table(vec![floats, ints.with_missing(vec![false, true])])).unwrap_err();
    assert_eq!(failure.code(), codes::MISSING);
    assert!(failure.to_string().contains("row 2, column `b`"), "{failure}");
}

#[test]
fn an_unknown_operator_is_named_with_its_node() {
    let mut graph = Graph::default();
    let x = graph.push_input("x", matrix(DType::F32, 1)).unwrap();
    graph.push_node("", "ImageDecoder", &[x], &["y"], vec![]).unwrap();
    let failure = Session::compile(graph, SessionOptions::default()).unwrap_err();
    assert_eq!(failure.code(), codes::OPERATOR);
    assert!(
        failure.to_string().contains("`ImageDecoder`") && failure.to_string().contains("node #0")
    );
}

#[test]
fn the_specification_is_followed_where_it_is_asked_for() {
    let mut graph = Graph::default();
    graph.stamp.opsets = [("ai.onnx.ml".into(), 3)].into();
    let x = graph.push_input("x", matrix(DType::F32, 2)).unwrap();
    let y = graph.push_node("ai.onnx.ml", "Normalizer", &[x], &["y"], vec![]).unwrap()[0];
    graph.push_output(y, matrix(DType::F32, 2));
    let run = |behaviour| {
        let session = Session::compile(
            graph.clone(),
            SessionOptions { behaviour, ..SessionOptions::default() },
        )
        .unwrap();
        let x = TensorValue::F32(Array::new(&[1, 2], vec![2.0, -4.0]).unwrap());
        session.run(vec![x]).unwrap()
    };
    let answer = |a, b| vec![TensorValue::F32(Array::new(&[1, 2], vec![a, b]).unwrap())];
    assert_eq!(run(Behaviour::OnnxRuntime), answer(1.0, -2.0));
    assert_eq!(run(Behaviour::Spec), answer(0.5, -1.0));
}

/// A stump whose attributes are changed in one place.
fn stump(name: &str, value: &Attribute) -> Graph {
    let mut graph = Graph::default();
    graph.stamp.opsets = [("ai.onnx.ml".into(), 3)].into();
    let ints = |v: &[i64]| Attribute::Ints(v.to_vec());
    let mut attributes = vec![
        ("n_targets", Attribute::Int(1)),
        ("nodes_treeids", ints(&[0, 0, 0])),
        ("nodes_nodeids", ints(&[0, 1, 2])),
        ("nodes_featureids", ints(&[0, 0, 0])),
        ("nodes_values", Attribute::Floats(vec![0.5, 0.0, 0.0])),
        ("nodes_modes", Attribute::texts(["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", ints(&[1, 0, 0])),
        ("nodes_falsenodeids", ints(&[2, 0, 0])),
        ("target_treeids", ints(&[0, 0])),
        ("target_nodeids", ints(&[1, 2])),
        ("target_ids", ints(&[0, 0])),
        ("target_weights", Attribute::Floats(vec![1.0, 2.0])),
    ];
    for (key, slot) in &mut attributes {
        if *key == name {
            *slot = value.clone();
        }
    }
    let x = graph.push_input("x", matrix(DType::F32, 1)).unwrap();
    let made = graph.push_node("ai.onnx.ml", "TreeEnsembleRegressor", &[x], &["y"], attributes);
    graph.push_output(made.unwrap()[0], matrix(DType::F32, 1));
    graph
}

#[test]
fn trees_that_are_none_are_refused() {
    let compile = |name, value| Session::compile(stump(name, &value), SessionOptions::default());
    assert!(compile("", Attribute::Int(0)).is_ok());
    let ints = |v: &[i64]| Attribute::Ints(v.to_vec());
    for (name, value, expected) in [
        ("nodes_truenodeids", ints(&[7, 0, 0]), "no node 7"),
        ("nodes_truenodeids", ints(&[0, 0, 0]), "comes back"),
        ("nodes_falsenodeids", ints(&[1, 0, 0]), "roots"),
        ("nodes_nodeids", ints(&[0, 1, 1]), "two nodes"),
        ("nodes_featureids", ints(&[-1, 0, 0]), "no feature -1"),
        ("nodes_values", Attribute::Floats(vec![0.5]), "different lengths"),
        ("nodes_modes", Attribute::texts(["BRANCH", "LEAF", "LEAF"]), "no node mode"),
        ("target_ids", ints(&[0, 1]), "target 1"),
        ("target_nodeids", ints(&[1, 0]), "not a leaf"),
        ("target_weights", Attribute::Floats(vec![1.0]), "different lengths"),
    ] {
        let failure = compile(name, value).unwrap_err();
        assert!(failure.to_string().contains(expected), "{name}: {failure}");
    }
}

#[test]
fn rows_too_narrow_for_the_trees_are_refused() {
    let graph = stump("nodes_featureids", &Attribute::Ints(vec![3, 0, 0]));
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let x = TensorValue::F32(Array::new(&[1, 1], vec![0.0]).unwrap());
    assert!(session.run(vec![x]).unwrap_err().to_string().contains("need 4 features"));
}

#[test]
fn answers_do_not_depend_on_the_batch() {
    let mut graph = Graph::default();
    let x = graph.push_input("x", matrix(DType::F32, 3)).unwrap();
    let weights: Vec<f32> = (0_u8..15).map(|i| f32::from(i) * 0.37 - 2.1).collect();
    let w = Tensor::from_f32(Shape(vec![3, 5]), &weights).unwrap();
    let w = graph.push_weight("w", holdall_graph::Weight::Tensor(w)).unwrap();
    let y = graph.push_node("", "MatMul", &[x, w], &["y"], vec![]).unwrap()[0];
    graph.push_output(y, matrix(DType::F32, 5));
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let rows: Vec<f32> = (0_u8..30).map(|i| (f32::from(i) * 1.7).sin()).collect();
    let run = |rows: &[f32]| {
        let x = Array::new(&[rows.len() / 3, 3], rows.to_vec()).unwrap();
        let made = session.run(vec![TensorValue::F32(x)]).unwrap();
        let TensorValue::F32(y) = &made[0] else { panic!() };
        y.data().to_vec()
    };
    let single: Vec<f32> = rows.chunks(3).flat_map(run).collect();
    assert_eq!(run(&rows), single);
}
