use holdall_tabular::{Categories, Linear, Matrix, OneHot, Summation, Unknown};
use proptest::prelude::*;

use super::*;

const NUMBERS: [f64; 10] =
    [0.0, -0.0, 1.5, -1e-310, 1e300, -1e300, 0.1, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

/// Two sums over a number, the indicators of a text, and another number. `spelled_out` hides where the
/// indicators come from.
fn sums(
    kind: Kind,
    coefficients: &[f64],
    drop: Option<u32>,
    missing: bool,
    spelled_out: bool,
) -> Model {
    let fields =
        vec![Field::number("x", kind), Field::category("t", Kind::Text), Field::number("y", kind)];
    model_of(fields, |m, ids| {
        let categories = Categories { values: text_labels(&["p", "q", "r"]), missing };
        let one_hot = OneHot { arg: ids[1], categories, drop, unknown: Unknown::None, kind };
        let one_hot = m.push(Op::OneHot(one_hot)).unwrap();
        let mut arg = m.push(Op::Concat(vec![ids[0], one_hot, ids[2]])).unwrap();
        let width = 5 + u32::from(missing) - u32::from(drop.is_some());
        if spelled_out {
            arg = m.push(Op::Select { arg, indices: (0..width).collect() }).unwrap();
        }
        let data = coefficients[..2 * width as usize].to_vec();
        let summation =
            if kind == Kind::F32 { Summation::SequentialF32 } else { Summation::SequentialF64 };
        m.push(Op::Linear(Linear {
            arg,
            coefficients: Matrix { rows: 2, columns: width, data },
            intercepts: vec![-0.0, 0.1],
            summation,
        }))
        .unwrap()
    })
}

fn number() -> impl Strategy<Value = f64> {
    prop::sample::select(NUMBERS.to_vec())
}

/// Bits of all cells, none where missing.
fn bits(table: &Table) -> Vec<Option<u64>> {
    let cell = |column: &Column, row: usize| match &column.data {
        _ if column.is_missing(row) => None,
        Data::F32(v) => Some(u64::from(v[row].to_bits())),
        Data::F64(v) => Some(v[row].to_bits()),
        Data::I64(_) | Data::Bool(_) | Data::Text(_) => panic!("sums are floats"),
    };
    table.columns.iter().flat_map(|c| (0..table.rows).map(move |row| cell(c, row))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn indicators_that_are_left_out_change_no_bit(
        f32 in any::<bool>(),
        finite in any::<bool>(),
        coefficients in prop::collection::vec(number(), 12),
        drop in prop::option::of(0_u32..3),
        missing in any::<bool>(),
        rows in prop::collection::vec((prop::option::weighted(0.9, number()), 0_usize..5, number()), 1..50),
    ) {
        let kind = if f32 { Kind::F32 } else { Kind::F64 };
        let tame = |c: f64| if c.is_finite() { c } else { -2.5 };
        let coefficients: Vec<f64> =
            coefficients.into_iter().map(|c| if finite { tame(c) } else { c }).collect();
        let texts_of: Vec<Option<&str>> =
            rows.iter().map(|row| [Some("p"), Some("q"), Some("r"), Some("else"), None][row.1]).collect();
        let x = gaps(&rows.iter().map(|row| row.0).collect::<Vec<_>>()).cast(kind, 0).unwrap();
        let y = numbers(&rows.iter().map(|row| row.2).collect::<Vec<_>>()).cast(kind, 0).unwrap();
        let given = table(vec![x, texts(&texts_of), y]);
        let quick = compile(sums(kind, &coefficients, drop, missing, false)).score(&given).unwrap();
        let slow = compile(sums(kind, &coefficients, drop, missing, true)).score(&given).unwrap();
        // NaN of any payload is NaN.
        let canonical = |b: Vec<Option<u64>>| -> Vec<Option<u64>> {
            let nan = |b: u64| if f32 {
                u32::try_from(b).is_ok_and(|b| f32::from_bits(b).is_nan())
            } else {
                f64::from_bits(b).is_nan()
            };
            b.into_iter().map(|b| b.map(|b| if nan(b) { u64::MAX } else { b })).collect()
        };
        prop_assert_eq!(canonical(bits(&quick)), canonical(bits(&slow)));
    }
}

#[test]
fn an_infinite_weight_meets_the_zeros_of_its_indicator() {
    let coefficients = [1.0, f64::INFINITY, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 1.0];
    let model = sums(Kind::F64, &coefficients, None, false, false);
    let rows = vec![numbers(&[1.0, 1.0]), texts(&[Some("p"), Some("q")]), numbers(&[1.0, 1.0])];
    assert_eq!(score(model, rows), ["inf 4.1", "NaN 5.1"]);
}
