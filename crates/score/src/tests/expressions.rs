use holdall_tabular::{BinaryOp, Impute, OneHot, Ordinal, Scale, ScaleForm, UnaryOp, Unknown};

use super::*;

fn unary(op: UnaryOp, column: Column) -> Vec<String> {
    let field = Field::number("x", column.data.kind());
    let model = model_of(vec![field], |m, ids| m.push(Op::Unary { op, arg: ids[0] }).unwrap());
    score(model, vec![column])
}

fn binary(op: BinaryOp, left: Column, right: Column) -> Vec<String> {
    let fields = [("a", &left), ("b", &right)];
    let fields = fields.map(|(name, column)| Field::number(name, column.data.kind())).to_vec();
    let model =
        model_of(fields, |m, ids| m.push(Op::Binary { op, left: ids[0], right: ids[1] }).unwrap());
    score(model, vec![left, right])
}

#[test]
fn functions_of_one_element_give_their_values() {
    let x = || numbers(&[-1.5, 0.0, 2.25]);
    let cases: [(UnaryOp, [f64; 3]); 7] = [
        (UnaryOp::Neg, [1.5, -0.0, -2.25]),
        (UnaryOp::Abs, [1.5, 0.0, 2.25]),
        (UnaryOp::Floor, [-2.0, 0.0, 2.0]),
        (UnaryOp::Ceil, [-1.0, 0.0, 3.0]),
        (UnaryOp::Sqrt, [f64::NAN, 0.0, 1.5]),
        (UnaryOp::Exp, [0.223_130_160_148_429_82, 1.0, 9.487_735_836_358_526]),
        (UnaryOp::Logistic, [0.182_425_523_806_356_35, 0.5, 0.904_650_535_100_890_6]),
    ];
    for (op, expected) in cases {
        let found: Vec<f64> = unary(op, x()).iter().map(|t| t.parse().unwrap()).collect();
        for (found, expected) in found.iter().zip(expected) {
            let close = (found - expected).abs() <= 2.0 * f64::EPSILON * expected.abs();
            assert!(close || (found.is_nan() && expected.is_nan()), "{op:?}: {found}, {expected}");
        }
    }
    // Within one step of binary32: the platform's functions round as they like.
    let cases = [
        (UnaryOp::Ln, 0.0_f32),
        (UnaryOp::Ln1p, std::f32::consts::LN_2),
        (UnaryOp::Expm1, 1.718_281_9),
        (UnaryOp::Tanh, 0.761_594_2),
    ];
    for (op, exact) in cases {
        let found: f32 = unary(op, Column::new("x", Data::F32(vec![1.0])))[0].parse().unwrap();
        let near = exact.next_down()..=exact.next_up();
        assert!(near.contains(&found), "{op:?}: {found}, {exact}");
    }
    let integers = Column::new("x", Data::I64(vec![3, i64::MIN]));
    assert_eq!(unary(UnaryOp::Neg, integers), ["-3", "-9223372036854775808"]);
}

#[test]
fn missing_goes_through_functions_and_is_asked_for() {
    let x = || gaps(&[None, Some(f64::NAN), Some(1.0)]);
    assert_eq!(unary(UnaryOp::Neg, x()), ["-", "NaN", "-1"]);
    assert_eq!(unary(UnaryOp::IsNan, x()), ["-", "true", "false"]);
    assert_eq!(unary(UnaryOp::IsMissing, x()), ["true", "false", "false"]);
}

#[test]
fn logic_has_three_values() {
    let values = [Some(true), Some(false), None];
    let column = |pick: fn(usize) -> usize| {
        let cells: Vec<_> = (0..9).map(|i| values[pick(i)]).collect();
        Column::new("b", Data::Bool(cells.iter().map(|c| c.unwrap_or(true)).collect()))
            .with_missing(cells.iter().map(Option::is_none).collect())
    };
    let (a, b) = (column(|i| i / 3), column(|i| i % 3));
    let and = binary(BinaryOp::And, a.clone(), b.clone());
    assert_eq!(and, ["true", "false", "-", "false", "false", "false", "-", "false", "-"]);
    let or = binary(BinaryOp::Or, a, b);
    assert_eq!(or, ["true", "true", "true", "true", "false", "-", "true", "-", "-"]);
    let not = Column::new("b", Data::Bool(vec![true, false])).with_missing(vec![false, true]);
    assert_eq!(unary(UnaryOp::Not, not), ["false", "-"]);
}

