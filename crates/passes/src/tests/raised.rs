use holdall_graph::{Attribute, Dim, Graph, ValueType, Weight};
use holdall_score::Scorer;
use holdall_table::{Column, Data, Scoring, Table};
use holdall_tabular::{
    Aggregate, Decision, Estimator, Kind, Link, Model, Op, Part, Summation, validate,
};
use holdall_tensor::{DType, Shape, Tensor};

use super::{lowered, models};
use crate::{codes, raise};

fn score(model: Model, rows: &Table) -> Table {
    Scorer::compile(&validate(model).unwrap()).unwrap().score(rows).unwrap()
}

/// Bits of a cell; all NaN are one.
fn bits(column: &Column, row: usize) -> String {
    if column.is_missing(row) {
        return match column.data.kind() {
            // What is missing comes back as NaN and as the empty text.
            Kind::F32 | Kind::F64 => "NaN".to_owned(),
            Kind::I64 | Kind::Bool | Kind::Text => String::new(),
        };
    }
    match &column.data {
        Data::F32(v) if !v[row].is_nan() => format!("{:x}", v[row].to_bits()),
        Data::F64(v) if !v[row].is_nan() => format!("{:x}", v[row].to_bits()),
        Data::F32(_) | Data::F64(_) | Data::I64(_) | Data::Bool(_) | Data::Text(_) => {
            column.text(row)
        }
    }
}

#[test]
fn what_was_lowered_is_raised_to_a_model_of_equal_answers() {
    for case in models::cases() {
        let expected = score(case.model.clone(), &case.rows);
        let (again, _) =
            raise(&lowered(case.model)).unwrap_or_else(|f| panic!("{}: {f}", case.name));
        let found = score(again, &case.rows);
        assert_eq!(found.columns.len(), expected.columns.len(), "{}", case.name);
        for (a, b) in found.columns.iter().zip(&expected.columns) {
            for row in 0..expected.rows {
                assert_eq!(bits(a, row), bits(b, row), "{} {} row {row}", case.name, b.name);
            }
        }
    }
}

fn raised(name: &str) -> Model {
    let case = models::cases().into_iter().find(|case| case.name == name).unwrap();
    raise(&lowered(case.model)).unwrap().0
}

fn last(model: &Model) -> &Op {
    &model.nodes.iter().last().unwrap().1.op
}

#[test]
fn classification_comes_back_with_classes_link_and_decision() {
    for (name, link, decision) in [
        (
            "classify-logistic-f32",
            Link::Logistic,
            Decision::MarginAbove(0.1_f32.next_down().into()),
        ),
        ("classify-logistic-f64", Link::Logistic, Decision::MarginAtLeast(0.0)),
        ("classify-identity", Link::Identity, Decision::ProbabilityAbove(0.25)),
        ("classify-symmetric", Link::SoftmaxSymmetric, Decision::LargestProbability),
        ("classify-softmax-f32", Link::Softmax, Decision::LargestMargin),
        ("classify-softmax-f64", Link::Softmax, Decision::LargestProbability),
        ("classify-one-vs-rest", Link::LogisticNormalized, Decision::LargestProbability),
    ] {
        let model = raised(name);
        let Op::Classify(classify) = last(&model) else { panic!("{name}: {:?}", last(&model)) };
        assert_eq!((classify.link, classify.decision), (link, decision), "{name}");
        let parts: Vec<Part> = model.outputs.iter().map(|output| output.part).collect();
        let expected = [Part::Label, Part::Probabilities, Part::Margins, Part::Probability(1)];
        assert_eq!(parts, expected, "{name}");
    }
}

#[test]
fn names_of_fields_come_back() {
    let model = raised("pipeline");
    assert!(model.named_inputs);
    let names: Vec<&str> = model.fields.iter().map(|(_, field)| field.name.as_str()).collect();
    assert_eq!(names, ["x0", "x1", "x2", "x3"]);
}

