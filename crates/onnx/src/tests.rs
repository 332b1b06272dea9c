use holdall_diag::Failure;
use holdall_graph::{Attribute, Dim, Graph, Origin, ValueType, Weight};
use holdall_source::{Limits, Source};
use holdall_tensor::{DType, Narrow, Shape, Tensor};

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
                ("ty", Attribute::Type(ValueType::tensor(DType::Narrow(Narrow::I4), vec![]))),
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

/// A model of unary nodes, as inputs and outputs by name.
fn chain(nodes: &[(&str, &str)]) -> Vec<u8> {
    let (mut graph, mut model) = (wire::Rope::default(), wire::Rope::default());
    for (input, output) in nodes {
        let mut node = wire::Rope::default();
        node.text(1, input);
        node.text(2, output);
        node.text(4, "Neg");
        graph.message(1, node);
    }
    let mut input = wire::Rope::default();
    input.text(1, "x");
    graph.message(11, input);
    model.varint(1, 8);
    model.message(7, graph);
    model.parts().flatten().copied().collect()
}

#[test]
fn defects_are_named_with_their_path() {
    assert!(decoded(chain(&[("x", "a"), ("a", "b")])).is_ok());
    for (nodes, code, place) in [
        ([("y", "a"), ("a", "b")], codes::NAME, "graph.node[0].input[0]"),
        ([("b", "a"), ("x", "b")], codes::ORDER, "graph.node[0].input[0]"),
        ([("x", "a"), ("b", "b")], codes::ORDER, "graph.node[1].input[0]"),
        ([("x", "a"), ("x", "a")], codes::DUPLICATE, "graph.node[1].output[0]"),
        ([("x", "a"), ("a", "x")], codes::DUPLICATE, "graph.node[1].output[0]"),
    ] {
        let failure = decoded(chain(&nodes)).unwrap_err();
        assert_eq!(failure.code(), code, "{failure}");
        assert!(failure.to_string().contains(&format!("m.onnx: {place}")), "{failure}");
    }
}