#[test]
fn arithmetic_and_order_meet_nan_and_missing() {
    let a = || gaps(&[Some(2.0), Some(f64::NAN), None, Some(-0.0)]);
    let b = || gaps(&[Some(3.0), Some(1.0), Some(1.0), Some(0.0)]);
    let cases = [
        (BinaryOp::Add, ["5", "NaN", "-", "0"]),
        (BinaryOp::Sub, ["-1", "NaN", "-", "-0"]),
        (BinaryOp::Mul, ["6", "NaN", "-", "-0"]),
        (BinaryOp::Div, ["0.6666666666666666", "NaN", "-", "NaN"]),
        (BinaryOp::Pow, ["8", "NaN", "-", "1"]),
        (BinaryOp::Min, ["2", "NaN", "-", "-0"]),
        (BinaryOp::Max, ["3", "NaN", "-", "-0"]),
        (BinaryOp::Eq, ["false", "false", "-", "true"]),
        (BinaryOp::Ne, ["true", "true", "-", "false"]),
        (BinaryOp::Lt, ["true", "false", "-", "false"]),
        (BinaryOp::Le, ["true", "false", "-", "true"]),
        (BinaryOp::Gt, ["false", "false", "-", "false"]),
        (BinaryOp::Ge, ["false", "false", "-", "true"]),
    ];
    for (op, expected) in cases {
        assert_eq!(binary(op, a(), b()), expected, "{op:?}");
    }
    assert_eq!(binary(BinaryOp::Max, b(), a())[1], "NaN");
    let integers = |v| Column::new("x", Data::I64(vec![v]));
    assert_eq!(binary(BinaryOp::Add, integers(i64::MAX), integers(1)), ["-9223372036854775808"]);
    let words = |v| texts(&[Some(v)]);
    assert_eq!(binary(BinaryOp::Eq, words("é"), words("é")), ["true"]);
}

#[test]
fn arithmetic_in_binary32_rounds_each_step() {
    let f32s = |v| Column::new("x", Data::F32(vec![v]));
    assert_eq!(binary(BinaryOp::Add, f32s(16_777_216.0), f32s(1.0)), ["16777216"]);
    let model = model_of(vec![Field::number("x", Kind::F32)], |m, ids| {
        let (offset, factor) = (Some(vec![0.1]), Some(vec![0.3]));
        let form = ScaleForm::SubtractDivide;
        m.push(Op::Scale(Scale { arg: ids[0], form, offset, factor })).unwrap()
    });
    let expected = (0.7_f32 - 0.1_f32) / 0.3_f32;
    assert_eq!(score(model, vec![f32s(0.7)]), [expected.to_string()]);
}

#[test]
fn scaling_follows_its_form_and_leaves_out_absent_parts() {
    let scale = |form, offset: Option<f64>, factor: Option<f64>| {
        let model = model_of(vec![Field::number("x", Kind::F64)], |m, ids| {
            let (offset, factor) = (offset.map(|o| vec![o]), factor.map(|f| vec![f]));
            m.push(Op::Scale(Scale { arg: ids[0], form, offset, factor })).unwrap()
        });
        score(model, vec![gaps(&[Some(5.0), None])])
    };
    assert_eq!(scale(ScaleForm::SubtractDivide, Some(1.0), Some(2.0)), ["2", "-"]);
    assert_eq!(scale(ScaleForm::SubtractMultiply, Some(1.0), Some(2.0)), ["8", "-"]);
    assert_eq!(scale(ScaleForm::MultiplyAdd, Some(1.0), Some(2.0)), ["11", "-"]);
    assert_eq!(scale(ScaleForm::SubtractDivide, None, Some(2.0)), ["2.5", "-"]);
    assert_eq!(scale(ScaleForm::MultiplyAdd, None, None), ["5", "-"]);
}

#[test]
fn a_choice_takes_the_missing_of_its_side() {
    let fields = vec![
        Field::category("c", Kind::Bool),
        Field::number("y", Kind::F64),
        Field::number("n", Kind::F64),
    ];
    let model = model_of(fields, |m, ids| {
        m.push(Op::If { condition: ids[0], yes: ids[1], no: ids[2] }).unwrap()
    });
    let c = Column::new("c", Data::Bool(vec![true, false, true, false]))
        .with_missing(vec![false, false, false, true]);
    let y = gaps(&[Some(1.0), None, None, Some(1.0)]);
    let n = numbers(&[2.0; 4]);
    assert_eq!(score(model, vec![c, y, n]), ["1", "2", "-", "-"]);
}

