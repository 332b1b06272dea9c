#![cfg(test)]
//! Files written again as documents: nothing is lost that is not asked to change, weights go where they are
//! asked to, and other versions are given only where they are proved to mean the same.
#![expect(clippy::disallowed_methods, reason = "files are arranged")]

use std::path::Path;

use holdall_codec::{Options, ReadOptions, Reader, RewriteRequest, Rewritten, Writer};
use holdall_diag::Failure;
use holdall_graph::Attribute;
use holdall_onnx::{FORMAT, Onnx};
use holdall_source::{Limits, Source};

/// A field of bytes.
fn field(number: u32, body: &[u8]) -> Vec<u8> {
    let mut out = varint(u64::from(number << 3 | 2));
    out.extend(varint(body.len() as u64));
    out.extend(body);
    out
}

/// A field that is a number.
fn number(number: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(number << 3)), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

fn value(name: &str, extents: &[u64]) -> Vec<u8> {
    let dims: Vec<u8> = extents.iter().flat_map(|d| field(1, &number(1, *d))).collect();
    let tensor = [number(1, 1), field(2, &dims)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

fn node(op: &str, inputs: &[&str], outputs: &[&str], more: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for input in inputs {
        out.extend(field(1, input.as_bytes()));
    }
    for output in outputs {
        out.extend(field(2, output.as_bytes()));
    }
    out.extend(field(4, op.as_bytes()));
    out.extend(more);
    out
}

fn weight(name: &str, count: u16) -> Vec<u8> {
    let raw: Vec<u8> = (0..count).flat_map(|i| f32::from(i).to_le_bytes()).collect();
    [number(1, u64::from(count)), number(2, 1), field(8, name.as_bytes()), field(9, &raw)].concat()
}

fn ints(name: &str, values: &[u64]) -> Vec<u8> {
    let list: Vec<u8> = values.iter().flat_map(|v| number(8, *v)).collect();
    [field(1, name.as_bytes()), list, number(20, 7)].concat()
}

/// Add of a weight and Squeeze, with fields that no schema has at every level.
fn model(opset: u64, squeeze: &[u8]) -> Vec<u8> {
    let unknown = field(999, b"from the future");
    let odd = number(777, 12_345);
    let graph = [
        field(1, &node("Add", &["x", "w"], &["a"], &unknown)),
        field(1, squeeze),
        field(2, b"g"),
        field(5, &[weight("w", 3_000), odd.clone()].concat()),
        field(11, &[value("x", &[1, 3_000]), unknown.clone()].concat()),
        field(12, &value("y", &[3_000])),
        field(14, &field(1, b"a")),
        unknown.clone(),
    ]
    .concat();
    [
        number(1, 8),
        unknown,
        field(2, b"somebody"),
        field(7, &graph),
        field(8, &[number(2, opset), odd.clone()].concat()),
        field(20, b""),
        odd,
    ]
    .concat()
}

fn old() -> Vec<u8> {
    model(11, &node("Squeeze", &["a"], &["y"], &field(5, &ints("axes", &[0]))))
}

fn rewrite(source: &Source, text: &str, same_folder: bool) -> Result<Rewritten, Failure> {
    let options = Options::parse(text, FORMAT.write_options).unwrap();
    let request = RewriteRequest {
        options: &options,
        limits: Limits::default(),
        name: "again.onnx".to_owned(),
        same_folder,
    };
    Onnx.rewrite(source, &request).map(Option::unwrap)
}

fn bytes(again: &Rewritten) -> Vec<u8> {
    again.parts.iter().flat_map(|part| part.to_vec()).collect()
}

fn codes(source: &Source) -> Vec<String> {
    let checked = holdall_onnx::check(source, Limits::default()).unwrap();
    checked.report.entries().iter().map(|d| d.code.as_str().to_owned()).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}

#[test]
fn an_untouched_file_is_written_byte_for_byte() {
    let before = old();
    let again = rewrite(&Source::from_bytes("m.onnx", before.clone()), "", true).unwrap();
    assert_eq!(bytes(&again), before);
    assert!(again.beside.is_none());
    // Also into another folder, as there is no second file.
    let again = rewrite(&Source::from_bytes("m.onnx", before.clone()), "", false).unwrap();
    assert_eq!(bytes(&again), before);
}

#[test]
fn fields_that_nobody_knows_survive_every_change() {
    let before = old();
    let source = Source::from_bytes("m.onnx", before.clone());
    for text in
        ["packed=true", "packed=false", "external=split", "opset=13", "opset=13,ir=9,packed=true"]
    {
        let after = bytes(&rewrite(&source, text, true).unwrap());
        let marks: [(&[u8], &str); 3] = [
            (b"from the future", "text"),
            (&number(777, 12_345), "number"),
            (b"somebody", "producer"),
        ];
        for (mark, what) in marks {
            assert_eq!(contains(&after, mark), contains(&before, mark), "{text}: {what}");
        }
    }
}

#[test]
fn unpacked_lists_come_back_to_the_same_bytes() {
    let before = old();
    let source = Source::from_bytes("m.onnx", before.clone());
    let packed = bytes(&rewrite(&source, "packed=true", true).unwrap());
    assert_ne!(packed, before);
    assert_eq!(contains(&packed, b"\x42\x01\x00"), 1);
    let again = Source::from_bytes("m.onnx", packed);
    let plain = bytes(&rewrite(&again, "packed=false", true).unwrap());
    // Lists stand behind the other fields of an attribute, so the kind comes first now.
    assert_eq!(plain.len(), before.len());
}

#[test]
fn weights_go_beside_the_model_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("m.onnx"), old()).unwrap();
    let source = Source::open(&at("m.onnx")).unwrap();
    let split = rewrite(&source, "external=split", true).unwrap();
    let (name, parts) = split.beside.clone().unwrap();
    assert_eq!(name, "again.onnx.data");
    let data: Vec<u8> = parts.iter().flat_map(|p| p.to_vec()).collect();
    assert_eq!(data.len(), 12_000);
    std::fs::write(at("again.onnx"), bytes(&split)).unwrap();
    std::fs::write(at("again.onnx.data"), &data).unwrap();
    let moved = Source::open(&at("again.onnx")).unwrap();
    assert!(!codes(&moved).contains(&"onnx/checksum".to_owned()));
    let options = ReadOptions::default();
    assert_eq!(Onnx.compare(&source, &moved, &options).unwrap().unwrap(), []);
    let summary = Onnx.inspect(&moved, &options).unwrap();
    let files = &summary.facts.iter().find(|(name, _)| name == "external_files").unwrap().1;
    assert_eq!(files[0]["bytes"], 12_000);
    let whole = rewrite(&moved, "external=inline", true).unwrap();
    let whole = Source::from_bytes("whole.onnx", bytes(&whole));
    assert_eq!(Onnx.compare(&source, &whole, &options).unwrap().unwrap(), []);
    // A byte that changed is noticed by the digest.
    let mut damaged = data;
    damaged[5] ^= 1;
    std::fs::write(at("again.onnx.data"), damaged).unwrap();
    let moved = Source::open(&at("again.onnx")).unwrap();
    assert!(codes(&moved).contains(&"onnx/checksum".to_owned()));
    let found = Onnx.compare(&source, &moved, &options).unwrap().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].detail.as_ref().unwrap()["changed"], 1);
}

