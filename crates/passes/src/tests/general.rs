use holdall_graph::{Attribute, Dim, Graph, ValueId, ValueType, Weight};
use holdall_score::Scorer;
use holdall_table::{Column, Data, Scoring, Table};
use holdall_tabular::{Decision, Link, Op, Transform, validate};
use holdall_tensor::{DType, Shape, Tensor};

use crate::{codes, raise};

fn start() -> (Graph, ValueId) {
    let mut graph = Graph::default();
    let dims = vec![Dim::Unknown, Dim::Known(3)];
    let x = graph.push_input("X", ValueType::tensor(DType::F64, dims)).unwrap();
    (graph, x)
}

fn floats(graph: &mut Graph, name: &str, shape: &[u64], values: &[f64]) -> ValueId {
    let tensor = Tensor::from_f64(Shape(shape.to_vec()), values).unwrap();
    graph.push_weight(name, Weight::Tensor(tensor)).unwrap()
}

fn ints(graph: &mut Graph, name: &str, values: &[i64]) -> ValueId {
    let tensor = Tensor::from_i64(Shape(vec![values.len() as u64]), values).unwrap();
    graph.push_weight(name, Weight::Tensor(tensor)).unwrap()
}

fn node(graph: &mut Graph, op: &str, inputs: &[ValueId], name: &str) -> ValueId {
    graph.push_node("", op, inputs, &[name], Vec::new()).unwrap()[0]
}

fn answer(mut graph: Graph, output: ValueId) -> Graph {
    graph.push_output(output, ValueType::tensor(DType::F64, vec![Dim::Unknown; 2]));
    graph
}

/// The answers for rows of three columns, row by row.
fn scored(graph: &Graph, rows: &[[f64; 3]]) -> Vec<Vec<f64>> {
    let (model, _) = raise(graph).unwrap();
    let scorer = Scorer::compile(&validate(model).unwrap()).unwrap();
    let column =
        |c: usize| Column::new(format!("x{c}"), Data::F64(rows.iter().map(|row| row[c]).collect()));
    let table = Table { columns: (0..3).map(column).collect(), rows: rows.len(), first_row: 0 };
    let found = scorer.score(&table).unwrap();
    let cell = |column: &Column, row: usize| match &column.data {
        Data::F64(values) => values[row],
        Data::I64(values) => values[row] as f64,
        other @ (Data::F32(_) | Data::Bool(_) | Data::Text(_)) => panic!("{other:?}"),
    };
    (0..rows.len()).map(|row| found.columns.iter().map(|c| cell(c, row)).collect()).collect()
}

#[test]
fn squared_differences_to_rows_of_a_constant_are_distances() {
    let (mut graph, x) = start();
    let one = ints(&mut graph, "one", &[1]);
    let two = ints(&mut graph, "two", &[2]);
    let points = floats(&mut graph, "points", &[1, 2, 3], &[0.0, 0.0, 0.0, 1.0, 2.0, 2.0]);
    let raised = node(&mut graph, "Unsqueeze", &[x, one], "raised");
    let apart = node(&mut graph, "Sub", &[raised, points], "apart");
    let squares = node(&mut graph, "Mul", &[apart, apart], "squares");
    let keep = vec![("keepdims", Attribute::Int(0))];
    let sums = graph.push_node("", "ReduceSum", &[squares, two], &["sums"], keep).unwrap()[0];
    let roots = node(&mut graph, "Sqrt", &[sums], "roots");
    let graph = answer(graph, roots);
    let (model, _) = raise(&graph).unwrap();
    let distances = model.nodes.iter().any(|(_, node)| {
        matches!(&node.op, Op::Transform(Transform::Distances(found)) if found.points.rows == 2)
    });
    assert!(distances);
    assert_eq!(scored(&graph, &[[1.0, 2.0, 2.0]]), [[3.0, 0.0]]);
}