#[test]
fn sums_come_back_in_their_order_and_precision() {
    for (name, summation) in [
        ("forest-f32", Summation::SequentialF32),
        ("forest-f64", Summation::SequentialF64),
        ("forest-any-f32", Summation::AnyF32),
    ] {
        let model = raised(name);
        let found = model.nodes.iter().find_map(|(_, node)| {
            if let Op::Trees(trees) = &node.op { Some(trees.summation) } else { None }
        });
        assert_eq!(found, Some(summation), "{name}");
    }
}

#[test]
fn linear_leaves_come_back_as_such() {
    for (name, outputs, aggregate) in [
        ("linear-leaves-one", 1, Aggregate::Sum),
        ("linear-leaves-two", 2, Aggregate::Sum),
        ("linear-leaves-three", 3, Aggregate::DivideBy(12.0)),
        ("linear-leaves-divided", 1, Aggregate::DivideBy(12.0)),
    ] {
        let model = raised(name);
        let found = model.nodes.iter().find_map(|(_, node)| {
            let Op::Estimator(Estimator::LinearTrees(linear)) = &node.op else { return None };
            Some(&linear.trees)
        });
        let trees = found.unwrap_or_else(|| panic!("{name}: {:?}", last(&model)));
        assert_eq!((trees.outputs, trees.aggregate), (outputs, aggregate), "{name}");
    }
}

#[test]
fn what_is_almost_linear_leaves_is_refused() {
    let case = models::cases().into_iter().find(|case| case.name == "linear-leaves-one").unwrap();
    let graph = lowered(case.model);
    for (op_type, other) in [
        ("Greater", "GreaterOrEqual"),
        ("ReduceSum", "ReduceProd"),
        ("GatherElements", "Gather"),
        ("Where", "Add"),
    ] {
        let mut changed = graph.clone();
        let ids: Vec<_> = changed.nodes.iter().map(|(id, _)| id).collect();
        for id in ids {
            let node = changed.nodes.get_mut(id).unwrap();
            if node.op_type == op_type {
                node.op_type = other.to_owned();
            }
        }
        let failure = raise(&changed).unwrap_err();
        assert_eq!(failure.code(), codes::OPERATOR, "{op_type}: {failure}");
    }
}

fn rows(dtype: DType, width: u64) -> ValueType {
    ValueType::tensor(dtype, vec![Dim::Unknown, Dim::Known(width)])
}

/// A graph of one classical operator over two binary32 columns, all of its outputs answered.
fn single(op_type: &str, outputs: &[&str], attributes: Vec<(&str, Attribute)>) -> Graph {
    let mut graph = Graph::default();
    let x = graph.push_input("X", rows(DType::F32, 2)).unwrap();
    let made = graph.push_node("ai.onnx.ml", op_type, &[x], outputs, attributes).unwrap();
    for id in made {
        graph.push_output(id, rows(DType::F32, 2));
    }
    graph
}