#[cfg(unix)]
#[test]
fn weights_behind_a_link_or_outside_the_folder_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("inside")).unwrap();
    std::fs::write(at("secret"), [0_u8; 12_000]).unwrap();
    std::os::unix::fs::symlink(at("secret"), at("inside/link")).unwrap();
    for (location, code) in [
        ("link", "source/sibling"),
        ("../secret", "source/sibling"),
        ("/etc/passwd", "source/sibling"),
    ] {
        let entry = [field(1, b"location"), field(2, location.as_bytes())].concat();
        let tensor =
            [number(1, 3_000), number(2, 1), field(8, b"w"), field(13, &entry), number(14, 1)]
                .concat();
        let graph = [
            field(1, &node("Add", &["x", "w"], &["y"], &[])),
            field(2, b"g"),
            field(5, &tensor),
            field(11, &value("x", &[3_000])),
            field(12, &value("y", &[3_000])),
        ]
        .concat();
        let model = [number(1, 8), field(7, &graph), field(8, &number(2, 17))].concat();
        std::fs::write(at("inside/m.onnx"), model).unwrap();
        let source = Source::open(&at("inside/m.onnx")).unwrap();
        assert_eq!(codes(&source), [code], "{location}");
        let failure = rewrite(&source, "external=inline", true).unwrap_err();
        assert_eq!(failure.code().as_str(), code, "{location}");
    }
}