#[test]
fn vectors_are_cast_joined_selected_and_met_by_scalars() {
    let fields = vec![Field::number("a", Kind::F64), Field::number("b", Kind::I64)];
    let model = model_of(fields, |m, ids| {
        let b = m.push(Op::Cast { arg: ids[1], to: Kind::F64 }).unwrap();
        let both = m.push(Op::Concat(vec![ids[0], b])).unwrap();
        let three = m.push(Op::Select { arg: both, indices: vec![1, 0, 1] }).unwrap();
        let ten = constant(m, Kind::F64, Labels::F64(vec![10.0]), Width::Scalar);
        let op = BinaryOp::Sub;
        let moved = m.push(Op::Binary { op, left: ten, right: three }).unwrap();
        m.push(Op::Cast { arg: moved, to: Kind::I64 }).unwrap()
    });
    let b = Column::new("b", Data::I64(vec![4]));
    assert_eq!(score(model, vec![numbers(&[1.75]), b]), ["6 8 6"]);
}

#[test]
fn integers_are_rounded_to_binary32_once() {
    let model = model_of(vec![Field::number("x", Kind::I64)], |m, ids| {
        m.push(Op::Cast { arg: ids[0], to: Kind::F32 }).unwrap()
    });
    // 2⁶⁰ + 2³⁶ + 1: binary64 drops the 1, and the tie would then go to even.
    let x = (1_i64 << 60) + (1 << 36) + 1;
    let found = score(model, vec![Column::new("x", Data::I64(vec![x]))]);
    assert_eq!(found, [(2.0_f32.powi(60) + 2.0_f32.powi(37)).to_string()]);
}

#[test]
fn gaps_are_missing_nan_or_a_sentinel() {
    let impute = |nan, sentinel: Option<f64>| {
        let model = model_of(vec![Field::number("x", Kind::F64)], |m, ids| {
            let sentinel = sentinel.map(Scalar::F64);
            let with = Labels::F64(vec![9.0]);
            m.push(Op::Impute(Impute { arg: ids[0], nan, sentinel, with })).unwrap()
        });
        score(model, vec![gaps(&[None, Some(f64::NAN), Some(-1.0)])])
    };
    assert_eq!(impute(false, None), ["9", "NaN", "-1"]);
    assert_eq!(impute(true, None), ["9", "9", "-1"]);
    assert_eq!(impute(false, Some(-1.0)), ["9", "NaN", "9"]);
}

fn one_hot(missing: bool, drop: Option<u32>, unknown: Unknown) -> Model {
    model_of(vec![Field::category("t", Kind::Text)], |m, ids| {
        let categories = holdall_tabular::Categories { values: text_labels(&["a", "b"]), missing };
        let op = OneHot { arg: ids[0], categories, drop, unknown, kind: Kind::I64 };
        m.push(Op::OneHot(op)).unwrap()
    })
}

#[test]
fn indicators_know_missing_dropped_and_unlisted_categories() {
    let t = || vec![texts(&[Some("b"), Some("?"), None])];
    assert_eq!(score(one_hot(false, None, Unknown::None), t()), ["0 1", "0 0", "0 0"]);
    assert_eq!(score(one_hot(true, None, Unknown::None), t()), ["0 1 0", "0 0 0", "0 0 1"]);
    assert_eq!(score(one_hot(true, Some(1), Unknown::None), t()), ["0 0", "0 0", "0 1"]);
    let scorer = compile(one_hot(false, None, Unknown::Reject));
    let (_, failures) = scorer.score_rows(&table(t())).unwrap();
    let messages: Vec<_> = failures.iter().map(|(_, f)| f.diagnostic().message.clone()).collect();
    let expected = "column `t`: expected a category of the model, found";
    assert_eq!(messages, [format!("row 2, {expected} `?`"), format!("row 3, {expected} nothing")]);
}

#[test]
fn categories_have_codes() {
    let ordinal = |missing, unknown| {
        let model = model_of(vec![Field::category("x", Kind::F64)], |m, ids| {
            let values = Labels::F64(vec![0.0, 2.5]);
            let codes = if missing { vec![10.0, 20.0, 30.0] } else { vec![10.0, 20.0] };
            let categories = holdall_tabular::Categories { values, missing };
            let op = Ordinal { arg: ids[0], categories, codes, unknown, kind: Kind::F32 };
            m.push(Op::Ordinal(op)).unwrap()
        });
        score(model, vec![gaps(&[Some(2.5), Some(-0.0), Some(9.0), None, Some(f64::NAN)])])
    };
    assert_eq!(ordinal(false, Unknown::None), ["20", "10", "-", "-", "-"]);
    assert_eq!(ordinal(true, Unknown::Code(-1.0)), ["20", "10", "-1", "30", "30"]);
    assert_eq!(ordinal(false, Unknown::Code(-1.0)), ["20", "10", "-1", "-1", "-1"]);
}
