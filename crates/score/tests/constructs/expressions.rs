use holdall_tabular::{BinaryOp, Call, Function, FunctionKind, Kind, Labels, Op, Part, UnaryOp};

use crate::case::{Build, cases, compare};

#[test]
fn functions_of_one_number_agree_with_numpy_and_scipy() {
    let mut seen = Vec::new();
    for case in cases("unary") {
        let op = UnaryOp::ALL.into_iter().find(|op| op.name() == case.name).unwrap();
        seen.push(op);
        let mut build = Build::new();
        let arg = build.scalar(&case, "x", Kind::F64);
        let y = build.push(Op::Unary { op, arg });
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 2e-15);
    }
    // The functions before these are compared within models.
    let untested = UnaryOp::ALL.iter().skip(11).find(|op| !op.is_test() && !seen.contains(op));
    assert_eq!(untested, None);
}

#[test]
fn functions_of_two_numbers_agree_with_numpy() {
    for case in cases("binary") {
        let op = BinaryOp::ALL.into_iter().find(|op| op.name() == case.name).unwrap();
        let kind = if case.text("kind") == "i64" { Kind::I64 } else { Kind::F64 };
        let mut build = Build::new();
        let (left, right) = (build.scalar(&case, "a", kind), build.scalar(&case, "b", kind));
        let y = build.push(Op::Binary { op, left, right });
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-15);
    }
}

#[test]
fn functions_of_texts_and_dates_agree_with_python() {
    let mut seen = Vec::new();
    for case in cases("functions") {
        let (function, kinds): (Function, Vec<(&str, Kind)>) = match case.name.as_str() {
            "uppercase" => (Function::Uppercase, vec![("x", Kind::Text)]),
            "lowercase" => (Function::Lowercase, vec![("x", Kind::Text)]),
            "trim" => (Function::Trim, vec![("x", Kind::Text)]),
            "length" => (Function::Length, vec![("x", Kind::Text)]),
            "replace" => {
                let (pattern, with) = (case.text("pattern"), case.text("with"));
                (Function::Replace { pattern, with }, vec![("x", Kind::Text)])
            }
            "matches" => {
                (Function::Matches { pattern: case.text("pattern") }, vec![("x", Kind::Text)])
            }
            "substring" => (
                Function::Substring,
                vec![("x", Kind::Text), ("start", Kind::I64), ("length", Kind::I64)],
            ),
            "format-number" => {
                (Function::FormatNumber(case.text("format")), vec![("x", Kind::F64)])
            }
            "to-number" => (Function::ToNumber, vec![("x", Kind::Text)]),
            "parse-date" => (Function::ParseDate, vec![("x", Kind::Text)]),
            "parse-time" => (Function::ParseTime, vec![("x", Kind::Text)]),
            "parse-date-time" => (Function::ParseDateTime, vec![("x", Kind::Text)]),
            "format-date-time" => {
                (Function::FormatDateTime(case.text("format")), vec![("x", Kind::I64)])
            }
            "join" => (Function::Join, vec![("x", Kind::Text), ("other", Kind::Text)]),
            "coalesce" => (Function::Coalesce, vec![("x", Kind::Text), ("other", Kind::Text)]),
            "is-in" => {
                (Function::IsIn(Labels::Text(case.texts("values"))), vec![("x", Kind::Text)])
            }
            "to-text" => (Function::ToText, vec![("x", Kind::I64)]),
            other => panic!("no function `{other}`"),
        };
        seen.push(function.kind());
        let mut build = Build::new();
        let args = kinds.into_iter().map(|(name, kind)| build.scalar(&case, name, kind)).collect();
        let y = build.push(Op::Call(Call { function, args }));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 0.0);
    }
    // The hashes are CatBoost's, whose own files hold them beside their texts (crates/catboost/tests/parity.rs).
    seen.push(FunctionKind::CityHash);
    assert_eq!(FunctionKind::ALL.iter().find(|kind| !seen.contains(kind)), None);
}
