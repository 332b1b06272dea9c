//! Graphs that ask for too much: one clear error with the way to the node, and nothing computed.

#![cfg(test)]

use holdall_exec::{Array, RunLimits, Session, SessionOptions, TensorValue, codes};
use holdall_graph::{Attribute, Dim, Graph, Origin, ValueId, ValueType, Weight};
use holdall_tensor::{DType, Shape, Tensor};

fn any(dtype: DType) -> ValueType {
    ValueType::tensor(dtype, vec![Dim::Unknown])
}

/// A graph under construction.
struct Build(Graph);

impl Build {
    fn new() -> Self {
        let mut graph = Graph::default();
        graph.stamp.opsets = [(String::new(), 21)].into();
        Self(graph)
    }

    fn ints(&mut self, name: &str, values: &[i64]) -> ValueId {
        let shape = Shape(vec![values.len() as u64]);
        let tensor = Tensor::from_i64(shape, values).unwrap();
        self.0.push_weight(name, Weight::Tensor(tensor)).unwrap()
    }

    fn scalar(&mut self, name: &str, value: i64) -> ValueId {
        let tensor = Tensor::from_i64(Shape(vec![]), &[value]).unwrap();
        self.0.push_weight(name, Weight::Tensor(tensor)).unwrap()
    }

    fn float(&mut self, name: &str, values: &[f32]) -> ValueId {
        let shape = Shape(vec![values.len() as u64]);
        let tensor = Tensor::from_f32(shape, values).unwrap();
        self.0.push_weight(name, Weight::Tensor(tensor)).unwrap()
    }

    fn truth(&mut self, name: &str) -> ValueId {
        let tensor = Tensor::new(DType::Bool, Shape(vec![]), vec![1].into()).unwrap();
        self.0.push_weight(name, Weight::Tensor(tensor)).unwrap()
    }

    fn text(&mut self, name: &str, value: &str) -> ValueId {
        let values = vec![value.to_owned()];
        self.0.push_weight(name, Weight::Text { shape: Shape(vec![1]), values }).unwrap()
    }

    fn node(
        &mut self,
        op: &str,
        inputs: &[ValueId],
        attributes: Vec<(&str, Attribute)>,
    ) -> ValueId {
        let name = format!("v{}", self.0.values.len());
        self.0.push_node("", op, inputs, &[&name], attributes).unwrap()[0]
    }

    fn output(mut self, id: ValueId) -> Graph {
        self.0.push_output(id, any(DType::F32));
        self.0
    }
}

/// Runs without inputs; the failure's code and text.
fn fails(graph: Graph, limits: RunLimits) -> (holdall_diag::Code, String) {
    let options = SessionOptions { limits, ..SessionOptions::default() };
    let failure = match Session::compile(graph, options) {
        Ok(session) => session.run(Vec::new()).unwrap_err(),
        Err(failure) => failure,
    };
    (failure.code(), failure.to_string())
}

const HUGE: i64 = 1 << 40;