#[test]
fn an_attribute_becomes_an_input_and_an_input_an_attribute() {
    let source = Source::from_bytes("m.onnx", old());
    assert_eq!(codes(&source), ["onnx/quantization"; 0]);
    let up = rewrite(&source, "opset=13", true).unwrap();
    let up = Source::from_bytes("up.onnx", bytes(&up));
    assert_eq!(codes(&up), ["onnx/quantization"; 0]);
    let down = rewrite(&up, "opset=11", true).unwrap();
    let down = Source::from_bytes("down.onnx", bytes(&down));
    // The node that gave the axes is left, and nothing takes it.
    assert_eq!(codes(&down), ["onnx/dead-node"]);
}

#[test]
fn a_resize_leaves_out_what_says_nothing_and_gets_it_back() {
    let resize = |inputs: &[&str], opset: u64| {
        let sizes = [field(1, b"sizes"), field(2, &field(1, &number(1, 7)))].concat();
        let graph = [
            field(1, &node("Resize", inputs, &["y"], &[])),
            field(2, b"g"),
            field(5, &weight("roi", 0)),
            field(5, &weight("scales", 0)),
            field(11, &value("x", &[1, 1, 2, 2])),
            field(11, &sizes),
            field(12, &field(1, b"y")),
        ]
        .concat();
        let model = [number(1, 8), field(7, &graph), field(8, &number(2, opset))].concat();
        Source::from_bytes("m.onnx", model)
    };
    let inputs = |again: &Rewritten| {
        let source = Source::from_bytes("again.onnx", bytes(again));
        let (graph, _) = holdall_onnx::decode(&source, Limits::default()).unwrap();
        let node = graph.nodes.as_slice().iter().find(|node| node.op_type == "Resize").unwrap();
        node.inputs.iter().map(Option::is_some).collect::<Vec<_>>()
    };
    let full = resize(&["x", "roi", "scales", "sizes"], 11);
    let up = rewrite(&full, "opset=13", true).unwrap();
    assert_eq!(inputs(&up), [true, false, false, true]);
    let up = Source::from_bytes("up.onnx", bytes(&up));
    let down = rewrite(&up, "opset=11", true).unwrap();
    assert_eq!(inputs(&down), [true; 4]);
    let both = resize(&["x", "roi", "x", "sizes"], 13);
    let failure = rewrite(&both, "opset=11", true).unwrap_err();
    assert!(failure.to_string().contains("either scales or sizes"), "{failure}");
}

#[test]
fn a_resize_goes_below_version_18_without_what_came_with_it() {
    let resize = |attributes: &[u8]| {
        let graph = [
            field(1, &node("Resize", &["x", "", "scales"], &["y"], attributes)),
            field(2, b"g"),
            field(5, &weight("scales", 4)),
            field(11, &value("x", &[1, 1, 2, 2])),
            field(12, &field(1, b"y")),
        ]
        .concat();
        let model = [number(1, 8), field(7, &graph), field(8, &number(2, 18))].concat();
        Source::from_bytes("m.onnx", model)
    };
    let int = |name: &str, n: u64| {
        field(5, &[field(1, name.as_bytes()), number(3, n), number(20, 2)].concat())
    };
    let down = bytes(&rewrite(&resize(&int("antialias", 0)), "opset=13", true).unwrap());
    assert_eq!(contains(&down, b"antialias"), 0);
    let up = rewrite(&Source::from_bytes("down.onnx", down), "opset=18", true).unwrap();
    assert_eq!(bytes(&up), bytes(&rewrite(&resize(&[]), "", true).unwrap()));
    for attribute in [int("antialias", 1), field(5, &ints("axes", &[0, 1, 2, 3]))] {
        let failure = rewrite(&resize(&attribute), "opset=13", true).unwrap_err();
        assert!(failure.to_string().contains("there is no attribute"), "{failure}");
    }
}