#[test]
fn a_graph_without_unique_names_is_not_written() {
    let mut graph = everything();
    graph.push_value("x".into(), None, Origin::Outer).unwrap();
    let failure = encode(&graph, EncodeOptions::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(failure.code(), codes::DUPLICATE);
}

#[test]
fn cut_anywhere_a_file_gives_a_failure_or_a_graph_but_never_a_panic() {
    let bytes = bytes_of(&everything(), true);
    for end in 0..bytes.len() {
        let cut = Source::from_bytes("m.onnx", bytes[..end].to_vec());
        // A cut between two fields of the model is a smaller model.
        drop(decode(&cut, Limits::default()));
        drop(inspect(&cut, Limits::default()));
    }
    assert_eq!(decoded(bytes[..bytes.len() / 2].to_vec()).unwrap_err().code(), codes::PROTOBUF);
}

#[test]
fn mutated_files_give_a_failure_or_a_graph_but_never_a_panic() {
    let original = bytes_of(&everything(), true);
    // A small linear generator: the same mutations in every run.
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    for _ in 0..3_000 {
        let mut bytes = original.clone();
        for _ in 0..=next() % 4 {
            // Most structure lies outside the two payloads of 12 KB.
            let at = if next() % 2 == 0 { next() % 400 } else { next() % bytes.len() };
            bytes[at] = u8::try_from(next() % 256).unwrap();
        }
        let source = Source::from_bytes("m.onnx", bytes);
        drop(decode(&source, Limits::default()));
        drop(inspect(&source, Limits::default()));
    }
}

#[test]
fn memory_is_paid_for_before_it_is_taken() {
    // Two bytes a node.
    let mut nodes = vec![0x3a, 0xc0, 0x9a, 0x0c];
    nodes.extend([0x0a, 0x00].repeat(100_000));
    let source = Source::from_bytes("m.onnx", nodes);
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    assert_eq!(decode(&source, limits).unwrap_err().code(), holdall_source::codes::MEMORY);
}

#[test]
fn inspect_says_what_the_file_holds() {
    let source = Source::from_bytes("m.onnx", bytes_of(&everything(), true));
    let summary = inspect(&source, Limits::default()).unwrap();
    assert_eq!(summary.inputs[0].shape, ["N", "2", "?"]);
    assert_eq!(summary.outputs[0].dtype, "seq(map(i64, f32[]))");
    let fact = |name: &str| summary.facts.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(fact("opsets"), serde_json::json!({ "ai.onnx": 17, "ai.onnx.ml": 3 }));
    assert_eq!(fact("onnxruntime"), "1.12.1");
    assert_eq!(
        fact("operators"),
        serde_json::json!({ "ai.onnx": { "Identity": 1 }, "ai.onnx.ml": { "Everything": 1 } })
    );
    assert_eq!(fact("parameters")["f32"]["bytes"], 24_000);
    let largest = fact("largest")[0].clone();
    let offset = usize::try_from(largest["offset"].as_u64().unwrap()).unwrap();
    let bytes = bytes_of(&everything(), true);
    assert_eq!(bytes[offset + 4..offset + 8], 1.0_f32.to_le_bytes());
}

#[test]
fn a_file_is_recognised_by_its_first_fields() {
    use holdall_codec::{Confidence, Head, Reader};
    let detect = |name: &str, bytes: Vec<u8>| {
        Onnx.detect(&Head::of(&Source::from_bytes(name, bytes)).unwrap())
    };
    let model = bytes_of(&everything(), true);
    assert_eq!(detect("m.onnx", model.clone()), Confidence::Certain);
    assert_eq!(detect("m.bin", model), Confidence::Likely);
    assert_eq!(detect("m.onnx", b"PK\x03\x04 not a model".to_vec()), Confidence::No);
    assert_eq!(detect("m.onnx", Vec::new()), Confidence::No);
}

#[test]
fn external_data_stays_inside_its_folder_and_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = |location: &str, offset: &str, length: &str| {
        let mut tensor = wire::Rope::default();
        tensor.varint(1, 2);
        tensor.varint(2, 1);
        tensor.text(8, "w");
        for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
            let mut entry = wire::Rope::default();
            entry.text(1, key);
            entry.text(2, value);
            tensor.message(13, entry);
        }
        tensor.varint(14, 1);
        let (mut graph, mut model) = (wire::Rope::default(), wire::Rope::default());
        graph.message(5, tensor);
        model.varint(1, 8);
        model.message(7, graph);
        let path = folder.path().join("m.onnx");
        let mut file = holdall_source::AtomicFile::create(&path).unwrap();
        for part in model.parts() {
            std::io::Write::write_all(&mut file, part).unwrap();
        }
        file.commit().unwrap();
        Source::open(&path).unwrap()
    };
    let mut data = holdall_source::AtomicFile::create(&folder.path().join("w.bin")).unwrap();
    std::io::Write::write_all(&mut data, &[0; 12]).unwrap();
    data.commit().unwrap();
    let decode = |source: &Source| decode(source, Limits::default()).map(|_| ());
    assert!(decode(&open("w.bin", "4", "8")).is_ok());
    let summary = inspect(&open("w.bin", "4", "8"), Limits::default()).unwrap();
    assert!(summary.risks.is_empty() && summary.facts.iter().any(|(n, _)| n == "external_files"));
    for (location, offset, length, code) in [
        ("w.bin", "8", "8", codes::EXTERNAL),
        ("w.bin", "4", "4", codes::EXTERNAL),
        ("w.bin", "x", "8", codes::EXTERNAL),
        ("../w.bin", "0", "8", holdall_source::codes::SIBLING),
        ("absent.bin", "0", "8", holdall_source::codes::OPEN),
    ] {
        let failure = decode(&open(location, offset, length)).unwrap_err();
        assert_eq!(failure.code(), code, "{location} {offset} {length}: {failure}");
    }
    assert_eq!(inspect(&open("gone", "0", "8"), Limits::default()).unwrap().risks.len(), 1);
}

