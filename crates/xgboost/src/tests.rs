use std::path::{Path, PathBuf};

use holdall_codec::{Body, Confidence, Head, Options, ReadOptions};
use holdall_diag::{Failure, FailureKind};
use holdall_source::{Limits, Source};
use holdall_tabular::{MissingRule, Model, Op, Test, TreeEnsemble, ValidModel, validate};
use serde_json::{Value, json};

use super::*;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/xgboost")
}

/// Two trees on two features, the second of which has a category split and a deleted node.
fn document() -> Value {
    let tree = |id: u32| {
        json!({
            "id": id,
            "tree_param": {"num_nodes": "5", "num_deleted": "2", "size_leaf_vector": "1"},
            "left_children": [1, -1, -1, -1, -1],
            "right_children": [2, -1, -1, -1, -1],
            "split_indices": [id, 0, 0, 2_147_483_647, 2_147_483_647],
            "split_conditions": [0.1, -0.5, 0.25, 0.0, 0.0],
            "default_left": [1, 0, 0, 0, 0],
            "split_type": [id, 0, 0, 0, 0],
            "categories_nodes": if id == 1 { vec![0] } else { vec![] },
            "categories_segments": if id == 1 { vec![0] } else { vec![] },
            "categories_sizes": if id == 1 { vec![2] } else { vec![] },
            "categories": if id == 1 { vec![1, 70] } else { vec![] },
        })
    };
    json!({
        "learner": {
            "attributes": {},
            "feature_names": ["a", "b"],
            "feature_types": ["float", "c"],
            "gradient_booster": {
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "2"},
                    "tree_info": [0, 0],
                    "trees": [tree(0), tree(1)],
                },
                "name": "gbtree",
            },
            "learner_model_param": {
                "base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1",
            },
            "objective": {"name": "reg:squarederror"},
        },
        "version": [2, 1, 4],
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut document = document();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    document
}

const BOOSTER: &str = "/learner/gradient_booster";
const TREE: &str = "/learner/gradient_booster/model/trees/1";

fn read_bytes(bytes: impl Into<Vec<u8>>) -> Result<Model, Failure> {
    // Small enough that a file that claims much fails rather than takes it.
    let limits = Limits { memory: 1 << 24, ..Limits::default() };
    let source = Source::from_bytes("m.json", bytes.into());
    match READER_JSON.read(&source, &ReadOptions { limits, ..ReadOptions::default() })?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("XGBoost models are tabular"),
    }
}

fn read(document: &Value) -> Result<Model, Failure> {
    read_bytes(document.to_string())
}

fn valid(document: &Value) -> ValidModel {
    validate(read(document).unwrap()).unwrap()
}

fn trees(model: &ValidModel) -> &TreeEnsemble {
    model
        .model()
        .nodes
        .iter()
        .find_map(|(_, node)| if let Op::Trees(trees) = &node.op { Some(&**trees) } else { None })
        .unwrap()
}

#[test]
fn the_parts_of_a_small_model_are_where_they_belong() {
    let valid = valid(&document());
    assert_eq!(valid.dump(), include_str!("../tests/small.dump"));
    let trees = trees(&valid);
    assert_eq!(trees.sets[0].members().collect::<Vec<_>>(), [1, 70]);
    // What is in the set goes right; the default is left.
    assert_eq!((trees.nodes.yes[3], trees.nodes.no[3]), (5, 4));
    assert_eq!(trees.nodes.missing[3], MissingRule::No);
    assert_eq!(trees.nodes.test[..4], [Test::Lt, Test::Leaf, Test::Leaf, Test::In(0)]);
    assert_eq!(trees.nodes.threshold[0].to_bits(), f64::from(0.1_f32).to_bits());
}

#[test]
fn default_directions_may_be_truth_values() {
    let flags = json!([false, false, false, false, false]);
    let valid = valid(&changed(&format!("{TREE}/default_left"), flags));
    assert_eq!(trees(&valid).nodes.missing[3], MissingRule::Yes);
}

