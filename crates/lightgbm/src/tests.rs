use std::path::{Path, PathBuf};

use holdall_codec::{Body, Confidence, Head, ReadOptions};
use holdall_diag::{Failure, FailureKind};
use holdall_source::{Limits, Source};
use holdall_tabular::{Estimator, Model, Op, TreeEnsemble, ValidModel, validate};

use super::*;

const HEADER: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n\
    max_feature_idx=1\nobjective=regression\nfeature_names=Column_0 Column_1\n\
    feature_infos=[-1:1] 0:1:2\ntree_sizes=200\n\n";
const TREE: &str = "Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\n\
    threshold=0.5 0\ndecision_type=10 1\nleft_child=1 -1\nright_child=-2 -3\n\
    leaf_value=0.1 0.2 0.3\nleaf_weight=1 1 1\nleaf_count=1 2 3\ninternal_value=0 0\n\
    internal_count=6 4\ncat_boundaries=0 2\ncat_threshold=5 2\nis_linear=0\nshrinkage=1\n\n\n";
const END: &str = "end of trees\n\nparameters:\n[categorical_feature: 1]\nend of parameters\n\n\
    pandas_categorical:null\n";

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lightgbm")
}

fn text() -> String {
    [HEADER, TREE, END].concat()
}

fn read(text: impl Into<Vec<u8>>) -> Result<Model, Failure> {
    // Small enough that a file that claims much fails rather than takes it.
    let limits = Limits { memory: 1 << 24, ..Limits::default() };
    let source = Source::from_bytes("m.txt", text.into());
    match READER.read(&source, &ReadOptions { limits, ..ReadOptions::default() })?.body {
        Body::Tabular(model) => Ok(*model),
        Body::Graph(_) | Body::Weights(_) => panic!("LightGBM models are tabular"),
    }
}

fn valid(text: &str) -> ValidModel {
    validate(read(text).unwrap()).unwrap()
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
    let valid = valid(&text());
    assert_eq!(valid.dump(), include_str!("../tests/small.dump"));
    let trees = trees(&valid);
    assert_eq!(trees.sets[0].members().collect::<Vec<_>>(), [0, 2, 33]);
    assert_eq!(trees.nodes.samples, [6.0, 4.0, 1.0, 2.0, 3.0]);
    assert_eq!(valid.model().fields.as_slice()[1].measure, holdall_tabular::Measure::Categorical);
}

#[test]
fn missing_types_and_default_directions_become_rules() {
    use holdall_tabular::MissingRule::{AsZero, No, NoWithZero, Yes, YesWithZero};
    let cases = [(0, AsZero), (2, AsZero), (4, NoWithZero), (6, YesWithZero), (8, No), (10, Yes)];
    for (decision, rule) in cases {
        let text = text().replace("decision_type=10", &format!("decision_type={decision}"));
        assert_eq!(trees(&valid(&text)).nodes.missing[0], rule, "{decision}");
    }
    let failure = read(text().replace("decision_type=10", "decision_type=12")).unwrap_err();
    assert_eq!(failure.code(), codes::DECISION);
}

#[test]
fn thresholds_too_close_to_zero_for_a_value_to_lie_between_move_to_the_edge() {
    use holdall_tabular::Test::{Le, Lt};
    let zero = f64::from(1e-35_f32);
    let cases = [
        ("0", Le, zero),
        ("1e-36", Le, zero),
        ("1.0000000180025095e-35", Le, zero),
        ("-1e-36", Lt, -zero),
        ("-1.0000000180025095e-35", Lt, -zero),
        ("2e-35", Le, 2e-35),
        ("-2e-35", Le, -2e-35),
    ];
    for (given, test, threshold) in cases {
        let valid = valid(&text().replace("threshold=0.5", &format!("threshold={given}")));
        let nodes = &trees(&valid).nodes;
        assert_eq!((nodes.test[0], nodes.threshold[0].to_bits()), (test, threshold.to_bits()));
    }
}

#[test]
fn lines_may_end_with_carriage_returns() {
    assert_eq!(valid(&text().replace('\n', "\r\n")), valid(&text()));
}

