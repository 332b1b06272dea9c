use holdall_tabular::{Decision, Kind, Link, MissingPolicy, MissingRule, Model, Op, TreeEnsemble};

use super::{global, read_bytes, read_case, stream};
use crate::codes;

fn missing(model: &Model) -> Vec<MissingPolicy> {
    model.fields.iter().map(|(_, field)| field.missing.clone()).collect()
}

fn trees(model: &Model) -> &TreeEnsemble {
    let found = model
        .nodes
        .iter()
        .find_map(|(_, node)| if let Op::Trees(trees) = &node.op { Some(&**trees) } else { None });
    found.unwrap()
}

fn decision(case: &str) -> (Link, Decision) {
    let model = read_case(case);
    let found = model.nodes.iter().find_map(|(_, node)| {
        if let Op::Classify(classify) = &node.op {
            Some((classify.link, classify.decision))
        } else {
            None
        }
    });
    found.unwrap()
}

#[test]
fn missing_values_are_refused_where_scikit_learn_refuses_them() {
    for case in ["logistic_binary_1_9", "linear_1_9", "forest_binary_1_2", "boosting_binary_1_9"] {
        assert!(missing(&read_case(case)).iter().all(|m| *m == MissingPolicy::Reject), "{case}");
    }
    for case in ["pipeline_logistic_1_5", "tree_missing_1_9", "forest_binary_1_9", "scaler_1_2"] {
        assert!(missing(&read_case(case)).iter().all(|m| *m == MissingPolicy::AsNan), "{case}");
    }
    let zero = read_case("imputer_zero_is_missing_1_9");
    assert!(missing(&zero).iter().all(|m| *m == MissingPolicy::Reject));
}

#[test]
fn splits_send_missing_values_as_the_version_does() {
    let with =
        |case: &str, rule: MissingRule| trees(&read_case(case)).nodes.missing.contains(&rule);
    assert!(
        with("tree_missing_1_9", MissingRule::Yes) && with("tree_missing_1_9", MissingRule::No)
    );
    assert!(
        !with("tree_multi_1_2", MissingRule::Yes) && !with("boosting_multi_1_9", MissingRule::Yes)
    );
}

#[test]
fn columns_are_text_or_number_as_their_consumer_was_fitted() {
    let model = read_case("pipeline_columns_logistic_1_9");
    let fields: Vec<_> =
        model.fields.iter().map(|(_, f)| (f.name.as_str(), f.kind, f.missing.clone())).collect();
    assert_eq!(
        fields,
        [
            ("age", Kind::F64, MissingPolicy::AsNan),
            ("income", Kind::F64, MissingPolicy::AsNan),
            ("height", Kind::F64, MissingPolicy::AsNan),
            ("color", Kind::Text, MissingPolicy::Keep),
            ("size", Kind::Text, MissingPolicy::Keep),
        ]
    );
    assert!(model.named_inputs);
}

#[test]
fn dropped_columns_are_not_asked_for_by_name_and_kept_by_position() {
    let named = read_case("pipeline_drop_first_1_9");
    assert!(named.fields.iter().all(|(_, field)| field.name != "height"));
    assert_eq!(named.fields.len(), 4);
    let unnamed = read_case("pipeline_by_index_1_9");
    assert!(!unnamed.named_inputs);
    let names: Vec<&str> = unnamed.fields.iter().map(|(_, field)| field.name.as_str()).collect();
    assert_eq!(names, ["x0", "x1", "x2", "x3", "x4"]);
}

#[test]
fn labels_are_decided_as_the_version_decides() {
    assert_eq!(decision("logistic_binary_1_9"), (Link::Logistic, Decision::MarginAbove(0.0)));
    assert_eq!(decision("logistic_multinomial_1_2"), (Link::Softmax, Decision::LargestMargin));
    assert_eq!(decision("logistic_ovr_1_5"), (Link::LogisticNormalized, Decision::LargestMargin));
    assert_eq!(decision("boosting_binary_1_2"), (Link::Logistic, Decision::LargestProbability));
    assert_eq!(decision("boosting_binary_1_5"), (Link::Logistic, Decision::MarginAtLeast(0.0)));
    assert_eq!(decision("forest_multi_1_9"), (Link::Identity, Decision::LargestProbability));
}

#[test]
fn the_header_names_the_estimator_that_answers() {
    let header = read_case("pipeline_columns_logistic_1_5").header;
    assert_eq!(header.producer.as_deref(), Some("scikit-learn"));
    assert_eq!(header.producer_version.as_deref(), Some("1.5.2"));
    assert_eq!(header.class.as_deref(), Some("LogisticRegression"));
}

#[test]
fn what_is_not_carried_is_refused_with_its_reason() {
    let class = global("sklearn.cluster._dbscan", "DBSCAN");
    let failure = read_bytes(&stream(&[&class[..], b")\x81"].concat())).unwrap_err();
    assert_eq!(failure.code(), codes::CLASS);
    let text = failure.to_string();
    assert!(text.contains("DBSCAN") && text.contains("the rows it was fitted on"), "{text}");
    let help = failure.diagnostic().help.clone().unwrap();
    assert!(help.contains("RandomForestClassifier") && help.contains("OneHotEncoder"), "{help}");
}
