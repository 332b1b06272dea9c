use holdall_diag::Failure;
use holdall_graph::{Attribute, Dim, Graph, Origin, ValueType, Weight};
use holdall_source::{Limits, Source};
use holdall_tensor::{DType, Shape, Tensor};

use super::*;

/// A graph with every kind of attribute, weight and type that the encoder knows.
pub(crate) fn everything() -> Graph {
    let mut graph = Graph { name: "g".into(), description: "all of it".into(), ..Graph::default() };
    graph.stamp.ir = 8;
    graph.stamp.opsets = [(String::new(), 17), (holdall_graph::AI_ONNX_ML.into(), 3)].into();
    graph.stamp.producer = "holdall".into();
    graph.stamp.model_version = -3;
    graph.metadata = vec![("k".into(), "v".into()), ("empty".into(), String::new())];
    let dims = vec![Dim::Symbol("N".into()), Dim::Known(2), Dim::Unknown];
    let x = graph.push_input("x", ValueType::tensor(DType::F32, dims)).unwrap();
    let many: Vec<f32> = (0_u16..3_000).map(f32::from).collect();
    let big = Tensor::from_f32(Shape(vec![2, 1_500]), &many).unwrap();
    let w = graph.push_weight("w", Weight::Tensor(big.clone())).unwrap();
    let texts = Weight::Text { shape: Shape(vec![2]), values: vec!["é".into(), String::new()] };
    let t = graph.push_weight("t", texts).unwrap();
    let mut inner = Graph { name: "inner".into(), ..Graph::default() };
    let outer = inner.push_value("x".into(), None, Origin::Outer).unwrap();
    let y = inner.push_node("", "Identity", &[outer], &["inner_y"], vec![]).unwrap()[0];
    inner.outputs.push(y);
    let made = graph
        .push_node(
            "ai.onnx.ml",
            "Everything",
            &[x, w, t],
            &["a", "b"],
            vec![
                ("i", Attribute::Int(-1)),
                ("f", Attribute::Float(0.5)),
                ("s", Attribute::text("abc")),
                ("is", Attribute::Ints(vec![1, -2, i64::MAX])),
                ("fs", Attribute::Floats(many)),
                ("ss", Attribute::texts(["a", ""])),
                ("t", Attribute::Tensor(big)),
                ("tt", Attribute::TextTensor { shape: Shape(vec![1]), values: vec!["z".into()] }),
                ("g", Attribute::Graph(Box::new(inner))),
            ],
        )
        .unwrap();
    let float = || Box::new(ValueType::tensor(DType::F32, vec![]));
    graph.push_output(made[0], ValueType::Sequence(Box::new(ValueType::Map(DType::I64, float()))));
    graph.values.get_mut(made[1]).unwrap().value_type = Some(ValueType::Optional(float()));
    graph
}

pub(crate) fn bytes_of(graph: &Graph, packed: bool) -> Vec<u8> {
    let mut out = Vec::new();
    encode(graph, EncodeOptions { packed }, &mut out).unwrap();
    out
}

pub(crate) fn decoded(bytes: Vec<u8>) -> Result<Graph, Failure> {
    decode(&Source::from_bytes("m.onnx", bytes), Limits::default()).map(|(graph, _)| graph)
}

#[test]
fn whatever_is_written_is_read_again_packed_or_not() {
    let graph = everything();
    let (packed, plain) = (bytes_of(&graph, true), bytes_of(&graph, false));
    assert!(packed.len() + 2_900 < plain.len());
    for bytes in [packed, plain] {
        let back = decoded(bytes.clone()).unwrap();
        assert_eq!(back.stamp, graph.stamp);
        assert_eq!(back.metadata, graph.metadata);
        assert_eq!(back.nodes, graph.nodes);
        assert_eq!(back, graph);
        assert_eq!(bytes_of(&back, bytes.len() < bytes_of(&graph, false).len()), bytes);
    }
}
