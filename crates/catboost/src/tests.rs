use std::path::{Path, PathBuf};

use holdall_codec::{Body, Confidence, Head, ReadOptions, Reader};
use holdall_diag::{Failure, FailureKind};
use holdall_source::{Limits, Source};
use holdall_tabular::{Function, Model, Op, validate};
use serde_json::{Value, json};

use super::*;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/catboost")
}

fn open(file: &str) -> Source {
    Source::open(&testdata().join(file)).unwrap()
}

fn bytes(file: &str) -> Vec<u8> {
    open(file).bytes().unwrap().to_vec()
}

/// A small budget: what allocates from a claimed length is caught.
fn options() -> ReadOptions {
    let limits = Limits { memory: 1 << 24, steps: 10_000_000, ..Limits::default() };
    ReadOptions { limits, ..ReadOptions::default() }
}

fn read(reader: &dyn Reader, bytes: impl Into<Vec<u8>>) -> Result<Model, Failure> {
    let source = Source::from_bytes("model", bytes.into());
    match reader.read(&source, &options())?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("CatBoost models are tabular"),
    }
}

/// Two columns, a category between them; a tree of each of two questions.
fn document() -> Value {
    json!({
        "features_info": {
            "cat_features_hash": [{"hash": 4_260_450_586_u32, "value": "Oslo"}],
            "categorical_features": [
                {"feature_id": "city", "feature_index": 0, "flat_feature_index": 1, "values": [-34_516_710]}
            ],
            "float_features": [
                {"feature_id": "a", "feature_index": 0, "flat_feature_index": 0, "borders": [0.5],
                 "has_nans": true, "nan_value_treatment": "AsTrue"}
            ]
        },
        "model_info": {"params": {"loss_function": {"type": "RMSE", "params": {}}}},
        "oblivious_trees": [
            {"leaf_values": [1.0, 2.0, 3.0, 4.0], "splits": [
                {"border": 0.5, "float_feature_index": 0, "split_index": 0, "split_type": "FloatFeature"},
                {"value": -34_516_710, "cat_feature_index": 0, "split_index": 1, "split_type": "OneHotFeature"}
            ]}
        ],
        "scale_and_bias": [1, [0.25]]
    })
}

fn of(document: &Value) -> Result<Model, Failure> {
    read(READER_JSON, document.to_string())
}

/// The document with a member changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn the_document_of_these_tests_is_a_model() {
    let model = validate(of(&document()).unwrap()).unwrap();
    assert!(model.dump().contains("0.25"), "{}", model.dump());
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let cases = [
        ("/oblivious_trees/0/splits/0/split_index", json!(2), codes::SPLIT, "/oblivious_trees/0"),
        ("/oblivious_trees/0/splits/0/split_index", json!(1), codes::SPLIT, "/oblivious_trees/0"),
        ("/oblivious_trees/0/splits/1/value", json!(7), codes::SPLIT, "/oblivious_trees/0"),
        (
            "/oblivious_trees/0/splits/1/split_type",
            json!("EstimatedFeature"),
            codes::TEXT_FEATURE,
            "/oblivious_trees/0",
        ),
        (
            "/oblivious_trees/0/leaf_values",
            json!([1.0, 2.0, 3.0]),
            codes::COUNT,
            "/oblivious_trees/0",
        ),
        (
            "/oblivious_trees/0/leaf_values",
            json!("x"),
            codes::JSON,
            "/oblivious_trees/0/leaf_values",
        ),
        (
            "/features_info/float_features/0/nan_value_treatment",
            json!("AsZero"),
            codes::FEATURE,
            "/features_info/float_features/0",
        ),
        ("/features_info/float_features/0/flat_feature_index", json!(1), codes::FEATURE, ""),
        ("/scale_and_bias", json!([1, [1.0, 2.0]]), codes::COUNT, ""),
    ];
    for (pointer, value, code, place) in cases {
        let failure = of(&with(pointer, value)).unwrap_err();
        assert_eq!(failure.code(), code, "{pointer}: {failure}");
        assert_eq!(failure.location().file.as_deref(), Some("model"), "{pointer}: {failure}");
        assert!(failure.to_string().contains(place), "{pointer}: {failure}");
    }
}