#[test]
fn categories_of_a_data_frame_become_codes() {
    let named = text().replace("Column_0 Column_1", "a größe");
    let framed = named.replace("pandas_categorical:null", r#"pandas_categorical:[["x", "y"]]"#);
    let dump = valid(&framed).dump();
    assert!(dump.contains("ordinal"), "{dump}");
    for (categories, kind) in [("[3, 5]", "i64"), ("[0.5, 1]", "f64"), ("[false, true]", "bool")] {
        let framed = named.replace("categorical:null", &format!("categorical:[{categories}]"));
        let ports = valid(&framed).input_ports();
        assert_eq!((ports[1].name.as_str(), ports[1].kind.as_str()), ("größe", kind));
    }
    let mixed = named.replace("categorical:null", r#"categorical:[["x", 1]]"#);
    assert_eq!(read(mixed).unwrap_err().code(), codes::CATEGORIES);
    let unclear = named.replace("categorical:null", r#"categorical:[["x"], ["y"]]"#);
    assert_eq!(read(unclear).unwrap_err().kind(), FailureKind::Unsupported);
    let broken = named.replace("categorical:null", r#"categorical:[["x""#);
    assert_eq!(read(broken).unwrap_err().location().line, Some((38, 24)));
}

#[test]
fn objectives_decide_what_becomes_of_the_sum() {
    let dump = |objective: &str| valid(&text().replace("=regression", objective)).dump();
    for (objective, part) in [
        ("=regression sqrt", "abs"),
        ("=regression_l1", "identity"),
        ("=huber", "identity"),
        ("=fair", "identity"),
        ("=quantile alpha:0.3", "identity"),
        ("=mape", "identity"),
        ("=lambdarank", "identity"),
        ("=rank_xendcg", "identity"),
        ("=poisson", "exp"),
        ("=gamma", "exp"),
        ("=tweedie tweedie_variance_power:1.5", "exp"),
        ("=cross_entropy", "logistic"),
        ("=cross_entropy_lambda", "ln1p"),
        ("=binary sigmoid:1", "logistic"),
        ("=binary sigmoid:1.5", "mul"),
        ("=custom", "identity"),
        ("=", "identity"),
    ] {
        assert!(dump(objective).contains(part), "{objective}: {}", dump(objective));
    }
    for (objective, kind) in [
        ("=hinge", FailureKind::Unsupported),
        ("=binary sigmoid:-1", FailureKind::Malformed),
        ("=binary sigmoid:x", FailureKind::Malformed),
        ("=multiclass num_class:3", FailureKind::Malformed),
        ("=multiclass", FailureKind::Malformed),
    ] {
        let failure = read(text().replace("=regression", objective)).unwrap_err();
        assert_eq!(failure.kind(), kind, "{failure}");
    }
}

#[test]
fn defects_are_named_and_located() {
    for (from, to, code, line) in [
        ("tree\n", "forest\n", codes::NOT_LIGHTGBM, Some((1, 1))),
        ("=v4", "=v9", codes::VERSION, Some((2, 9))),
        ("end of trees\n", "", codes::TRUNCATED, Some((34, 1))),
        ("tree_sizes=200", "tree_sizes=200 300", codes::COUNT, Some((10, 12))),
        ("max_feature_idx=1", "max_feature_idx=2", codes::COUNT, Some((9, 15))),
        ("max_feature_idx=1", "max_feature_idx=-1", codes::COUNT, Some((6, 17))),
        ("num_leaves=3", "num_leaves=4", codes::COUNT, Some((21, 12))),
        ("num_leaves=3", "num_leaves=2000000000", codes::COUNT, Some((21, 12))),
        ("num_leaves=3", "num_leaves=0", codes::COUNT, Some((13, 12))),
        ("leaf_value=0.1 0.2", "leaf_value=0.1 0.x", codes::NUMBER, Some((21, 16))),
        ("left_child=1 -1\n", "", codes::MISSING, Some((12, 1))),
        (
            "left_child=1 -1\n",
            "left_child=1 -1\nleft_child=1 -1\n",
            codes::DUPLICATE,
            Some((20, 12)),
        ),
        ("left_child=1 -1", "left_child=1 -2", codes::NODE, Some((12, 1))),
        ("left_child=1 -1", "left_child=0 -1", codes::NODE, Some((12, 1))),
        ("left_child=1 -1", "left_child=1 -9", codes::NODE, Some((12, 1))),
        ("split_feature=0 1", "split_feature=0 2", codes::FEATURE, Some((12, 1))),
        ("threshold=0.5 0", "threshold=0.5 1", codes::CATEGORIES, Some((12, 1))),
        ("cat_boundaries=0 2", "cat_boundaries=2 2", codes::FEATURE, None),
        ("is_linear=0", "is_linear=1", codes::MISSING, Some((12, 1))),
        ("shrinkage=1", "shrinkage", codes::LINE, Some((29, 1))),
    ] {
        let changed = text().replacen(from, to, 1);
        assert_ne!(changed, text(), "{from}");
        match line {
            Some(line) => {
                let failure = read(changed).unwrap_err();
                assert_eq!(
                    (failure.code(), failure.location().line),
                    (code, Some(line)),
                    "{failure}"
                );
            }
            None => assert!(read(changed).is_ok(), "an empty set is a set: {from}"),
        }
    }
    let failure = read([text().as_bytes(), &[0xff]].concat()).unwrap_err();
    assert_eq!(failure.code(), codes::ENCODING);
}

/// The text with linear leaves: one with a term each, one with a term of the last feature.
fn linear() -> String {
    text().replacen(
        "is_linear=0",
        "is_linear=1\nleaf_const=1 2 3\nnum_features=0 2 1\nleaf_features= 0 1  1 \nleaf_coeff= 4 5  6 ",
        1,
    )
}

#[test]
fn linear_leaves_have_a_constant_and_terms_in_order() {
    let model = read(linear()).unwrap();
    let op = model.nodes.iter().find_map(|(_, node)| {
        if let Op::Estimator(Estimator::LinearTrees(op)) = &node.op { Some(op) } else { None }
    });
    let models: Vec<_> = op.unwrap().models.iter().map(|m| (m.constant, m.terms.clone())).collect();
    assert_eq!(models, [(1.0, vec![]), (2.0, vec![(0, 4.0), (1, 5.0)]), (3.0, vec![(1, 6.0)])]);
    validate(model).unwrap();
}

#[test]
fn linear_leaves_that_contradict_themselves_are_refused_where_they_stand() {
    for (from, to, code, line) in [
        ("leaf_const=1 2 3\n", "", codes::MISSING, 12),
        ("leaf_const=1 2 3", "leaf_const=1 2", codes::COUNT, 29),
        ("num_features=0 2 1", "num_features=0 2", codes::COUNT, 30),
        ("num_features=0 2 1", "num_features=0 2 -1", codes::NUMBER, 30),
        ("num_features=0 2 1", "num_features=0 2 4294967295", codes::COUNT, 31),
        ("leaf_features= 0 1  1", "leaf_features= 0 1  2", codes::FEATURE, 12),
        ("leaf_coeff= 4 5  6", "leaf_coeff= 4 5", codes::COUNT, 32),
    ] {
        let changed = linear().replacen(from, to, 1);
        assert_ne!(changed, linear(), "{from}");
        let failure = read(changed).unwrap_err();
        assert_eq!(
            (failure.code(), failure.location().line.map(|l| l.0)),
            (code, Some(line)),
            "{failure}"
        );
    }
}

#[test]
fn detection_looks_at_the_first_two_lines() {
    let detect =
        |bytes: &[u8]| READER.detect(&Head::of(&Source::from_bytes("x", bytes.to_vec())).unwrap());
    assert_eq!(detect(text().as_bytes()), Confidence::Certain);
    assert_eq!(detect(b"tree\r\nversion=v3\r\n"), Confidence::Certain);
    assert_eq!(detect(b"tree\nnum_class=1"), Confidence::Likely);
    assert_eq!(detect(b"trees are green"), Confidence::No);
    assert_eq!(detect(b""), Confidence::No);
}

#[test]
fn every_model_of_the_corpus_is_read_and_inspected() {
    let mut read_models = 0;
    for entry in std::fs::read_dir(testdata()).unwrap() {
        let path = entry.unwrap().path().join("model.txt");
        if !path.exists() {
            continue;
        }
        let source = Source::open(&path).unwrap();
        let summary = READER.inspect(&source, &ReadOptions::default()).unwrap();
        assert!(summary.facts.iter().any(|(name, _)| name == "trees"), "{path:?}");
        read_models += 1;
    }
    assert_eq!(read_models, 35);
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let text = text();
    let body = text.find("end of trees").unwrap();
    for end in 0..text.len() {
        let result = read(&text.as_bytes()[..end]);
        assert!(result.is_err() || end > body, "cut at {end}");
    }
    for at in 0..text.len() {
        for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x40, 0x80] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= change;
            if let Ok(model) = read(changed) {
                let _ = validate(model);
            }
        }
    }
}