#[test]
fn shapes_beyond_the_memory_are_refused_with_the_node() {
    type Maker = fn(&mut Build) -> ValueId;
    let makers: [(&str, Maker); 11] = [
        ("ConstantOfShape", |b| {
            let shape = b.ints("s", &[HUGE, 4]);
            b.node("ConstantOfShape", &[shape], vec![])
        }),
        ("ConstantOfShape", |b| {
            let shape = b.ints("s", &[i64::MAX, i64::MAX, i64::MAX]);
            b.node("ConstantOfShape", &[shape], vec![])
        }),
        ("Expand", |b| {
            let (x, shape) = (b.float("x", &[1.0]), b.ints("s", &[HUGE]));
            b.node("Expand", &[x, shape], vec![])
        }),
        ("Tile", |b| {
            let (x, times) = (b.float("x", &[1.0, 2.0]), b.ints("s", &[HUGE]));
            b.node("Tile", &[x, times], vec![])
        }),
        ("Range", |b| {
            let (start, end, step) = (b.scalar("a", 0), b.scalar("b", HUGE), b.scalar("c", 1));
            b.node("Range", &[start, end, step], vec![])
        }),
        ("Pad", |b| {
            let (x, pads) = (b.float("x", &[1.0]), b.ints("p", &[HUGE, 0]));
            b.node("Pad", &[x, pads], vec![])
        }),
        ("OneHot", |b| {
            let (x, depth) = (b.ints("x", &[0]), b.scalar("d", HUGE));
            let values = b.float("v", &[0.0, 1.0]);
            b.node("OneHot", &[x, depth, values], vec![])
        }),
        ("Resize", |b| {
            let x = b.float("x", &[1.0, 2.0]);
            let scales = b.float("s", &[1e12]);
            b.node("Resize", &[x, x, scales], vec![])
        }),
        ("CenterCropPad", |b| {
            let (x, shape) = (b.float("x", &[1.0]), b.ints("s", &[HUGE]));
            b.node("CenterCropPad", &[x, shape], vec![])
        }),
        ("Add", |b| {
            let limits = [4_000_000, 1];
            let shape = b.ints("s", &limits);
            let column = b.node("ConstantOfShape", &[shape], vec![]);
            let row = b.ints("r", &[1, 4_000_000]);
            let row = b.node("ConstantOfShape", &[row], vec![]);
            b.node("Add", &[column, row], vec![])
        }),
        ("Upsample", |b| {
            let x = b.float("x", &[1.0]);
            let scales = b.float("s", &[f32::MAX]);
            b.node("Upsample", &[x, scales], vec![])
        }),
    ];
    for (op, make) in makers {
        let mut build = Build::new();
        let y = make(&mut build);
        let (code, text) = fails(build.output(y), RunLimits::default());
        assert_eq!(code, codes::MEMORY, "{op}: {text}");
        assert!(text.contains(&format!(" {op}:")) || text.contains(op), "{text}");
    }
}

/// A loop without an end over what `body` makes of the carried value.
fn endless(
    first: impl Fn(&mut Build) -> ValueId,
    body: impl Fn(&mut Build, ValueId) -> ValueId,
) -> Graph {
    let mut inner = Build(Graph::default());
    inner.0.push_input("turn", any(DType::I64)).unwrap();
    let going = inner.0.push_input("going", any(DType::Bool)).unwrap();
    let x = inner.0.push_input("carried", any(DType::F32)).unwrap();
    let next = body(&mut inner, x);
    let again = inner.node("Identity", &[going], vec![]);
    inner.0.push_output(again, any(DType::Bool));
    inner.0.push_output(next, any(DType::F32));
    let mut build = Build::new();
    let (limit, going) = (build.scalar("limit", i64::MAX), build.truth("go"));
    let x = first(&mut build);
    let body = Attribute::Graph(Box::new(inner.0));
    let y = build.node("Loop", &[limit, going, x], vec![("body", body)]);
    build.output(y)
}

#[test]
fn a_loop_without_an_end_stops_at_the_limit_on_steps() {
    let graph = endless(|b| b.float("x", &[1.0]), |b, x| b.node("Neg", &[x], vec![]));
    let limits = RunLimits { steps: 100_000, ..RunLimits::default() };
    let (code, text) = fails(graph, limits);
    assert_eq!(code, codes::STEPS, "{text}");
    assert!(text.contains("Loop") && text.contains("100000 steps"), "{text}");
}

#[test]
fn what_doubles_at_every_turn_stops_at_the_limit_on_memory() {
    let limits = RunLimits { memory: 64 << 20, ..RunLimits::default() };
    let tensors = endless(
        |b| b.float("x", &[1.0]),
        |b, x| b.node("Concat", &[x, x], vec![("axis", Attribute::Int(0))]),
    );
    let texts = endless(|b| b.text("x", "ab"), |b, x| b.node("StringConcat", &[x, x], vec![]));
    let sequences = endless(
        |b| {
            let x = b.float("x", &[1.0; 100]);
            b.node("SequenceConstruct", &[x], vec![])
        },
        |b, x| {
            let joined = b.node("ConcatFromSequence", &[x], vec![("axis", Attribute::Int(0))]);
            b.node("SequenceInsert", &[x, joined], vec![])
        },
    );
    for (graph, inner) in [(tensors, "Concat"), (texts, "StringConcat"), (sequences, "Sequence")] {
        let (code, text) = fails(graph, limits);
        assert_eq!(code, codes::MEMORY, "{text}");
        assert!(text.contains("Loop ›") && text.contains(inner), "{text}");
    }
}