#[test]
fn trees_of_version_5_become_those_of_version_3() {
    let tensor = |name: &str, kind: u64, raw: &[u8], count: u64| {
        let body = [number(1, count), number(2, kind), field(9, raw)].concat();
        field(5, &[field(1, name.as_bytes()), field(5, &body), number(20, 4)].concat())
    };
    let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let list = |name: &str, values: &[u64]| field(5, &ints(name, values));
    // The first node asks whether feature 1 is 2 or 5, then the second whether feature 0 is at most 0.5.
    let model = |members: &[f32], leaf: u64, shared: u64, post: u64| {
        let attributes = [
            list("tree_roots", &[0]),
            field(5, &[field(1, b"post_transform"), number(3, post), number(20, 2)].concat()),
            list("nodes_featureids", &[1, 0]),
            tensor("nodes_modes", 2, &[6, 0], 2),
            tensor("nodes_splits", 1, &floats(&[0.0, 0.5]), 2),
            list("nodes_truenodeids", &[shared, 1]),
            list("nodes_trueleafs", &[leaf, 1]),
            list("nodes_falsenodeids", &[1, 2]),
            list("nodes_falseleafs", &[0, 1]),
            list("leaf_targetids", &[0, 0, 0]),
            tensor("leaf_weights", 1, &floats(&[1.0, 2.0, 4.0]), 3),
            tensor("membership_values", 1, &floats(members), members.len() as u64),
        ]
        .concat();
        let domain = field(7, b"ai.onnx.ml");
        let graph = [
            field(1, &node("TreeEnsemble", &["x"], &["y"], &[domain, attributes].concat())),
            field(2, b"g"),
            field(11, &value("x", &[1, 2])),
            field(12, &value("y", &[1, 1])),
        ]
        .concat();
        let ml = [field(1, b"ai.onnx.ml"), number(2, 5)].concat();
        let model = [number(1, 9), field(7, &graph), field(8, &number(2, 18)), field(8, &ml)];
        Source::from_bytes("m.onnx", model.concat())
    };
    assert_eq!(codes(&model(&[2.0, 5.0, f32::NAN], 1, 0, 0)), ["onnx/tree-child"; 0]);
    let down = rewrite(&model(&[2.0, 5.0, f32::NAN], 1, 0, 0), "ml=3", true).unwrap();
    let down = Source::from_bytes("down.onnx", bytes(&down));
    assert_eq!(codes(&down), ["onnx/tree-child"; 0]);
    let (graph, _) = holdall_onnx::decode(&down, Limits::default()).unwrap();
    let node = &graph.nodes.as_slice()[0];
    assert_eq!(node.op_type, "TreeEnsembleRegressor");
    let said =
        |name: &str| node.attributes.iter().find(|(n, _)| n.as_str() == name).unwrap().1.clone();
    let modes = ["BRANCH_EQ", "BRANCH_EQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF", "LEAF"];
    assert_eq!(said("nodes_modes"), Attribute::texts(modes));
    assert_eq!(said("nodes_values"), Attribute::Floats(vec![2.0, 5.0, 0.5, 0.0, 0.0, 0.0, 0.0]));
    assert_eq!(said("target_weights"), Attribute::Floats(vec![4.0, 2.0, 1.0, 1.0]));
    // Two members cannot lead to one node, and no node has two parents.
    let failure = rewrite(&model(&[2.0, 5.0, f32::NAN], 0, 1, 0), "ml=3", true).unwrap_err();
    assert!(failure.to_string().contains("leads to more than a leaf"), "{failure}");
    let failure = rewrite(&model(&[2.0, f32::NAN], 0, 1, 0), "ml=3", true).unwrap_err();
    assert!(failure.to_string().contains("more than one way"), "{failure}");
    let failure = rewrite(&model(&[2.0, f32::NAN], 1, 0, 1), "ml=3", true).unwrap_err();
    assert!(failure.to_string().contains("`post_transform` is 1"), "{failure}");
}