#[test]
fn columns_beside_rows_are_broadcast_as_the_specification_says() {
    let (mut graph, x) = start();
    let turned = node(&mut graph, "Transpose", &[x], "turned");
    let column = floats(&mut graph, "column", &[3, 1], &[1.0, 10.0, 100.0]);
    let scaled = node(&mut graph, "Mul", &[turned, column], "scaled");
    let back = node(&mut graph, "Transpose", &[scaled], "back");
    let graph = answer(graph, back);
    assert_eq!(
        scored(&graph, &[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        [[1.0, 20.0, 300.0], [4.0, 50.0, 600.0]]
    );
    // A row of three meets columns of rows only where there are three rows: that is refused.
    let (mut graph, x) = start();
    let turned = node(&mut graph, "Transpose", &[x], "turned");
    let row = floats(&mut graph, "row", &[3], &[1.0, 10.0, 100.0]);
    let scaled = node(&mut graph, "Mul", &[turned, row], "scaled");
    assert!(raise(&answer(graph, scaled)).is_err());
}

#[test]
fn the_smallest_come_in_order_the_first_of_equals_first() {
    for (largest, at) in [(0, 1), (0, 0), (1, 1)] {
        let (mut graph, x) = start();
        let two = ints(&mut graph, "two", &[2]);
        let attributes = vec![("largest", Attribute::Int(largest))];
        let made = graph.push_node("", "TopK", &[x, two], &["v", "i"], attributes).unwrap();
        let graph = answer(graph, made[at]);
        let rows = [[2.0, 1.0, 1.0], [f64::INFINITY, 5.0, f64::INFINITY], [3.0, 3.0, 3.0]];
        let expected = match (largest, at) {
            (0, 1) => [[1.0, 2.0], [1.0, 0.0], [0.0, 1.0]],
            (0, _) => [[1.0, 1.0], [5.0, f64::INFINITY], [3.0, 3.0]],
            _ => [[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]],
        };
        assert_eq!(scored(&graph, &rows), expected, "largest {largest}, output {at}");
    }
}

#[test]
fn elements_by_position_are_found_whatever_stands_beside_them() {
    let (mut graph, x) = start();
    let axis = || vec![("axis", Attribute::Int(1))];
    let at = graph.push_node("", "ArgMin", &[x], &["at"], axis()).unwrap()[0];
    let doubled = node(&mut graph, "Add", &[x, x], "doubled");
    let found = graph.push_node("", "GatherElements", &[doubled, at], &["found"], axis()).unwrap();
    let graph = answer(graph, found[0]);
    let rows = [[1.0, f64::INFINITY, 3.0], [f64::NEG_INFINITY, 2.0, f64::INFINITY]];
    assert_eq!(scored(&graph, &rows), [[2.0], [f64::NEG_INFINITY]]);
}

#[test]
fn a_probability_at_least_a_number_is_no_margin_at_least_that_number() {
    let (mut graph, x) = start();
    let weights = floats(&mut graph, "w", &[3, 1], &[1.0, 0.0, 0.0]);
    let margin = node(&mut graph, "MatMul", &[x, weights], "margin");
    let one = floats(&mut graph, "one", &[1, 1], &[1.0]);
    let negated = node(&mut graph, "Neg", &[margin], "negated");
    let power = node(&mut graph, "Exp", &[negated], "power");
    let sum = node(&mut graph, "Add", &[one, power], "sum");
    let second = node(&mut graph, "Div", &[one, sum], "second");
    let first = node(&mut graph, "Sub", &[one, second], "first");
    let axis = || vec![("axis", Attribute::Int(1))];
    let both = graph.push_node("", "Concat", &[first, second], &["probabilities"], axis()).unwrap();
    let place = ints(&mut graph, "place", &[1]);
    let taken = graph.push_node("", "Gather", &[both[0], place], &["taken"], axis()).unwrap()[0];
    let limit = floats(&mut graph, "limit", &[1, 1], &[0.3]);
    let above = node(&mut graph, "GreaterOrEqual", &[taken, limit], "above");
    let to = vec![("to", Attribute::Int(7))];
    let position = graph.push_node("", "Cast", &[above], &["position"], to).unwrap()[0];
    let labels = ints(&mut graph, "labels", &[10, 20]);
    let label = node(&mut graph, "Gather", &[labels, position], "label");
    let mut graph = answer(graph, label);
    graph.push_output(both[0], ValueType::tensor(DType::F64, vec![Dim::Unknown; 2]));
    let (model, _) = raise(&graph).unwrap();
    let Op::Classify(classify) = &model.nodes.iter().last().unwrap().1.op else { panic!() };
    assert_eq!(classify.link, Link::Logistic);
    assert_eq!(classify.decision, Decision::ProbabilityAbove(0.3_f64.next_down()));
}

#[test]
fn tensors_that_would_be_enormous_are_refused() {
    let (mut graph, x) = start();
    let shape = ints(&mut graph, "shape", &[1, 1 << 40]);
    let one = ints(&mut graph, "one", &[1]);
    let raised = node(&mut graph, "Unsqueeze", &[x, one], "raised");
    let turned = graph
        .push_node(
            "",
            "Transpose",
            &[raised],
            &["turned"],
            vec![("perm", Attribute::Ints(vec![0, 2, 1]))],
        )
        .unwrap()[0];
    let wide = node(&mut graph, "Expand", &[turned, shape], "wide");
    assert!(raise(&answer(graph, wide)).is_err());
    // Many that are large together.
    let (mut graph, x) = start();
    let mut last = x;
    for i in 0..2_000 {
        let times = ints(&mut graph, &format!("times{i}"), &[1, 20_000]);
        let wide = node(&mut graph, "Tile", &[x, times], &format!("wide{i}"));
        let axes = ints(&mut graph, &format!("axes{i}"), &[1]);
        last = node(&mut graph, "ReduceMax", &[wide, axes], &format!("most{i}"));
    }
    assert_eq!(raise(&answer(graph, last)).unwrap_err().code(), codes::TOO_LARGE);
}
