use holdall_tabular::{
    Accents, Analyzer, Comparison, Curve, CurveForm, Distances, Kind, Metric, Normalize,
    NormalizeBy, Op, Outside, Part, Polynomial, Reduce, ReduceOp, Spline, SplineOutside,
    TermWeight, Terms, TextVector, TokenUnit, Transform,
};
use serde_json::Value;

use crate::case::{Build, Case, cases, compare};

/// Scores one transform and compares it.
fn check(case: &Case, mut build: Build, transform: Transform, tolerance: f64) {
    let y = build.push(Op::Transform(transform));
    build.output(y, Part::Whole);
    compare(case, "y", &build.score(), 0, tolerance);
}

#[test]
fn curves_agree_with_numpy_and_isotonic_regression() {
    for case in cases("curve") {
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", Kind::F64);
        let curve = Curve {
            arg,
            x: case.numbers("x"),
            y: case.numbers("y"),
            outside: Outside::Clamp,
            form: CurveForm::Slope,
        };
        check(&case, build, Transform::Curve(curve), 1e-15);
    }
}

#[test]
fn reductions_agree_with_numpy() {
    let mut seen = Vec::new();
    for case in cases("reduce") {
        let op = *ReduceOp::ALL.iter().find(|op| op.name() == case.name).unwrap();
        seen.push(op);
        let mut build = Build::new();
        let kind = if case.has("kind") { Kind::Bool } else { Kind::F64 };
        let arg = build.vector(&case, "x", kind);
        let skip_missing = case.value("skip").as_bool().unwrap();
        check(&case, build, Transform::Reduce(Reduce { arg, op, skip_missing }), 1e-14);
    }
    assert_eq!(ReduceOp::ALL.iter().find(|op| !seen.contains(op)), None);
}

#[test]
fn normalisation_agrees_with_scikit_learn_and_scipy() {
    for case in cases("normalize") {
        let by = *NormalizeBy::ALL.iter().find(|by| by.name() == case.name).unwrap();
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        check(&case, build, Transform::Normalize(Normalize { arg, by }), 1e-15);
    }
}

#[test]
fn polynomials_are_those_of_scikit_learn_to_the_bit() {
    for case in cases("polynomial") {
        // The library multiplies each term of a degree less by the feature before it.
        let mut terms: Vec<Vec<u32>> = serde_json::from_value(case.value("terms").clone()).unwrap();
        for term in &mut terms {
            term.reverse();
        }
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        check(&case, build, Transform::Polynomial(Polynomial { arg, terms }), 0.0);
    }
}

#[test]
fn splines_agree_with_scikit_learn_inside_and_outside() {
    for case in cases("spline") {
        let outside =
            *SplineOutside::ALL.iter().find(|o| o.name() == case.text("outside")).unwrap();
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", Kind::F64);
        let (knots, degree) = (case.numbers("knots"), case.count("degree"));
        let spline = Spline { arg, knots, degree, outside };
        check(&case, build, Transform::Spline(spline), 1e-12);
    }
}

fn norm(case: &Case) -> Option<NormalizeBy> {
    case.value("norm").as_str().map(|n| *NormalizeBy::ALL.iter().find(|by| by.name() == n).unwrap())
}

/// scikit-learn's settings as an analyser, and whether counts are only 0 and 1.
fn analyzer(settings: &Value) -> (Analyzer, bool) {
    let pattern = settings["token_pattern"].as_str().unwrap_or(r"(?u)\b\w\w+\b").to_owned();
    let mut stop_words: Vec<String> =
        serde_json::from_value(settings["stop_words"].clone()).unwrap_or_default();
    stop_words.sort();
    let analyzer = Analyzer {
        lowercase: settings["lowercase"].as_bool().unwrap_or(true),
        accents: match settings["strip_accents"].as_str() {
            Some("unicode") => Accents::Unicode,
            Some("ascii") => Accents::Ascii,
            _ => Accents::Keep,
        },
        unit: match settings["analyzer"].as_str() {
            Some("char") => TokenUnit::Char,
            Some("char_wb") => TokenUnit::CharInWord,
            _ => TokenUnit::Word { pattern },
        },
        stop_words,
        ngrams: serde_json::from_value(settings["ngram_range"].clone()).unwrap_or((1, 1)),
    };
    (analyzer, settings["binary"].as_bool().unwrap_or(false))
}

#[test]
fn text_features_are_those_of_scikit_learn() {
    for case in cases("text_vector") {
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", Kind::Text);
        let (analyzer, binary) = analyzer(case.value("settings"));
        let weight = match (binary, case.value("sublinear").as_bool()) {
            (true, _) => TermWeight::Binary,
            (false, Some(true)) => TermWeight::Sublinear,
            (false, _) => TermWeight::Count,
        };
        let terms = if case.has("vocabulary") {
            Terms::Vocabulary(case.texts("vocabulary"))
        } else {
            let alternate_sign = case.value("alternate_sign").as_bool().unwrap();
            Terms::Hashed { size: case.count("size"), alternate_sign }
        };
        let (idf, norm) = (case.numbers("idf"), norm(&case));
        let op = TextVector { arg, analyzer, terms, weight, idf, norm, kind: Kind::F64 };
        check(&case, build, Transform::TextVector(Box::new(op)), 1e-15);
    }
}

/// A measure by the name that the scripts give it.
pub(crate) fn metric(name: &str, p: f64) -> Metric {
    match name {
        "euclidean" => Metric::Euclidean,
        "squared-euclidean" => Metric::SquaredEuclidean,
        "city-block" | "manhattan" => Metric::CityBlock,
        "chebyshev" => Metric::Chebyshev,
        "minkowski" => Metric::Minkowski(p),
        "cosine" => Metric::Cosine,
        "canberra" => Metric::Canberra,
        "bray-curtis" => Metric::BrayCurtis,
        "hamming" => Metric::Hamming,
        "jaccard" => Metric::Jaccard,
        "tanimoto" => Metric::Tanimoto,
        "simple-matching" => Metric::SimpleMatching,
        "haversine" => Metric::Haversine,
        other => panic!("no measure `{other}`"),
    }
}

#[test]
fn distances_agree_with_scipy() {
    for case in cases("distances") {
        let p = if case.has("p") { case.number("p") } else { 2.0 };
        let mut comparison = Comparison::plain(metric(&case.name, p));
        if case.has("weights") {
            comparison.weights = case.numbers("weights");
        }
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let distances = Distances { arg, points: case.matrix("points"), comparison };
        check(&case, build, Transform::Distances(Box::new(distances)), 1e-14);
    }
}