#[test]
fn the_default_domain_may_be_imported_twice_in_one_version() {
    let twice = |version: u64| {
        let graph = [
            field(1, &node("Neg", &["x"], &["y"], &[])),
            field(2, b"g"),
            field(11, &value("x", &[1])),
            field(12, &value("y", &[1])),
        ]
        .concat();
        let named = [field(1, b"ai.onnx"), number(2, version)].concat();
        let model = [number(1, 8), field(7, &graph), field(8, &number(2, 17)), field(8, &named)];
        Source::from_bytes("m.onnx", model.concat())
    };
    let (graph, _) = holdall_onnx::decode(&twice(17), Limits::default()).unwrap();
    assert_eq!(graph.stamp.opsets, [(String::new(), 17)].into());
    assert_eq!(codes(&twice(17)), ["onnx/stamp"; 0]);
    let failure = holdall_onnx::decode(&twice(18), Limits::default()).unwrap_err();
    assert_eq!(failure.code().as_str(), "onnx/stamp");
    assert!(failure.diagnostic().location.to_string().contains("opset_import[1]"), "{failure}");
    assert_eq!(codes(&twice(18)), ["onnx/stamp"]);
}

#[test]
fn trees_under_a_version_that_deprecates_them_go_back_to_the_one_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx");
    let model = std::fs::read(folder.join("skl_forest_regressor_ml1/model.onnx")).unwrap();
    let source = Source::from_bytes("m.onnx", model);
    // The same file under version 5, which only deprecates the operator.
    let up = rewrite(&source, "ml=3", true).unwrap();
    let ml = [field(1, b"ai.onnx.ml"), number(2, 3)].concat();
    let newer = [field(1, b"ai.onnx.ml"), number(2, 5)].concat();
    let three = bytes(&up);
    let at = three.windows(ml.len()).position(|window| window == ml).unwrap();
    let mut five = three.clone();
    five.splice(at..at + ml.len(), newer);
    let five = Source::from_bytes("five.onnx", five);
    assert_eq!(codes(&five), ["onnx/deprecated"]);
    assert_eq!(bytes(&rewrite(&five, "ml=3", true).unwrap()), three);
    assert_eq!(rewrite(&source, "ml=5", true).unwrap_err().code().as_str(), "onnx/restamp");
}

#[test]
fn what_cannot_be_proved_is_refused_with_the_reason() {
    let source = Source::from_bytes("m.onnx", old());
    let failure = rewrite(&source, "ir=4", true).unwrap_err();
    assert_eq!(failure.code().as_str(), "onnx/restamp");
    let notes = failure.diagnostic().notes.join("\n");
    assert!(notes.contains("training information came with IR 7, 4 is asked for"), "{notes}");
    // Axes that are not a constant cannot become an attribute.
    let axes = [field(1, b"axes"), field(2, &field(1, &number(1, 7)))].concat();
    let graph = [
        field(1, &node("Squeeze", &["x", "axes"], &["y"], &[])),
        field(2, b"g"),
        field(11, &value("x", &[1, 3])),
        field(11, &axes),
        field(12, &field(1, b"y")),
    ]
    .concat();
    let source = Source::from_bytes(
        "m.onnx",
        [number(1, 8), field(7, &graph), field(8, &number(2, 13))].concat(),
    );
    let failure = rewrite(&source, "opset=11", true).unwrap_err();
    assert!(failure.to_string().contains("`axes` is not a constant"), "{failure}");
    for text in ["opset=5", "opset=99", "ir=2"] {
        assert_eq!(rewrite(&source, text, true).unwrap_err().code().as_str(), "codec/option");
    }
    let failure = rewrite(&source, "labels=int", true).unwrap_err();
    assert_eq!(failure.code().as_str(), "codec/option");
}

#[test]
fn the_fixtures_are_written_again_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("model.onnx");
        if path.exists() {
            seen += 1;
            let source = Source::open(&path).unwrap();
            let before = std::fs::read(&path).unwrap();
            assert_eq!(bytes(&rewrite(&source, "", true).unwrap()), before, "{path:?}");
            let packed = bytes(&rewrite(&source, "packed=true", true).unwrap());
            // A list of one number takes a byte more.
            assert!(packed.len() <= before.len() + 64, "{path:?}");
            let packed = Source::from_bytes("packed.onnx", packed);
            let found = Onnx.compare(&source, &packed, &ReadOptions::default()).unwrap().unwrap();
            assert_eq!(found, [], "{path:?}");
        }
    }
    assert!(seen >= 10);
}