fn stump(op_type: &str, weights: [f32; 2], post: &str) -> Graph {
    let target = if op_type == "TreeEnsembleClassifier" { "class" } else { "target" };
    let names: Vec<String> =
        ["treeids", "nodeids", "ids"].iter().map(|part| format!("{target}_{part}")).collect();
    let weight_name = format!("{target}_weights");
    let mut attributes = vec![
        ("nodes_treeids", Attribute::Ints(vec![0, 0, 0])),
        ("nodes_nodeids", Attribute::Ints(vec![0, 1, 2])),
        ("nodes_featureids", Attribute::Ints(vec![1, 0, 0])),
        ("nodes_modes", Attribute::texts(["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", Attribute::Ints(vec![1, 0, 0])),
        ("nodes_falsenodeids", Attribute::Ints(vec![2, 0, 0])),
        ("nodes_values", Attribute::Floats(vec![0.5, 0.0, 0.0])),
        (&names[0], Attribute::Ints(vec![0, 0])),
        (&names[1], Attribute::Ints(vec![1, 2])),
        (&names[2], Attribute::Ints(vec![0, 0])),
        (&weight_name, Attribute::Floats(weights.to_vec())),
        ("post_transform", Attribute::text(post)),
    ];
    let outputs: &[&str] = if target == "class" {
        attributes.push(("classlabels_int64s", Attribute::Ints(vec![4, 7])));
        &["label", "probabilities"]
    } else {
        &["variable"]
    };
    single(op_type, outputs, attributes)
}

fn two_columns() -> Table {
    let a = Column::new("a", Data::F32(vec![0.0, 0.0, 0.0]));
    let b = Column::new("b", Data::F32(vec![0.0, 1.0, f32::NAN]));
    Table { columns: vec![a, b], rows: 3, first_row: 0 }
}

fn answers(graph: &Graph) -> Vec<String> {
    let table = score(raise(graph).unwrap().0, &two_columns());
    (0..table.rows)
        .map(|row| table.columns.iter().map(|c| c.text(row)).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_two_class_ensemble_of_shares_is_read_as_runtimes_read_it() {
    let graph = stump("TreeEnsembleClassifier", [0.25, 0.75], "NONE");
    assert_eq!(answers(&graph), ["4 0.75 0.25", "7 0.25 0.75", "7 0.25 0.75"]);
}

#[test]
fn a_two_class_ensemble_with_negative_weights_decides_at_zero() {
    let graph = stump("TreeEnsembleClassifier", [-0.25, 0.25], "NONE");
    assert_eq!(answers(&graph), ["4 0.25 -0.25", "7 -0.25 0.25", "7 -0.25 0.25"]);
}

#[test]
fn a_post_transform_of_a_single_target_is_ignored_as_runtimes_do() {
    let graph = stump("TreeEnsembleRegressor", [-0.25, 0.25], "LOGISTIC");
    assert_eq!(answers(&graph), ["-0.25", "0.25", "0.25"]);
}

#[test]
fn a_linear_classifier_of_two_rows_keeps_both_margins() {
    let graph = single(
        "LinearClassifier",
        &["label", "probabilities"],
        vec![
            ("classlabels_ints", Attribute::Ints(vec![0, 1])),
            ("coefficients", Attribute::Floats(vec![-1.0, -2.0, 1.0, 2.0])),
            ("intercepts", Attribute::Floats(vec![-0.5, 0.5])),
            ("post_transform", Attribute::text("LOGISTIC")),
        ],
    );
    let (model, _) = raise(&graph).unwrap();
    let Op::Classify(classify) = last(&model) else { panic!("{:?}", last(&model)) };
    assert_eq!((classify.link, classify.decision), (Link::Logistic, Decision::LargestMargin));
    assert!(answers(&graph)[0].starts_with("1 "));
}

/// Classifiers of two classes each, the largest of the shares of their second classes, and these shares.
fn one_against_the_rest(classifiers: &[[f32; 3]]) -> Graph {
    let mut graph = Graph::default();
    let x = graph.push_input("X", rows(DType::F32, 2)).unwrap();
    let second = Tensor::from_i64(Shape(vec![1]), &[1]).unwrap();
    let second = graph.push_weight("second", Weight::Tensor(second)).unwrap();
    let mut shares = Vec::new();
    for (i, &[a, b, intercept]) in classifiers.iter().enumerate() {
        let attributes = vec![
            ("classlabels_ints", Attribute::Ints(vec![0, 1])),
            ("coefficients", Attribute::Floats(vec![-a, -b, a, b])),
            ("intercepts", Attribute::Floats(vec![-intercept, intercept])),
            ("post_transform", Attribute::text("LOGISTIC")),
        ];
        let names = ["label", "scores", "whole", "share"].map(|name| format!("{name}{i}"));
        let [label, scores, whole, share] = names.each_ref().map(String::as_str);
        let mut push = |op_type, inputs: &[_], outputs: &[_], attributes| {
            *graph
                .push_node("ai.onnx.ml", op_type, inputs, outputs, attributes)
                .unwrap()
                .last()
                .unwrap()
        };
        let made = push("LinearClassifier", &[x], &[label, scores], attributes);
        let made = push("Normalizer", &[made], &[whole], vec![("norm", Attribute::text("L1"))]);
        shares.push(push("ArrayFeatureExtractor", &[made, second], &[share], Vec::new()));
    }
    let axis = || vec![("axis", Attribute::Int(1))];
    let all = graph.push_node("", "Concat", &shares, &["y"], axis()).unwrap()[0];
    let best = graph.push_node("", "ArgMax", &[all], &["best"], axis()).unwrap()[0];
    graph.push_output(best, rows(DType::I64, 1));
    graph.push_output(all, rows(DType::F32, shares.len() as u64));
    graph
}

#[test]
fn shares_of_several_classifiers_are_compared() {
    let graph = one_against_the_rest(&[[1.0, 0.0, 0.0], [0.0, 64.0, -4.0], [0.0, -8.0, 0.0]]);
    let expected = ["0 0.5 0.01798621 0.5", "1 0.5 1 0.00033535014", "0 NaN NaN NaN"];
    assert_eq!(answers(&graph), expected);
}

#[test]
fn an_operator_without_counterpart_is_refused_by_name() {
    let failure = raise(&single("SVMRegressor", &["y"], Vec::new())).unwrap_err();
    assert_eq!(failure.code(), codes::OPERATOR);
    assert!(failure.to_string().contains("SVMRegressor"), "{failure}");
}

#[test]
fn an_ensemble_that_names_a_missing_node_is_refused() {
    let mut graph = stump("TreeEnsembleRegressor", [1.0, 2.0], "NONE");
    let id = graph.nodes.iter().next().unwrap().0;
    for (name, value) in &mut graph.nodes.get_mut(id).unwrap().attributes {
        if name == "nodes_truenodeids" {
            *value = Attribute::Ints(vec![9, 0, 0]);
        }
    }
    assert!(raise(&graph).is_err());
}

#[test]
fn long_chains_of_operators_neither_nest_nor_overflow() {
    for op in ["ArgMax", "Identity", "Neg", "Greater"] {
        let mut graph = Graph::default();
        let x = graph.push_input("X", rows(DType::F32, 2)).unwrap();
        let zero = Tensor::from_f32(Shape(vec![1]), &[0.0]);
        let zero = Weight::Tensor(zero.unwrap());
        let zero = graph.push_weight("zero", zero).unwrap();
        let mut last = x;
        for i in 0..20_000 {
            let inputs: &[_] = if op == "Greater" { &[last, zero] } else { &[last] };
            let axis = vec![("axis", Attribute::Int(1))];
            last = graph.push_node("", op, inputs, &[&format!("v{i}")], axis).unwrap()[0];
        }
        graph.push_output(last, rows(DType::F32, 2));
        assert!(raise(&graph).is_ok(), "{op}");
    }
}

#[test]
fn claims_of_enormous_width_are_refused() {
    let mut wide = Graph::default();
    wide.push_input("X", rows(DType::F32, 0xFFFF_FFFF)).unwrap();
    assert_eq!(raise(&wide).unwrap_err().code(), codes::TOO_LARGE);
    let mut graph = stump("TreeEnsembleRegressor", [1.0, 2.0], "NONE");
    let id = graph.nodes.iter().next().unwrap().0;
    let attributes = &mut graph.nodes.get_mut(id).unwrap().attributes;
    attributes.push(("n_targets".to_owned(), Attribute::Int(0xFFFF_FFFF)));
    assert_eq!(raise(&graph).unwrap_err().code(), codes::TOO_LARGE);
}

#[test]
fn inputs_that_are_no_rows_are_refused() {
    let mut graph = Graph::default();
    let image = ValueType::tensor(DType::F32, vec![Dim::Unknown; 4]);
    graph.push_input("image", image).unwrap();
    assert_eq!(raise(&graph).unwrap_err().code(), codes::INPUT);
}
