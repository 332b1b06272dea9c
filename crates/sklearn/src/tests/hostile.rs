use holdall_codec::ReadOptions;
use holdall_source::{Limits, Source};
use holdall_tabular::validate;

use super::{fact, global, inspect, read_bytes, source, stream, text};
use crate::{READER, codes};

/// `Pipeline` with these steps; each is a stream of one value.
fn pipeline(steps: &[u8]) -> Vec<u8> {
    [
        global("sklearn.pipeline", "Pipeline"),
        b")\x81\x94}".to_vec(),
        text("n_features_in_"),
        b"K\x01s".to_vec(),
        text("steps"),
        steps.to_vec(),
        b"sb".to_vec(),
    ]
    .concat()
}

#[test]
fn dangerous_pickles_are_not_read() {
    let failure = read_bytes(b"cposix\nsystem\n(S'echo hello'\ntR.").unwrap_err();
    assert_eq!(failure.code(), codes::DANGEROUS);
    assert!(failure.to_string().contains("posix.system"), "{failure}");
    let summary = inspect("pickle", "hidden_in_safe.pkl");
    assert_eq!(fact(&summary, "verdict"), "dangerous");
    assert!(summary.risks.iter().any(|risk| risk.code == codes::VERDICT));
}

#[test]
fn other_objects_are_refused_with_what_to_save() {
    for bytes in [stream(b"}"), stream(b"]"), stream(b"K\x01")] {
        let failure = read_bytes(&bytes).unwrap_err();
        assert_eq!(failure.code(), codes::NOT_AN_ESTIMATOR, "{failure}");
        assert!(failure.diagnostic().help.is_some());
        let source = Source::from_bytes("other.pkl", bytes);
        let inspected = READER.inspect(&source, &ReadOptions::default()).unwrap_err();
        assert_eq!(inspected.code(), codes::NOT_AN_ESTIMATOR, "{inspected}");
    }
    let own = stream(&[global("my.models", "Scorer"), b")\x81".to_vec()].concat());
    assert_eq!(read_bytes(&own).unwrap_err().code(), codes::NOT_AN_ESTIMATOR);
}

#[test]
fn an_estimator_that_was_not_fitted_is_refused() {
    let module = "sklearn.linear_model._base";
    let bytes = stream(&[global(module, "LinearRegression"), b")\x81}b".to_vec()].concat());
    assert_eq!(read_bytes(&bytes).unwrap_err().code(), codes::NOT_FITTED);
}

#[test]
fn a_pipeline_within_itself_ends() {
    let itself = [b"]".to_vec(), text("a"), b"h\x00\x86a".to_vec()].concat();
    let failure = read_bytes(&stream(&pipeline(&itself))).unwrap_err();
    assert_eq!(failure.code(), codes::DEPTH);
}

#[test]
fn steps_shared_very_often_are_paid_for() {
    let mut body = pipeline(b"]");
    for level in 1_u8..14 {
        let below = [text("a"), vec![b'h', level - 1, 0x86]].concat();
        let steps = [b"](".to_vec(), below.repeat(20), b"e".to_vec()].concat();
        body = [body, b"0".to_vec(), pipeline(&steps)].concat();
    }
    let source = Source::from_bytes("bomb.pkl", stream(&body));
    let limits = Limits { steps: 10_000_000, ..Limits::default() };
    let failure =
        READER.read(&source, &ReadOptions { limits, ..ReadOptions::default() }).unwrap_err();
    assert_eq!(failure.kind(), holdall_diag::FailureKind::Limit, "{failure}");
}

#[test]
fn damaged_files_never_panic() {
    let files = [
        ("sklearn/pipeline_columns_logistic_1_9", "model.pkl"),
        ("sklearn/logistic_protocols_1_5", "model_p0.pkl"),
        ("sklearn/forest_joblib_forms_1_9", "model_raw.joblib"),
        ("sklearn/onehot_infrequent_1_9", "model.pkl"),
        ("sklearn/boosting_multi_1_2", "model.pkl"),
        ("sklearn/nmf_1_9", "model.pkl"),
        ("sklearn/knn_imputer_keep_1_9", "model.pkl"),
        ("sklearn/isomap_1_9", "model.pkl"),
        ("sklearn/locally_linear_1_9", "model.pkl"),
        ("sklearn/sketch_odd_1_9", "model.pkl"),
        ("sklearn/dictionary_lasso_lars_1_9", "model.pkl"),
        ("sklearn/topics_1_9", "model.pkl"),
    ];
    let limits = Limits { memory: 1 << 26, steps: 20_000_000, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let (mut read, mut refused) = (0, 0);
    let mut attempt = |bytes: Vec<u8>| {
        let source = Source::from_bytes("damaged.pkl", bytes);
        match READER.read(&source, &options).map(|outcome| outcome.body) {
            Ok(holdall_codec::Body::Tabular(model)) => {
                read += 1;
                // Whatever the checks find, they find it without a panic.
                let _checked = validate(*model);
            }
            Ok(_) | Err(_) => refused += 1,
        }
    };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for (case, file) in files {
        let whole = source(case, file).bytes().unwrap().to_vec();
        for _ in 0..60 {
            attempt(whole[..random(whole.len())].to_vec());
            let mut mutated = whole.clone();
            for _ in 0..=random(4) {
                let at = random(mutated.len());
                mutated[at] = u8::try_from(random(256)).unwrap();
            }
            attempt(mutated);
        }
    }
    assert!(read > 20 && refused > 300, "{read} read, {refused} refused");
}
