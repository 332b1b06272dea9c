use holdall_table::Data;
use holdall_tabular::{
    Categories, InvalidPolicy, Linear, Matrix, OneHot, Ordinal, Scale, ScaleForm, Unknown,
};

use super::*;

#[test]
fn every_split_and_leaf_is_reached() {
    let model = valid(forest(5));
    let options = BoundaryOptions { random_rows: 0, ..BoundaryOptions::default() };
    let boundary = boundary_rows(&model, &options, &mut quiet).unwrap();
    let covered = boundary.covered;
    assert_eq!((covered.splits, covered.all_splits), (62, 62));
    // The fields are shared by the levels, so some leaves cannot be reached by any row.
    assert!(covered.leaves * 2 > covered.all_leaves, "{covered:?}");
}

#[test]
fn a_sound_copy_is_equal() {
    let comparison = prove(forest(4), forest(4));
    assert_eq!(comparison.verdict, Verdict::Equal);
    assert!(comparison.rows > 100);
}

#[test]
fn a_threshold_moved_by_one_step_is_caught_wherever_it_stands() {
    for node in 0..15 {
        for up in [true, false] {
            let mut broken = forest(4);
            let threshold = &mut trees(&mut broken).nodes.threshold[node];
            let narrow = narrow(*threshold);
            *threshold = f64::from(if up { narrow.next_up() } else { narrow.next_down() });
            let comparison = prove(forest(4), broken);
            assert_eq!(comparison.verdict, Verdict::Different, "node {node}");
        }
    }
}

#[test]
fn a_test_of_another_strictness_is_caught() {
    for node in 0..15 {
        let mut broken = forest(4);
        trees(&mut broken).nodes.test[node] = Test::Lt;
        assert_eq!(prove(forest(4), broken).verdict, Verdict::Different, "node {node}");
    }
}

#[test]
fn features_that_are_not_rounded_are_caught() {
    let mut broken = forest(2);
    trees(&mut broken).round_features = false;
    assert_eq!(prove(forest(2), broken).verdict, Verdict::Different);
}

#[test]
fn another_way_for_missing_is_caught() {
    let mut broken = forest(3);
    trees(&mut broken).nodes.missing[3] = MissingRule::No;
    assert_eq!(prove(forest(3), broken).verdict, Verdict::Different);
}

#[test]
fn thresholds_are_traced_back_through_scales_and_casts() {
    let scaled = |factor| {
        let model = forest(3);
        let (old, _) = model.nodes.iter().nth(3).unwrap();
        let Op::Trees(ensemble) = model.nodes.get(old).unwrap().op.clone() else { panic!() };
        let arg = ensemble.arg;
        let mut copy = Model::new();
        copy.named_inputs = true;
        for (_, field) in model.fields.iter() {
            copy.push_field(field.clone()).unwrap();
        }
        let x = copy.push(model.nodes.get(arg).unwrap().op.clone()).unwrap();
        let (offset, factor) = (Some(vec![3.1, -0.7]), Some(vec![factor, 0.3]));
        let form = ScaleForm::SubtractDivide;
        let x = copy.push(Op::Scale(Scale { arg: x, form, offset, factor })).unwrap();
        let arg = copy.push(Op::Cast { arg: x, to: Kind::F32 }).unwrap();
        let value = copy.push(Op::Trees(Box::new(TreeEnsemble { arg, ..*ensemble }))).unwrap();
        copy.outputs.push(Output::new(value, Part::Whole));
        copy
    };
    for factor in [1.7, -1.7] {
        assert_eq!(prove(scaled(factor), scaled(factor)).verdict, Verdict::Equal);
        for node in 0..7 {
            let mut broken = scaled(factor);
            let threshold = &mut trees(&mut broken).nodes.threshold[node];
            *threshold = f64::from(narrow(*threshold).next_up());
            assert_eq!(prove(scaled(factor), broken).verdict, Verdict::Different, "node {node}");
        }
    }
}

