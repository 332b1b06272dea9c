use holdall_tabular::{Categories, Interval, InvalidPolicy, MissingPolicy, OutlierPolicy};

use super::*;

fn identity(field: Field) -> Model {
    model_of(vec![field], |_, ids| ids[0])
}

#[test]
fn outliers_come_before_invalid_and_invalid_before_missing() {
    let mut field = Field::number("x", Kind::F64);
    field.outlier = OutlierPolicy::Clamp { low: -10.0, high: 10.0 };
    field.domain.intervals =
        vec![Interval { low: 0.0, high: 10.0, low_closed: false, high_closed: true }];
    field.invalid = InvalidPolicy::AsMissing;
    field.missing = MissingPolicy::Replace(Scalar::F64(5.0));
    let rows = gaps(&[Some(99.0), Some(-99.0), Some(0.0), Some(0.5), None, Some(f64::NAN)]);
    assert_eq!(score(identity(field), vec![rows]), ["10", "5", "5", "0.5", "5", "5"]);
}

#[test]
fn outliers_can_count_as_missing() {
    let mut field = Field::number("x", Kind::F64);
    field.outlier = OutlierPolicy::AsMissing { low: -1.0, high: 1.0 };
    let rows = gaps(&[Some(1.0), Some(1.5), Some(-1.5), Some(f64::NAN)]);
    assert_eq!(score(identity(field), vec![rows]), ["1", "-", "-", "NaN"]);
}

#[test]
fn missing_and_nan_stay_apart_until_a_policy_joins_them() {
    let rows = || vec![gaps(&[None, Some(f64::NAN), Some(1.0)])];
    let field = Field::number("x", Kind::F64);
    assert_eq!(score(identity(field.clone()), rows()), ["-", "NaN", "1"]);
    let joined = field.with_missing(MissingPolicy::AsNan);
    assert_eq!(score(identity(joined), rows()), ["NaN", "NaN", "1"]);
}

#[test]
fn a_refused_row_is_named_and_the_others_can_be_had() {
    let mut field = Field::category("colour", Kind::Text);
    field.domain.values = Some(Categories::new(text_labels(&["red", "blue"])));
    field.invalid = InvalidPolicy::Reject;
    field.missing = MissingPolicy::Reject;
    let scorer = compile(identity(field));
    let rows = table(vec![texts(&[Some("red"), Some("green"), None, Some("blue")])]);
    let failure = scorer.score(&rows).unwrap_err();
    assert_eq!(failure.code(), codes::INVALID);
    let message = &failure.diagnostic().message;
    assert_eq!(message, "row 2, column `colour`: `green` is not a valid value");
    let (answers, failures) = scorer.score_rows(&rows).unwrap();
    assert_eq!(cells(&answers), ["red", "-", "-", "blue"]);
    let failed: Vec<_> = failures.iter().map(|(row, f)| (*row, f.code())).collect();
    assert_eq!(failed, [(1, codes::INVALID), (2, codes::MISSING)]);
}

#[test]
fn invalid_values_can_be_replaced() {
    let mut field = Field::category("n", Kind::I64);
    field.domain.values = Some(Categories::new(Labels::I64(vec![1, 2])));
    field.invalid = InvalidPolicy::Replace(Scalar::I64(-1));
    let rows = Column::new("n", Data::I64(vec![1, 2, 3]));
    assert_eq!(score(identity(field.clone()), vec![rows]), ["1", "2", "-1"]);
    field.invalid = InvalidPolicy::Replace(Scalar::Text("x".to_owned()));
    assert!(validate(identity(field)).is_err());
}

#[test]
fn rows_of_another_shape_are_refused() {
    let scorer = compile(identity(Field::number("x", Kind::F64)));
    let failure = scorer.score(&table(Vec::new())).unwrap_err();
    assert_eq!(failure.code(), codes::ROWS);
    let wrong = Column::new("x", Data::F32(vec![1.0]));
    assert_eq!(scorer.score(&table(vec![wrong])).unwrap_err().code(), codes::ROWS);
}