/// A model whose nodes call `local.Twice`, and that function with this body and operator set.
fn calling(body: &[Vec<u8>], opset: u64) -> Vec<u8> {
    let domain = field(7, b"local");
    let nodes: Vec<u8> = body.iter().flat_map(|node| field(7, node)).collect();
    let imports = |local: &[u8]| [local, &number(2, 1)].concat();
    let function = [
        field(1, b"Twice"),
        field(4, b"a"),
        field(5, b"b"),
        nodes,
        field(9, &number(2, opset)),
        field(9, &imports(&field(1, b"local"))),
        field(10, b"local"),
    ]
    .concat();
    let graph = [
        field(1, &node("Twice", &["x"], &["m"], &domain)),
        field(1, &node("Twice", &["m"], &["y"], &domain)),
        field(2, b"g"),
        field(11, &value("x", &[3])),
        field(12, &value("y", &[3])),
    ]
    .concat();
    [
        number(1, 8),
        field(7, &graph),
        field(8, &number(2, 17)),
        field(8, &imports(&field(1, b"local"))),
        field(25, &function),
    ]
    .concat()
}

#[test]
fn functions_are_put_in_place_of_their_calls() {
    let read = |bytes: Vec<u8>| {
        holdall_onnx::decode(&Source::from_bytes("m.onnx", bytes), Limits::default())
    };
    let body = [node("Add", &["a", "a"], &["t"], &[]), node("Neg", &["t"], &["b"], &[])];
    let (graph, _) = read(calling(&body, 17)).unwrap();
    let ops: Vec<&str> = graph.nodes.iter().map(|(_, n)| n.op_type.as_str()).collect();
    assert_eq!(ops, ["Add", "Neg", "Add", "Neg"]);
    let names: Vec<&str> = graph.values.iter().map(|(_, v)| v.name.as_str()).collect();
    assert_eq!(names, ["x", "Twice.1.t", "m", "Twice.2.t", "y"]);
    // Another operator set is fine where it has the same operators.
    assert!(read(calling(&body, 16)).is_ok());
    let body = [node("Relu", &["a"], &["b"], &[])];
    assert_eq!(read(calling(&body, 13)).unwrap_err().code().as_str(), "onnx/unsupported");
    let body = [node("Twice", &["a"], &["b"], &field(7, b"local"))];
    assert_eq!(read(calling(&body, 17)).unwrap_err().code().as_str(), "onnx/function");
}

/// `SplitMix64`.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) >> 1).unwrap()
}

#[test]
fn damaged_files_are_answered_by_every_verb() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx");
    let mut samples = vec![old()];
    for name in [
        "forest_strings_1_9/model.onnx",
        "broken/branches.onnx",
        "broken/trees5_members.onnx",
        "broken/function_undefined.onnx",
        "broken/training_binding.onnx",
        "broken/sparse_index.onnx",
        "broken/svm_rho.onnx",
    ] {
        samples.push(std::fs::read(folder.join(name)).unwrap());
    }
    let limits = Limits { memory: 64 << 20, steps: 5_000_000, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let mut state = 11;
    for sample in samples {
        for round in 0..120 {
            let mut bytes = sample.clone();
            if round % 4 == 0 {
                bytes.truncate(next(&mut state) % bytes.len());
            }
            for _ in 0..round % 4 {
                let at = next(&mut state) % bytes.len();
                bytes[at] = u8::try_from(next(&mut state) % 256).unwrap();
            }
            let source = Source::from_bytes("m.onnx", bytes);
            let checked = holdall_onnx::check(&source, limits);
            drop(Onnx.inspect(&source, &options));
            drop(Onnx.compare(&source, &source, &options));
            for text in ["packed=true", "external=split", "opset=21", "opset=9,ml=1"] {
                let made = rewrite(&source, text, false);
                if let (Ok(made), Ok(checked)) = (made, &checked) {
                    // What was written is a message again.
                    let again = Source::from_bytes("again.onnx", self::bytes(&made));
                    if !checked.report.has_errors() {
                        assert!(holdall_onnx::check(&again, limits).is_ok());
                    }
                }
            }
        }
    }
}
