use holdall_codec::{Confidence, Head, ReadOptions};
use holdall_pickle::Pickle;
use holdall_source::{Budget, Source};

use super::{fact, inspect, source, stream, text};
use crate::{READER, codes, facts, version::Version};

fn confidence(source: &Source) -> Confidence {
    READER.detect(&Head::of(source).unwrap())
}

fn pickle_of_versions(versions: &[&str]) -> Pickle {
    let mut body = b"]".to_vec();
    for version in versions {
        body.extend(
            [b"}".to_vec(), text("_sklearn_version"), text(version), b"sa".to_vec()].concat(),
        );
    }
    Pickle::read(&stream(&body).into(), &mut Budget::default()).unwrap()
}

#[test]
fn versions_are_read_from_what_releases_call_themselves() {
    let parse = |text| Version::parse(text);
    assert_eq!(parse("1.9.1"), Some(Version::new(1, 9)));
    assert_eq!(parse("0.24.dev0"), Some(Version::new(0, 24)));
    assert_eq!(parse("1.5rc1"), Some(Version::new(1, 5)));
    assert_eq!(parse("1"), None);
    assert_eq!(parse("one.two"), None);
}

#[test]
fn several_versions_and_newer_ones_are_warned_of() {
    let codes_of = |versions: &[&str]| -> Vec<_> {
        let report = facts::report(&pickle_of_versions(versions));
        report.entries().iter().map(|entry| entry.code).collect()
    };
    assert_eq!(codes_of(&["1.9.1", "1.9.1"]), []);
    assert_eq!(codes_of(&["1.5.2", "1.9.1"]), [codes::MIXED_VERSIONS]);
    assert_eq!(codes_of(&["2.0.0"]), [codes::NEWER]);
}

#[test]
fn what_the_library_decides_otherwise_is_said() {
    let noted = |case: &str| {
        let read = READER.read(&source(case, "model.pkl"), &ReadOptions::default()).unwrap();
        read.report.entries().iter().map(|entry| entry.code).collect::<Vec<_>>()
    };
    assert_eq!(noted("sklearn/nmf_1_9"), [codes::ROW_BY_ROW]);
    assert_eq!(noted("sklearn/knn_imputer_distance_1_9"), [codes::ROUNDED]);
    assert_eq!(noted("sklearn/knn_imputer_1_9"), []);
}

#[test]
fn files_are_recognised_by_content() {
    assert_eq!(confidence(&source("sklearn/linear_1_9", "model.pkl")), Confidence::Certain);
    assert_eq!(
        confidence(&source("sklearn/logistic_protocols_1_2", "model_p0.pkl")),
        Confidence::Certain
    );
    let joblib = "sklearn/forest_joblib_forms_1_9";
    assert_eq!(confidence(&source(joblib, "model_raw.joblib")), Confidence::Certain);
    assert_eq!(confidence(&source(joblib, "model_xz.joblib")), Confidence::Likely);
    assert_eq!(confidence(&source("sklearn/linear_1_9", "inputs.csv")), Confidence::No);
    assert_eq!(confidence(&Source::from_bytes("model.pkl", Vec::new())), Confidence::No);
}

#[test]
fn inspect_says_container_steps_and_libraries() {
    let summary = inspect("sklearn/forest_joblib_forms_1_9", "model_zlib.joblib");
    let container = fact(&summary, "container");
    assert!(container.as_str().unwrap().starts_with("joblib, protocol "), "{container}");
    assert!(container.as_str().unwrap().ends_with(", zlib"), "{container}");
    assert_eq!(fact(&summary, "numpy"), "numpy>=2");
    assert_eq!(fact(&summary, "trees"), 4);
    assert_eq!(fact(&summary, "class"), "RandomForestClassifier");
    let libraries: Vec<_> = summary
        .libraries
        .iter()
        .map(|l| (l.name.as_str(), l.version.as_deref(), l.needed_to_load))
        .collect();
    assert_eq!(
        libraries,
        [("scikit-learn", Some("1.9.1"), true), ("numpy", None, true), ("joblib", None, true)]
    );

    let summary = inspect("sklearn/pipeline_columns_logistic_1_2", "model.pkl");
    assert_eq!(
        fact(&summary, "steps"),
        serde_json::json!([
            "Pipeline",
            "columns: ColumnTransformer",
            "columns.number: Pipeline",
            "columns.number.impute: SimpleImputer",
            "columns.number.scale: StandardScaler",
            "columns.text: Pipeline",
            "columns.text.impute: SimpleImputer",
            "columns.text.onehot: OneHotEncoder",
            "model: LogisticRegression"
        ])
    );
    assert_eq!(fact(&summary, "numpy"), "numpy<2");
    assert_eq!(fact(&summary, "verdict"), "safe");
    assert!(summary.risks.is_empty(), "{:?}", summary.risks);
}

#[test]
fn inspect_shows_a_model_that_is_not_carried() {
    let summary = inspect("sklearn/tree_one_class_1_9", "model.pkl");
    assert_eq!(summary.producer.as_deref(), Some("scikit-learn 1.9.1"));
    assert_eq!(fact(&summary, "steps"), serde_json::json!(["DecisionTreeClassifier"]));
    assert_eq!(summary.risks.iter().map(|risk| risk.code).collect::<Vec<_>>(), [codes::OUTPUTS]);
}