#[test]
fn a_column_far_out_does_not_make_fields_before_it() {
    let mut document = document();
    for (pointer, name) in
        [("/features_info/float_features/0", ""), ("/features_info/categorical_features/0", "")]
    {
        document.pointer_mut(pointer).unwrap()["feature_id"] = json!(name);
    }
    let far = &mut document["features_info"]["float_features"][0]["flat_feature_index"];
    *far = json!(4_000_000_000_u32);
    assert_eq!(of(&document).unwrap_err().kind(), FailureKind::Limit);
}

#[test]
fn trees_nested_too_deep_are_refused() {
    let mut tree = json!({"value": 1.0});
    for _ in 0..60 {
        let split = json!({"border": 0.5, "split_index": 0, "split_type": "FloatFeature"});
        tree = json!({"left": tree, "right": {"value": 2.0}, "split": split});
    }
    let mut document = document();
    document.as_object_mut().unwrap().remove("oblivious_trees");
    document["trees"] = json!([tree]);
    assert!(of(&document).is_ok());
    let text = document.to_string();
    let deep = text.replace("\"trees\":[", &format!("\"trees\":[{}", "{\"left\":".repeat(100_000)));
    assert_eq!(read(READER_JSON, deep).unwrap_err().code(), codes::JSON);
}

#[test]
fn text_and_embedding_features_are_refused_by_name() {
    let cases = String::from_utf8(bytes("bad/cases.toml")).unwrap();
    let cases: toml::Table = cases.parse().unwrap();
    assert_eq!(cases.len(), 2);
    for (file, case) in cases {
        let failure = read(READER_CBM, bytes(&format!("bad/{file}"))).unwrap_err();
        assert_eq!(failure.code().to_string(), case["code"].as_str().unwrap(), "{failure}");
        assert_eq!(failure.kind(), FailureKind::Unsupported);
        assert!(!failure.location().is_none());
    }
}

#[test]
fn both_forms_of_every_model_of_the_corpus_are_one_model() {
    let read = |reader: &dyn Reader, path: &Path| {
        let source = Source::open(path).unwrap();
        assert_eq!(reader.detect(&Head::of(&source).unwrap()), Confidence::Certain, "{path:?}");
        let outcome = reader.read(&source, &ReadOptions::default()).unwrap();
        let Body::Tabular(model) = outcome.body else { panic!("CatBoost models are tabular") };
        (validate(*model).unwrap().dump(), outcome.report)
    };
    let mut models = 0;
    for entry in std::fs::read_dir(testdata()).unwrap() {
        let folder = entry.unwrap().path();
        // With the data at hand, JSON has the texts and cbm has not; trees are numbered otherwise; before 1.0 JSON
        // has no names.
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if folder.join("model.cbm").exists() {
            let json = read(READER_JSON, &folder.join("model.json"));
            let cbm = read(READER_CBM, &folder.join("model.cbm"));
            let same = !["_pool_", "simple", "lossguide", "depthwise", "_0_26_"]
                .iter()
                .any(|w| name.contains(w));
            let differs = json.0.lines().zip(cbm.0.lines()).find(|(a, b)| a != b);
            assert!(!same || json.0 == cbm.0, "{name}: {differs:?}");
            models += 1;
        }
    }
    assert_eq!(models, 166);
}