/// Writes a graph as two files where it needs to, with files ending at `most` bytes.
fn placed(
    graph: &Graph,
    weights: encode::Weights<'_>,
    most: u64,
    folder: &std::path::Path,
) -> Result<usize, Failure> {
    let write = |name: &str, parts: &mut dyn Iterator<Item = Vec<u8>>| {
        let mut file = holdall_source::AtomicFile::create(&folder.join(name)).unwrap();
        for part in parts {
            std::io::Write::write_all(&mut file, &part).unwrap();
        }
        file.commit().unwrap();
    };
    let made = encode::encoded(graph, EncodeOptions::default(), weights, most)?;
    assert!(made.model.len() < most);
    write("m.onnx", &mut made.model.parts().map(<[u8]>::to_vec));
    write("m.onnx.data", &mut made.aside.blocks().map(|block| block.to_vec()));
    let source = Source::open(&folder.join("m.onnx")).unwrap();
    let (read, report) = decode(&source, Limits::default())?;
    assert!(report.is_empty(), "{report:?}");
    let whole = |graph: &Graph| {
        let mut bytes = Vec::new();
        encode(graph, EncodeOptions::default(), &mut bytes).unwrap();
        bytes
    };
    assert!(whole(&read) == whole(graph), "the graph is read as another one");
    Ok(made.aside.parts.len())
}

#[test]
fn constants_stand_beside_a_model_that_would_be_too_large_with_them() {
    use encode::Weights::{Beside, Inside, WhereNeeded};
    let folder = tempfile::tempdir().unwrap();
    let numbers: Vec<f32> = (0_u16..5_000).map(f32::from).collect();
    let mut graph = Graph { name: "g".into(), ..Graph::default() };
    graph.stamp.ir = 8;
    graph.stamp.opsets = [(String::new(), 17)].into();
    let x = graph
        .push_input("x", ValueType::tensor(DType::F32, vec![Dim::Symbol("N".into())]))
        .unwrap();
    let mut sum = x;
    for (i, width) in [(0, 5_000), (1, 3), (2, 4_000)] {
        let tensor = Tensor::from_f32(Shape(vec![width as u64]), &numbers[..width]).unwrap();
        let w = graph.push_weight(format!("w{i}"), Weight::Tensor(tensor)).unwrap();
        sum = graph.push_node("", "Add", &[sum, w], &[&format!("s{i}")], vec![]).unwrap()[0];
    }
    graph.push_output(sum, ValueType::tensor(DType::F32, vec![Dim::Symbol("N".into())]));
    let place = |weights, most| placed(&graph, weights, most, folder.path());
    let file = "m.onnx.data";
    assert_eq!(place(WhereNeeded(file), 1 << 20).unwrap(), 0);
    assert_eq!(place(WhereNeeded(file), 20_000).unwrap(), 2);
    assert_eq!(place(Beside(file), 1 << 20).unwrap(), 2);
    let failure = place(Inside, 20_000).unwrap_err();
    assert_eq!(failure.code(), codes::TOO_LARGE);
    assert!(failure.to_string().contains("36"), "{failure}");

    // What stands in attributes cannot go beside the model.
    let many = vec![("many", Attribute::Floats(numbers.clone()))];
    let last = graph.push_node("", "Odd", &[sum], &["odd"], many).unwrap()[0];
    graph.push_output(last, ValueType::tensor(DType::F32, vec![]));
    let failure = placed(&graph, WhereNeeded(file), 20_000, folder.path()).unwrap_err();
    assert_eq!(failure.code(), codes::TOO_LARGE);
    assert!(placed(&graph, WhereNeeded(file), 21_000, folder.path()).is_ok());
}