fn categories(unknown: Unknown) -> Model {
    let mut model = Model::new();
    model.named_inputs = true;
    let mut colour = Field::category("colour", Kind::Text);
    colour.missing = MissingPolicy::Reject;
    let colour = model.push_field(colour).unwrap();
    let size = model.push_field(Field::category("size", Kind::I64)).unwrap();
    let texts = Labels::Text(["red", "blue"].map(ToOwned::to_owned).to_vec());
    let one_hot = OneHot {
        arg: colour,
        categories: Categories::new(texts),
        drop: None,
        unknown,
        kind: Kind::F64,
    };
    let one_hot = model.push(Op::OneHot(one_hot)).unwrap();
    let ordinal = Ordinal {
        arg: size,
        categories: Categories::new(Labels::I64(vec![10, 20])),
        codes: vec![0.0, 1.0],
        unknown: Unknown::Code(-1.0),
        kind: Kind::F64,
    };
    let ordinal = model.push(Op::Ordinal(ordinal)).unwrap();
    let all = model.push(Op::Concat(vec![one_hot, ordinal])).unwrap();
    model.outputs.push(Output::new(all, Part::Whole));
    model
}

#[test]
fn categories_and_an_unknown_one_are_tried_where_they_are_not_refused() {
    let texts = |unknown| {
        let options = BoundaryOptions::default();
        let boundary = boundary_rows(&valid(categories(unknown)), &options, &mut quiet).unwrap();
        let colour = boundary.rows.column("colour").unwrap().clone();
        let size = boundary.rows.column("size").unwrap();
        assert!(colour.missing.is_empty(), "missing is refused");
        assert!(size.missing.contains(&true));
        let Data::I64(sizes) = &size.data else { panic!() };
        assert!([10, 20, 0].iter().all(|s| sizes.contains(s)));
        let Data::Text(texts) = colour.data else { panic!() };
        texts.into_iter().collect::<std::collections::BTreeSet<_>>()
    };
    let found: Vec<_> = texts(Unknown::None).into_iter().collect();
    assert_eq!(found, ["blue", "red", "unknown"]);
    let found: Vec<_> = texts(Unknown::Reject).into_iter().collect();
    assert_eq!(found, ["blue", "red"]);
}

fn linear() -> Model {
    let mut model = Model::new();
    let mut x = Field::number("x", Kind::F64);
    x.domain.intervals = vec![holdall_tabular::Interval {
        low: -2.0,
        high: 3.0,
        low_closed: true,
        high_closed: true,
    }];
    x.invalid = InvalidPolicy::Reject;
    let x = model.push_field(x).unwrap();
    let y = model.push_field(Field::number("y", Kind::F64)).unwrap();
    let arg = model.push(Op::Concat(vec![x, y])).unwrap();
    let coefficients = Matrix { rows: 1, columns: 2, data: vec![1.0, 0.0] };
    let summation = Summation::SequentialF64;
    let linear = Linear { arg, coefficients, intercepts: vec![0.5], summation };
    let value = model.push(Op::Linear(linear)).unwrap();
    model.outputs.push(Output::new(value, Part::Whole));
    model
}

#[test]
fn domain_edges_are_in_and_what_answers_nan_is_out() {
    let boundary =
        boundary_rows(&valid(linear()), &BoundaryOptions::default(), &mut quiet).unwrap();
    let column = |name| {
        let column = boundary.rows.column(name).unwrap();
        let Data::F64(values) = &column.data else { panic!() };
        values.clone()
    };
    let x = column("x");
    for inside in [-2.0_f64, 3.0, (-2.0_f64).next_up(), 3.0_f64.next_down(), 0.0] {
        assert!(x.contains(&inside), "{inside}");
    }
    assert!(x.iter().all(|x| (-2.0..=3.0).contains(x)));
    assert!(x.iter().any(|x| x.to_bits() == (-0.0_f64).to_bits()));
    // 0 · ∞ is NaN.
    assert!(column("y").iter().all(|y| y.is_finite()));
}

#[test]
fn rows_are_bounded_and_repeat_with_the_seed() {
    let model = valid(forest(6));
    let options = BoundaryOptions { seed: 5, random_rows: 20, max_rows: 200 };
    let first = boundary_rows(&model, &options, &mut quiet).unwrap();
    assert!(first.rows.rows <= 200 && first.boundary > 100, "{}", first.boundary);
    assert_eq!(first.random, 20);
    let again = boundary_rows(&model, &options, &mut quiet).unwrap();
    // NaN is unequal to itself, so the written rows are compared.
    let text = |b: &Boundary| {
        let cells = b.rows.columns.iter().map(|c| (0..b.rows.rows).map(|r| c.text(r)).collect());
        cells.collect::<Vec<Vec<String>>>()
    };
    assert_eq!(text(&first), text(&again));
    let other = BoundaryOptions { seed: 6, ..options };
    assert_ne!(text(&first), text(&boundary_rows(&model, &other, &mut quiet).unwrap()));
}