#[test]
fn products_without_an_end_stop_at_the_limit_on_work() {
    let mut build = Build::new();
    let shape = build.ints("s", &[3000, 3000]);
    let x = build.node("ConstantOfShape", &[shape], vec![]);
    let y = build.node("MatMul", &[x, x], vec![]);
    let limits = RunLimits { work: 1 << 30, ..RunLimits::default() };
    let (code, text) = fails(build.output(y), limits);
    assert_eq!(code, codes::WORK, "{text}");
    assert!(text.contains("MatMul"), "{text}");
}

#[test]
fn graphs_nested_without_an_end_are_refused() {
    let mut inner = Build(Graph::default());
    let x = inner.float("x", &[1.0]);
    let y = inner.node("Identity", &[x], vec![]);
    let mut graph = inner.output(y);
    for _ in 0..60 {
        let mut outer = Build(Graph::default());
        let condition = outer.truth("c");
        let branch = || Attribute::Graph(Box::new(graph.clone()));
        let empty = Build(Graph::default());
        let other = Attribute::Graph(Box::new(empty.0));
        let y =
            outer.node("If", &[condition], vec![("then_branch", branch()), ("else_branch", other)]);
        graph = outer.output(y);
    }
    graph.stamp.opsets = [(String::new(), 21)].into();
    let (code, text) = fails(graph, RunLimits::default());
    assert_eq!(code, codes::GRAPH, "{text}");
    assert!(text.contains("nested"), "{text}");
}

#[test]
fn a_value_that_nothing_gives_is_refused() {
    let mut inner = Build(Graph::default());
    let lost = inner.0.push_value("lost".into(), None, Origin::Outer).unwrap();
    let y = inner.node("Neg", &[lost], vec![]);
    let inner = inner.output(y);
    let mut build = Build::new();
    let condition = build.truth("c");
    let branch = || Attribute::Graph(Box::new(inner.clone()));
    let y =
        build.node("If", &[condition], vec![("then_branch", branch()), ("else_branch", branch())]);
    let (code, text) = fails(build.output(y), RunLimits::default());
    assert_eq!(code, codes::INPUT, "{text}");
}

#[test]
fn attributes_and_operator_sets_that_are_not_known_are_refused() {
    let mut build = Build::new();
    let x = build.float("x", &[1.0]);
    let y = build.node("Neg", &[x], vec![("mystery", Attribute::Int(1))]);
    let (code, text) = fails(build.output(y), RunLimits::default());
    assert_eq!(code, codes::ATTRIBUTE);
    assert!(text.contains("`mystery`"), "{text}");
    let mut build = Build::new();
    build.0.stamp.opsets = [(String::new(), 99)].into();
    let x = build.float("x", &[1.0]);
    let y = build.node("Neg", &[x], vec![]);
    let (code, text) = fails(build.output(y), RunLimits::default());
    assert_eq!(code, codes::OPERATOR);
    assert!(text.contains("99"), "{text}");
}

#[test]
fn random_numbers_are_refused_by_name() {
    for op in ["RandomNormal", "RandomUniform", "Multinomial", "Bernoulli"] {
        let mut build = Build::new();
        let x = build.float("x", &[1.0]);
        let y = build.node(op, &[x], vec![]);
        let (code, text) = fails(build.output(y), RunLimits::default());
        assert_eq!(code, codes::OPERATOR);
        assert!(text.contains(op), "{text}");
    }
}

#[test]
fn a_subgraph_sees_the_values_around_it() {
    let mut inner = Build(Graph::default());
    let outer = inner.0.push_value("seen".into(), None, Origin::Outer).unwrap();
    let y = inner.node("Neg", &[outer], vec![]);
    let inner = inner.output(y);
    let mut build = Build::new();
    build.float("seen", &[2.5]);
    let condition = build.truth("c");
    let branch = || Attribute::Graph(Box::new(inner.clone()));
    let y =
        build.node("If", &[condition], vec![("then_branch", branch()), ("else_branch", branch())]);
    let session = Session::compile(build.output(y), SessionOptions::default()).unwrap();
    let made = session.run(Vec::new()).unwrap();
    assert_eq!(made, [TensorValue::F32(Array::new(&[1], vec![-2.5]).unwrap())]);
}