#[test]
fn hashes_are_only_needed_where_the_file_has_no_texts() {
    let hashes = |file: &str| {
        let reader = if file.ends_with("cbm") { READER_CBM } else { READER_JSON };
        let model = read(reader, bytes(file)).unwrap();
        let is_hash = |op: &Op| matches!(op, Op::Call(call) if call.function == Function::CityHash);
        model.nodes.iter().filter(|(_, node)| is_hash(&node.op)).count()
    };
    assert_eq!(hashes("one_hot_1_2_10/model.json"), 3);
    assert_eq!(hashes("one_hot_pool_1_2_10/model.json"), 0);
    assert_eq!(hashes("ctr_simple_1_2_10/model.json"), 0);
    assert_eq!(hashes("ctr_simple_1_2_10/model.cbm"), 3);
    assert!(hashes("ctr_deep_1_2_10/model.json") > 0);
    assert_eq!(hashes("ctr_deep_pool_1_2_10/model.json"), 0);
    assert!(hashes("ctr_deep_pool_1_2_10/model.cbm") > 0);
}

#[test]
fn inspecting_names_what_users_ask_for() {
    for (file, reader) in [("model.json", READER_JSON), ("model.cbm", READER_CBM)] {
        let source = open(&format!("ctr_1_2_10/{file}"));
        let summary = reader.inspect(&source, &ReadOptions::default()).unwrap();
        let fact = |name: &str| &summary.facts.iter().find(|(n, _)| n == name).unwrap().1;
        assert_eq!(summary.producer.as_deref(), Some("catboost 1.2.10"));
        assert_eq!(fact("loss_function"), "Logloss");
        assert_eq!(fact("trees"), 12);
        assert_eq!(summary.libraries[0].version.as_deref(), Some("1.2.10"));
        assert_eq!(summary.risks[0].code, codes::NO_CATEGORIES);
    }
}

#[test]
fn detection_goes_by_content() {
    let json = |text: &str| {
        READER_JSON.detect(&Head::of(&Source::from_bytes("x", text.as_bytes().to_vec())).unwrap())
    };
    assert_eq!(json(&document().to_string()), Confidence::Certain);
    assert_eq!(json("{\"oblivious_trees\": [], \"model_info\": {}}"), Confidence::Likely);
    assert_eq!(json("{\"learner\": {\"trees\": []}}"), Confidence::No);
    assert_eq!(json("[]"), Confidence::No);
}

#[test]
fn no_truncation_of_the_binary_form_is_a_model() {
    for file in ["ctr_1_2_10/model.cbm", "lossguide_1_2_10/model.cbm"] {
        let whole = bytes(file);
        assert!(read(READER_CBM, whole.clone()).is_ok());
        for end in 0..whole.len() {
            let failure = read(READER_CBM, &whole[..end]).unwrap_err();
            assert!(!failure.location().is_none(), "cut at {end}: {failure}");
        }
    }
}

#[test]
fn no_changed_byte_of_the_binary_form_panics() {
    for file in ["ctr_1_2_10/model.cbm", "lossguide_multiclass_1_2_10/model.cbm"] {
        let whole = bytes(file);
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= change;
                match read(READER_CBM, changed) {
                    Ok(model) => drop(validate(model)),
                    Err(failure) => assert!(failure.location().file.is_some(), "{failure}"),
                }
            }
        }
    }
}

#[test]
fn no_truncation_and_no_changed_byte_of_json_panics() {
    let text = document().to_string();
    for end in 0..text.len() {
        assert!(read(READER_JSON, &text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    for at in 0..text.len() {
        for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x80] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= change;
            if let Ok(model) = read(READER_JSON, changed) {
                drop(validate(model));
            }
        }
    }
}

#[test]
fn huge_counts_of_the_binary_form_are_not_believed() {
    // Every aligned word of the core becomes a huge count or offset in its turn.
    let whole = bytes("stump_1_2_10/model.cbm");
    for at in (4..whole.len() - 4).step_by(4) {
        for word in [0x7fff_ffff_u32, 0xffff_fff0, 0x4000_0000] {
            let mut changed = whole.clone();
            changed[at..at + 4].copy_from_slice(&word.to_le_bytes());
            if let Ok(model) = read(READER_CBM, changed) {
                drop(validate(model));
            }
        }
    }
}