#[test]
fn base_scores_are_brought_to_the_scale_of_the_sum() {
    let param = "/learner/learner_model_param/base_score";
    let objective = "/learner/objective/name";
    for (name, score, margin) in [
        ("reg:squarederror", "[-7.25E0]", -7.25_f32),
        ("binary:logitraw", "2.5", 2.5),
        ("binary:hinge", "5E-1", 0.5),
        ("rank:ndcg", "5E-1", 0.5),
        ("binary:logistic", "5E-1", 0.0),
        ("binary:logistic", "[3E-1]", -(1.0_f32 / 0.3 - 1.0).ln()),
        ("binary:logistic", "1", -(1.0_f32 / (1.0 - 1e-6) - 1.0).ln()),
        ("reg:gamma", "2", 2.0_f32.ln()),
        ("survival:aft", "5E-1", 0.5_f32.ln()),
    ] {
        let mut document = changed(param, score.into());
        *document.pointer_mut(objective).unwrap() = name.into();
        let valid = valid(&document);
        assert_eq!(trees(&valid).base, [f64::from(margin)], "{name} {score}");
    }
    for (name, score, code) in [
        ("binary:logistic", "1.5", codes::BASE_SCORE),
        ("count:poisson", "-1", codes::BASE_SCORE),
        ("reg:squarederror", "nan", codes::BASE_SCORE),
        ("reg:squarederror", "half", codes::NUMBER),
        ("reg:squarederror", "[1,2]", codes::COUNT),
    ] {
        let mut document = changed(param, score.into());
        *document.pointer_mut(objective).unwrap() = name.into();
        let failure = read(&document).unwrap_err();
        assert_eq!(failure.code(), code, "{failure}");
        assert_eq!(failure.location().path.as_ref().unwrap().1.as_ref(), param);
    }
}

#[test]
fn objectives_and_boosters_that_are_not_carried_are_named() {
    for (pointer, value, needle) in [
        ("/learner/objective/name", "reg:expectileerror", "`reg:expectileerror`"),
        ("/learner/gradient_booster/name", "gbforest", "`gbforest`"),
    ] {
        let failure = read(&changed(pointer, value.into())).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unsupported);
        assert!(failure.to_string().contains(needle), "{failure}");
    }
    let mut several = changed("/learner/objective/name", "reg:quantileerror".into());
    assert!(read(&several).is_ok(), "one quantile is a value");
    several["learner"]["learner_model_param"]["num_target"] = "2".into();
    assert_eq!(read(&several).unwrap_err().code(), codes::OBJECTIVE);
}

#[test]
fn several_targets_of_a_binary_objective_answer_with_probabilities() {
    let mut document = changed("/learner/objective/name", "binary:logistic".into());
    document["learner"]["learner_model_param"]["num_target"] = "2".into();
    let ports = valid(&document).output_ports();
    let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
    assert_eq!(names, ["prediction_0", "prediction_1"]);
}

#[test]
fn categories_of_a_data_frame_become_codes() {
    let cats = |second: Value| {
        let mut document = document();
        document["learner"]["gradient_booster"]["model"]["cats"] =
            json!({"enc": [{"offsets": [], "values": []}, second]});
        document
    };
    // `ä` in UTF-8, its bytes written as signed ones.
    let texts = json!({"offsets": [0, 1, 3], "values": [120, -61, -92]});
    let dump = valid(&cats(texts)).dump();
    assert!(dump.contains("field #1 `b`: text") && dump.contains("ordinal"), "{dump}");
    let ports = |second: Value| valid(&cats(second)).input_ports();
    assert_eq!(ports(json!({"type": 15, "values": [3, 9]}))[1].kind.as_str(), "i64");
    assert_eq!(ports(json!({"type": 8, "values": [0.5, 9]}))[1].kind.as_str(), "f64");
    for broken in [
        json!({"offsets": [0, 5], "values": [120]}),
        json!({"offsets": [1, 0], "values": [120]}),
        json!({"offsets": [0, 1], "values": [200]}),
        json!({"offsets": [0, 1], "values": [1.5]}),
    ] {
        assert_eq!(read(&cats(broken)).unwrap_err().code(), codes::CATEGORIES);
    }
}

