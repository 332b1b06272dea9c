use holdall_tabular::{Classify, Decision, Linear, Link, Matrix, Regress, Summation};

use super::*;

fn vector(model: &mut Model, kind: Kind, count: usize) -> ValueId {
    let fields =
        (0..count).map(|i| model.push_field(Field::number(format!("x{i}"), kind)).unwrap());
    let fields = fields.collect();
    model.push(Op::Concat(fields)).unwrap()
}

fn classifier(margins: usize, classes: Labels, link: Link, decision: Decision) -> Model {
    let mut model = Model::new();
    let margins = vector(&mut model, Kind::F64, margins);
    let op = Classify { margins, classes, link, decision, has_probabilities: true };
    let estimate = model.push(Op::Classify(op)).unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    model
}

#[test]
fn products_and_sums_round_as_the_summation_says() {
    let linear = |kind, summation, columns: Vec<Column>| {
        let mut model = Model::new();
        let arg = vector(&mut model, kind, 2);
        let coefficients = Matrix { rows: 2, columns: 2, data: vec![1.0, 1.0, 0.1, 3.0] };
        let op = Linear { arg, coefficients, intercepts: vec![-16_777_216.0, 0.5], summation };
        let value = model.push(Op::Linear(op)).unwrap();
        model.outputs.push(Output::new(value, Part::Whole));
        score(model, columns)
    };
    let wide = [16_777_216.0, 1.0].map(|v| Column::new("x", Data::F64(vec![v])));
    assert_eq!(linear(Kind::F64, Summation::SequentialF64, wide.to_vec())[0], "1 1677725.1");
    let narrow = [16_777_216.0, 1.0].map(|v| Column::new("x", Data::F32(vec![v])));
    let second = 0.1_f32 * 16_777_216.0 + 3.0 + 0.5;
    let expected = format!("0 {second}");
    assert_eq!(linear(Kind::F32, Summation::SequentialF32, narrow.to_vec())[0], expected);
    let missing = vec![gaps(&[None]), numbers(&[1.0])];
    assert_eq!(linear(Kind::F64, Summation::AnyF64, missing), ["- -"]);
}

#[test]
fn regression_goes_through_its_link_at_the_margins_precision() {
    for (link, expected) in [
        (Link::Identity, 0.3_f32),
        (Link::Logistic, 1.0 / (1.0 + (-0.3_f32).exp())),
        (Link::Exp, 0.3_f32.exp()),
    ] {
        let mut model = Model::new();
        let margins = vector(&mut model, Kind::F32, 1);
        let estimate = model.push(Op::Regress(Regress { margins, link })).unwrap();
        model.outputs.push(Output::new(estimate, Part::Values));
        let options = ScoreOptions { raw: true };
        let scorer = Scorer::compile_with(&validate(model).unwrap(), options).unwrap();
        let names: Vec<_> = scorer.outputs().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["prediction", "margin_0"]);
        let answers = scorer.score(&table(vec![Column::new("x", Data::F32(vec![0.3]))])).unwrap();
        assert_eq!(cells(&answers), [format!("{expected} 0.3")]);
    }
}

#[test]
fn one_margin_speaks_for_the_second_of_two_classes() {
    let classes = || text_labels(&["no", "yes"]);
    let x = || vec![numbers(&[0.0, 0.5, -0.5])];
    let identity = classifier(1, classes(), Link::Identity, Decision::ProbabilityAbove(0.5));
    assert_eq!(score(identity, x()), ["no 1 0", "no 0.5 0.5", "no 1.5 -0.5"]);
    let label = |decision| -> Vec<String> {
        let model = classifier(1, classes(), Link::Logistic, decision);
        score(model, x()).iter().map(|c| c.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(label(Decision::LargestProbability), ["no", "yes", "no"]);
    assert_eq!(label(Decision::MarginAbove(0.0)), ["no", "yes", "no"]);
    assert_eq!(label(Decision::MarginAtLeast(0.0)), ["yes", "yes", "no"]);
    let symmetric = classifier(1, classes(), Link::SoftmaxSymmetric, Decision::MarginAbove(0.0));
    let (a, b) = ((-0.5_f64 - 0.5).exp(), 1.0_f64);
    assert_eq!(score(symmetric, x())[1], format!("yes {} {}", a / (a + b), b / (a + b)));
}

#[test]
fn several_margins_share_a_link() {
    let classes = || Labels::I64(vec![10, 20, 30]);
    let x = |row: [f64; 3]| row.map(|v| numbers(&[v])).to_vec();
    let softmax = classifier(3, classes(), Link::Softmax, Decision::LargestProbability);
    let (a, b, c) = ((-2.0_f64).exp(), (-1.0_f64).exp(), 1.0);
    let sum = a + b + c;
    let expected = format!("30 {} {} {}", a / sum, b / sum, c / sum);
    assert_eq!(score(softmax, x([1.0, 2.0, 3.0])), [expected]);
    let rest = || classifier(3, classes(), Link::LogisticNormalized, Decision::LargestMargin);
    assert_eq!(score(rest(), x([0.0, 0.0, f64::NEG_INFINITY])), ["10 0.5 0.5 0"]);
    let nothing = [f64::NEG_INFINITY; 3];
    let third = 1.0_f64 / 3.0;
    assert_eq!(score(rest(), x(nothing)), [format!("10 {third} {third} {third}")]);
}

#[test]
fn ties_go_to_the_first_and_nan_never_wins() {
    let model = || {
        let classes = text_labels(&["a", "b", "c"]);
        classifier(3, classes, Link::Identity, Decision::LargestProbability)
    };
    let label = |row: [f64; 3]| {
        score(model(), row.map(|v| numbers(&[v])).to_vec())[0].chars().next().unwrap()
    };
    assert_eq!(label([0.2, 0.4, 0.4]), 'b');
    assert_eq!(label([f64::NAN, 0.1, 0.2]), 'c');
    assert_eq!(label([f64::NAN; 3]), 'a');
}

#[test]
fn a_missing_margin_leaves_the_estimate_missing() {
    let classes = text_labels(&["a", "b"]);
    let model = classifier(1, classes, Link::Logistic, Decision::LargestProbability);
    assert_eq!(score(model, vec![gaps(&[None])]), ["- - -"]);
}

#[test]
fn parts_of_an_estimate_are_values_again() {
    let mut model = classifier(2, text_labels(&["a", "b"]), Link::Softmax, Decision::LargestMargin);
    let estimate = model.outputs[0].value;
    model.outputs.clear();
    for part in [Part::Margins, Part::Label, Part::Probability(1), Part::Probabilities] {
        let value = model.push(Op::Part { estimate, part }).unwrap();
        model.outputs.push(Output::new(value, Part::Whole).named(format!("{part:?}")));
    }
    let found = score(model, vec![numbers(&[3.0]), numbers(&[3.0])]);
    assert_eq!(found, ["3 3 a 0.5 0.5 0.5"]);
}
