//! Arithmetic, comparisons, three-valued logic and earlier rows against numpy, scipy and pandas:
//! `testdata/constructs/plain.json`.

use holdall_tabular::{BinaryOp, Kind, Lag, Op, Part, ReduceOp, Transform, UnaryOp, ValueId};

use crate::case::{Build, Case, cases, compare};

fn of(family: &str) -> Vec<Case> {
    let found: Vec<Case> =
        cases("plain").into_iter().filter(|case| case.text("family") == family).collect();
    assert!(!found.is_empty(), "no case of {family}");
    found
}

fn check(case: &Case, mut build: Build, y: ValueId, tolerance: f64) {
    build.output(y, Part::Whole);
    compare(case, "y", &build.score(), 0, tolerance);
}

#[test]
fn elementary_functions_agree_with_numpy() {
    let mut seen = Vec::new();
    for case in of("unary") {
        let op = UnaryOp::ALL.into_iter().find(|op| op.name() == case.name).unwrap();
        seen.push(op);
        let mut build = Build::new();
        let kind = if op == UnaryOp::Not { Kind::Bool } else { Kind::F64 };
        let arg = build.scalar(&case, "x", kind);
        let y = build.push(Op::Unary { op, arg });
        check(&case, build, y, 1e-15);
    }
    // The others are in `unary.json`; `is-missing` is how gaps are told in every case.
    let rest = cases("unary");
    let untested = UnaryOp::ALL.into_iter().find(|op| {
        *op != UnaryOp::IsMissing
            && !seen.contains(op)
            && !rest.iter().any(|case| case.name == op.name())
    });
    assert_eq!(untested, None);
}

#[test]
fn arithmetic_and_comparisons_agree_with_numpy_and_logic_with_pandas() {
    let mut seen = Vec::new();
    for case in of("binary") {
        let op = BinaryOp::ALL.into_iter().find(|op| op.name() == case.name).unwrap();
        seen.push(op);
        let kind = match case.text("kind").as_str() {
            "i64" => Kind::I64,
            "bool" => Kind::Bool,
            _ => Kind::F64,
        };
        let mut build = Build::new();
        let (left, right) = (build.scalar(&case, "a", kind), build.scalar(&case, "b", kind));
        let y = build.push(Op::Binary { op, left, right });
        check(&case, build, y, if op == BinaryOp::Pow { 1e-15 } else { 0.0 });
    }
    let rest = cases("binary");
    let untested = BinaryOp::ALL
        .into_iter()
        .find(|op| !seen.contains(op) && !rest.iter().any(|case| case.name == op.name()));
    assert_eq!(untested, None);
}

#[test]
fn casts_are_those_of_numpy_and_beyond_the_range_those_of_java() {
    let kind = |word: String| {
        let all = [Kind::F32, Kind::F64, Kind::I64, Kind::Bool];
        all.into_iter().find(|kind| kind.to_string() == word).unwrap()
    };
    let mut pairs = 0;
    for case in of("cast") {
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", kind(case.text("kind")));
        let y = build.push(Op::Cast { arg, to: kind(case.text("to")) });
        check(&case, build, y, 0.0);
        pairs += 1;
    }
    assert_eq!(pairs, 12);
}

#[test]
fn earlier_rows_are_those_of_pandas() {
    for case in of("lag") {
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", Kind::F64);
        let in_blocks = case.has_input("b");
        let blocks =
            if in_blocks { vec![build.scalar(&case, "b", Kind::Text)] } else { Vec::new() };
        let name = case.text("aggregate");
        let aggregate = ReduceOp::ALL.iter().copied().find(|op| op.name() == name);
        assert_eq!(aggregate.is_none(), name == "none");
        let lag = Lag { arg, rows: case.count("rows"), aggregate, blocks };
        let y = build.push(Op::Transform(Transform::Lag(lag)));
        check(&case, build, y, 1e-15);
    }
}