#[test]
fn defects_are_named_and_located() {
    let tree = |member: &str| format!("{TREE}/{member}");
    let five = json!([0, 0, 0, 0, 0]);
    for (pointer, value, code) in [
        (tree("left_children"), json!([1, -1]), codes::COUNT),
        (tree("split_type"), json!([1]), codes::COUNT),
        (tree("left_children"), json!([2, -1, -1, -1, -1]), codes::NODE),
        (tree("left_children"), json!([1, 0, -1, -1, -1]), codes::NODE),
        (tree("left_children"), json!([9, -1, -1, -1, -1]), codes::NODE),
        (tree("right_children"), json!([-2, -1, -1, -1, -1]), codes::NODE),
        (tree("split_indices"), json!([2, 0, 0, 0, 0]), codes::FEATURE),
        (tree("categories_nodes"), json!([1]), codes::CATEGORIES),
        (tree("categories_segments"), json!([9]), codes::CATEGORIES),
        (tree("categories_sizes"), json!([]), codes::COUNT),
        (tree("categories"), json!([1, 1 << 24]), codes::CATEGORIES),
        (tree("tree_param/num_nodes"), json!("five"), codes::NUMBER),
        (tree("tree_param/size_leaf_vector"), json!("2"), codes::VECTOR_LEAF),
        (tree("id"), json!(7), codes::COUNT),
        (tree("default_left"), json!([2, 0, 0, 0, 0]), codes::JSON),
        (tree("split_conditions"), json!(["x", 0, 0, 0, 0]), codes::JSON),
        (tree("categories"), json!([-1]), codes::JSON),
        (format!("{BOOSTER}/model/tree_info"), json!([0]), codes::COUNT),
        (format!("{BOOSTER}/model/tree_info"), json!([0, 1]), codes::COUNT),
        (format!("{BOOSTER}/model/gbtree_model_param/num_trees"), json!("3"), codes::COUNT),
        (format!("{BOOSTER}/name"), json!("gblinear"), codes::MISSING),
        (format!("{BOOSTER}/name"), json!("dart"), codes::MISSING),
        ("/learner/feature_names".to_owned(), json!(["a"]), codes::COUNT),
        ("/learner/learner_model_param/num_feature".to_owned(), json!("0"), codes::COUNT),
        ("/learner/learner_model_param".to_owned(), five, codes::JSON),
    ] {
        let failure = read(&changed(&pointer, value)).unwrap_err();
        assert_eq!(failure.code(), code, "{pointer}: {failure}");
        assert!(failure.location().path.is_some(), "{pointer}: {failure}");
    }
}

#[test]
fn what_json_says_wrongly_is_located_by_pointer_and_column() {
    let failure = read_bytes(document().to_string().replace("\"5E-1\"", "[]")).unwrap_err();
    let path = &failure.location().path.as_ref().unwrap().1;
    assert_eq!(path.as_ref(), "/learner/learner_model_param/base_score");
    assert_eq!(failure.location().line.map(|(line, _)| line), Some(1));
    let failure = read_bytes(r#"{"learner":{"attributes":{}"#).unwrap_err();
    assert_eq!(failure.code(), codes::JSON);
}

#[test]
fn bare_words_for_numbers_are_read() {
    let text = document().to_string();
    let nan = text.replacen("0.25", "NaN", 1).replacen("-0.5", "-Infinity", 1);
    let nan = nan.replace("\"attributes\":{}", "\"attributes\":{\"a\\\"\":\"NaN, Infinity\"}");
    let valid = validate(read_bytes(nan).unwrap()).unwrap();
    let leaves = &trees(&valid).leaves;
    assert!(leaves[0].is_infinite() && leaves[0] < 0.0 && leaves[1].is_nan(), "{leaves:?}");
}

#[test]
fn other_forms_of_xgboost_are_refused_with_advice() {
    let old = Source::open(&testdata().join("bad/old_binary.model")).unwrap();
    assert_eq!(READER_JSON.detect(&Head::of(&old).unwrap()), Confidence::Certain);
    let bytes = old.bytes().unwrap();
    for bytes in [&bytes[..], &bytes[4..]] {
        let failure = read_bytes(bytes).unwrap_err();
        assert_eq!(failure.code(), codes::OLD_BINARY);
        assert!(failure.diagnostic().help.is_some());
    }
}

#[test]
fn a_snapshot_is_read_for_its_model() {
    let model = document().to_string();
    let snapshot = format!(r#"{{"Config":{{"a":[1]}},"Model":{model}}}"#);
    assert_eq!(read_bytes(snapshot).unwrap(), read_bytes(model).unwrap());
    let failure = read_bytes(r#"{"Config":{},"Model":{}}"#).unwrap_err();
    assert_eq!(failure.code(), codes::JSON);
}

#[test]
fn as_many_iterations_answer_as_are_asked_for() {
    let mut document = document();
    document["learner"]["attributes"] = serde_json::json!({ "best_iteration": "0" });
    let source = Source::from_bytes("m.json", document.to_string().into_bytes());
    let trees = |iterations: &str| {
        let options = Options::none().with("iterations", iterations);
        let options = ReadOptions { options, ..ReadOptions::default() };
        let Body::Tabular(model) = READER_JSON.read(&source, &options)?.body else { panic!() };
        let trees = model.nodes.iter().find_map(|(_, node)| {
            if let Op::Trees(trees) = &node.op { Some(trees.trees.len()) } else { None }
        });
        Ok::<_, Failure>(trees.unwrap())
    };
    let all = trees("all").unwrap();
    assert_eq!(trees("best").unwrap(), trees("1").unwrap());
    assert!(trees("best").unwrap() <= all);
    assert_eq!(trees(&(all + 1).to_string()).unwrap_err().code(), codes::ITERATIONS);
    assert!(trees("0").is_err() && trees("some").is_err());
}

#[test]
fn detection_looks_for_the_learner() {
    let detect = |bytes: &[u8]| {
        READER_JSON.detect(&Head::of(&Source::from_bytes("x", bytes.to_vec())).unwrap())
    };
    assert_eq!(detect(document().to_string().as_bytes()), Confidence::Certain);
    assert_eq!(detect(b"{\"version\":[1],\"learner\":{\"gradient_booster\""), Confidence::Likely);
    assert_eq!(detect(b"{\"a\":1}"), Confidence::No);
    assert_eq!(detect(b"{L\0\0\0\0\0\0\0\x07learner"), Confidence::No);
    assert_eq!(detect(b""), Confidence::No);
    let detect = |bytes: &[u8]| {
        READER_UBJ.detect(&Head::of(&Source::from_bytes("x", bytes.to_vec())).unwrap())
    };
    assert_eq!(detect(b"{L\0\0\0\0\0\0\0\x07learner{"), Confidence::Certain);
    assert_eq!(detect(b"{L\0\0\0\0\0\0\0\x06Config{"), Confidence::Likely);
    assert_eq!(detect(b"{i\x07learner{i\x10gradient_booster{"), Confidence::Likely);
    assert_eq!(detect(document().to_string().as_bytes()), Confidence::No);
    assert_eq!(detect(b"{i\x01a{"), Confidence::No);
}

#[test]
fn both_forms_of_every_model_of_the_corpus_are_one_model() {
    let read = |reader: &dyn Reader, path: &Path| {
        let source = Source::open(path).unwrap();
        assert_eq!(reader.detect(&Head::of(&source).unwrap()), Confidence::Certain, "{path:?}");
        match reader.read(&source, &ReadOptions::default()).unwrap().body {
            Body::Tabular(model) => model,
            Body::Graph(_) | Body::Weights(_) => panic!("XGBoost models are tabular"),
        }
    };
    let mut models = 0;
    for entry in std::fs::read_dir(testdata()).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("model.ubj").exists() {
            let json = read(READER_JSON, &folder.join("model.json"));
            let ubj = read(READER_UBJ, &folder.join("model.ubj"));
            let dump = |model: Box<Model>| validate(*model).unwrap().dump();
            assert_eq!(dump(json), dump(ubj), "{}", folder.display());
            models += 1;
        }
    }
    assert_eq!(models, 41);
}

#[test]
fn inspecting_names_what_users_ask_for() {
    let source = Source::open(&testdata().join("attributes_3_2/model.json")).unwrap();
    let summary = READER_JSON.inspect(&source, &ReadOptions::default()).unwrap();
    let fact = |name: &str| &summary.facts.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(summary.producer.as_deref(), Some("xgboost 3.2.0"));
    assert_eq!(fact("objective"), "binary:logistic");
    assert_eq!(fact("trees"), 6);
    assert_eq!(fact("attributes")["best_iteration"], "2");
    assert_eq!(summary.risks[0].code, codes::BEST_ITERATION);
    assert_eq!(summary.libraries[0].version.as_deref(), Some("3.2.0"));
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let text = document().to_string();
    let ubj = Source::open(&testdata().join("stump_3_2/model.ubj")).unwrap().bytes().unwrap();
    let limits = Limits { memory: 1 << 24, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    for end in 0..ubj.len() {
        let cut = Source::from_bytes("m.ubj", ubj.slice(..end));
        assert!(READER_UBJ.read(&cut, &options).is_err(), "cut at {end}");
    }
    for at in 0..ubj.len() {
        for change in [0x01, 0x08, 0x20, 0x80] {
            let mut changed = ubj.to_vec();
            changed[at] ^= change;
            let _ = READER_UBJ.inspect(&Source::from_bytes("m.ubj", changed), &options);
        }
    }
    for end in 0..text.len() {
        assert!(read_bytes(&text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    for at in 0..text.len() {
        for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x80] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= change;
            if let Ok(model) = read_bytes(changed) {
                let _ = validate(model);
            }
        }
    }
}
